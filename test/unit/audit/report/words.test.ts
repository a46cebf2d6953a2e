import { describe, expect, test } from '@jest/globals';
import { counted, grouped, percent, reasonName, runs, span } from '../../../../audit/report/words.ts';

describe('in words', () => {
  test.each([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [123_456_789, '123,456,789'],
    [2n ** 70n, '1,180,591,620,717,411,303,424'],
  ])('a count of %s is %s', (count, text) => {
    expect(grouped(count)).toBe(text);
  });

  test.each([
    [0, '0 faults'],
    [1, '1 fault'],
    [2, '2 faults'],
  ])('%s faults are %s', (count, text) => {
    expect(counted(count, 'fault')).toBe(text);
  });

  test.each([
    [[], ''],
    [[7], '7'],
    [[1, 2, 3, 5, 8, 9], '1–3, 5, 8–9'],
  ])('rounds %j are %s', (rounds, text) => {
    expect(runs(rounds)).toBe(text);
  });

  test.each([
    [1n, 3n, '33.3 %'],
    [2n, 3n, '66.7 %'],
    [3n, 3n, '100.0 %'],
    [0n, 0n, '–'],
  ])('%s of %s is %s', (part, whole, text) => {
    expect(percent(part, whole)).toBe(text);
  });

  test.each([
    [0, '0 s'],
    [59, '59 s'],
    [3600, '1 h'],
    [3661, '1 h 1 min'],
    [90_061, '1 d 1 h'],
  ])('%s seconds are %s', (seconds, text) => {
    expect(span(seconds)).toBe(text);
  });

  test('a reason that has no name yet is its number', () => {
    expect([reasonName(0), reasonName(1), reasonName(99)]).toEqual(['', 'no answer', 'reason 99']);
  });
});
