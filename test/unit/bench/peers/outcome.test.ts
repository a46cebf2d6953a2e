import { expect, test } from '@jest/globals';
import { readOutcome } from '../../../../bench/peers/outcome.ts';

const JOB = { clients: 3, rounds: 2 };
const TOLD = { bounds: [10, 11.5, 14], updates: [3, 3], moved: [2, 2.0000002] };
const read = (told: object) => readOutcome(JSON.stringify(told), JOB);

test('reads when each round began and the last one ended, in milliseconds', () => {
  expect(read(TOLD)).toEqual([10_000, 11_500, 14_000]);
});

test('refuses a run that lacks a round', () => {
  expect(() => read({ ...TOLD, updates: [3] })).toThrow('1 of 2 rounds were aggregated');
  expect(() => read({ ...TOLD, bounds: [10, 14] })).toThrow('2 bounds of 2 rounds');
});

test('refuses a round that averaged fewer updates than there are clients', () => {
  expect(() => read({ ...TOLD, updates: [3, 2] })).toThrow('not every round averaged 3 updates');
});

test('refuses a model of which any value did not move by one a round', () => {
  expect(() => read({ ...TOLD, moved: [1, 2] })).toThrow('moved by 1,2 in 2 rounds');
});

test('says what the peer’s server says of its failure', () => {
  expect(() => read({ error: 'ValueError()' })).toThrow('failed: ValueError()');
});
