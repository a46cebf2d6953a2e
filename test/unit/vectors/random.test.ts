import { describe, expect, test } from '@jest/globals';
import type { Plan } from '../../../core/plan/Plan.ts';
import { batchIndices } from '../../../core/random/batches.ts';
import { RandomStream } from '../../../core/random/RandomStream.ts';
import { bytesToHex, slot } from '../../../core/values.ts';
import { splitRows } from '../../../worker/data/split.ts';
import { readVectors } from '../../support/vectors.ts';

interface StreamVector {
  seed: number;
  purpose: string;
  slot: number;
  round: number;
  bytes: string;
  uniforms: number[];
  normals: number[];
  integers: { below: number; values: number[] }[];
  shuffle: number[];
  mixed: [string, number, string, number];
}

const { streams, splits, batches } = readVectors<{
  streams: StreamVector[];
  splits: { seed: number; slot: number; rows: number; fraction: number; test: number[]; train: number[] }[];
  batches: { seed: number; slot: number; rows: number; batchSize: number; batches: { t: number; rows: number[] }[] }[];
}>('random');

describe.each(streams)('the stream of ($seed, $purpose, $slot, $round)', (vector) => {
  const fresh = () => RandomStream.of(vector.seed, vector.purpose, vector.slot, vector.round);

  test('has these bytes, in whatever pieces they are taken', () => {
    expect(bytesToHex(fresh().bytes(80))).toBe(vector.bytes);
    const stream = fresh();
    const pieces = [1, 15, 16, 17, 0, 31].map((count) => Buffer.from(stream.bytes(count)));
    expect(bytesToHex(Buffer.concat(pieces))).toBe(vector.bytes);
  });

  test('has these uniforms', () => {
    const stream = fresh();
    expect(vector.uniforms.map(() => stream.uniform())).toEqual(vector.uniforms);
  });

  test('has these normals', () => {
    const stream = fresh();
    expect(vector.normals.map(() => stream.normal())).toEqual(vector.normals);
  });

  test.each(vector.integers)('has these integers below $below', ({ below, values }) => {
    const stream = fresh();
    expect(values.map(() => stream.integer(below))).toEqual(values);
  });

  test('shuffles so', () => {
    const order = vector.shuffle.map((_, i) => i);
    fresh().shuffle(order);
    expect(order).toEqual(vector.shuffle);
  });

  test('keeps one position for everything drawn from it', () => {
    const stream = fresh();
    const drawn = [bytesToHex(stream.bytes(5)), stream.uniform(), bytesToHex(stream.bytes(3)), stream.integer(100)];
    expect(drawn).toEqual(vector.mixed);
  });
});

test.each(splits)('a split of $rows rows at slot $slot holds out $fraction so', (vector) => {
  const { value } = readVectors<{ cases: [{ value: Plan }] }>('plan').cases[0];
  const plan: Plan = { ...value, seed: vector.seed, split: { kind: 'fraction', test: vector.fraction } };
  const positions = Array.from({ length: vector.rows }, (_, i) => i);
  const kept = { count: vector.rows, positions, marks: [], sourceRows: vector.rows, positionsKnown: true };
  expect(splitRows(plan, slot(vector.slot), kept, null)).toEqual({ train: vector.train, test: vector.test });
});

describe.each(batches)('batches of $batchSize from $rows rows at slot $slot', (vector) => {
  test.each(vector.batches)('takes these rows in step $t', ({ t, rows }) => {
    expect([...batchIndices(vector.seed, vector.slot, vector.rows, vector.batchSize, t)]).toEqual(rows);
  });
});
