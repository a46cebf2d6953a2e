import { describe, expect, test } from '@jest/globals';
import { decodeFile, encodeFile, type NamedTensor } from '../../../../core/tensors/file.ts';
import { updateMetadata } from '../../../../core/tensors/salt.ts';
import { updatePieces } from '../../../../core/tensors/updatePieces.ts';
import { joined } from '../../../support/joined.ts';
import { thrown } from '../thrown.ts';

const salt = `0x${'5a'.repeat(32)}`;
const zeros = new Uint8Array(32);
const kernel = { name: 'logit/kernel', shape: [2, 1], data: Float32Array.of(1, -2.5) };
const bias = { name: 'logit/bias', shape: [1], data: Float32Array.of(0.1) };
const updateOf = (...args: Parameters<typeof updatePieces>): Uint8Array => joined(updatePieces(...args));

describe('updatePieces', () => {
  const base = decodeFile(encodeFile([kernel, bias]));
  const tensor = (name: string, ...values: number[]): NamedTensor => {
    const shape = name === 'logit/kernel' ? kernel.shape : [values.length];
    return { name, shape, data: Float32Array.from(values) };
  };
  const local = [tensor('logit/kernel', 1.5, -2.5), tensor('logit/bias', 0.3)];
  const [trainedKernel] = local as [NamedTensor, NamedTensor];

  test('writes f32(local − base) under the base’s names, with the salt', () => {
    const update = decodeFile(updateOf(base, local, new Uint8Array(32).fill(0x5a)));
    expect(update.metadata).toEqual({ salt });
    expect(update.tensors.get('logit/kernel')?.data).toEqual(Float32Array.of(0.5, 0));
    expect(update.tensors.get('logit/bias')?.data[0]).toBe(Math.fround(Math.fround(0.3) - Math.fround(0.1)));
  });

  test('comes in pieces of 1 MiB at most, which are the file that the same differences make', () => {
    const PIECE = 256 * 1024;
    const shape = [2 * PIECE + 3];
    const before = Float32Array.from({ length: 2 * PIECE + 3 }, (_, i) => i / 7);
    const after = before.map((value, i) => value + (i % 5));
    const long = decodeFile(encodeFile([bias, { name: 'long/kernel', shape, data: before }]));
    const pieces = [...updatePieces(long, [{ name: 'long/kernel', shape, data: after }, bias], zeros)].map(
      ({ byteLength }) => byteLength,
    );
    expect(pieces.slice(1)).toEqual([4, 4 * PIECE, 4 * PIECE, 12]);
    const differences = after.map((value, i) => value - (before[i] ?? 0));
    const whole = [
      { ...bias, data: Float32Array.of(0) },
      { name: 'long/kernel', shape, data: differences },
    ];
    const update = updateOf(long, [bias, { name: 'long/kernel', shape, data: after }], zeros);
    expect(Buffer.compare(update, encodeFile(whole, updateMetadata(zeros)))).toBe(0);
    after[2 * PIECE + 1] = Number.NaN;
    expect(thrown(() => updateOf(long, [bias, { name: 'long/kernel', shape, data: after }], zeros))).toMatchObject({
      code: 'NOT_FINITE',
      message: expect.stringMatching(/left long\/kernel\[\d+\] as NaN: lower the learning rate/),
      details: { name: 'long/kernel', element: 2 * PIECE + 1 },
    });
  });

  test('takes differences whose sum is not finite though each of them is', () => {
    const shape = [4];
    const large = decodeFile(encodeFile([{ name: 'a/k', shape, data: new Float32Array(4) }]));
    const data = Float32Array.of(3.4e38, 3.4e38, -3.4e38, 3.4e38);
    expect(decodeFile(updateOf(large, [{ name: 'a/k', shape, data }], zeros)).tensors.get('a/k')?.data).toEqual(data);
  });

  test('refuses a difference that is not finite', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const bad = [trainedKernel, tensor('logit/bias', value)];
      expect(thrown(() => updateOf(base, bad, zeros)).code).toBe('NOT_FINITE');
    }
    const far = decodeFile(encodeFile([{ ...bias, data: Float32Array.of(-3e38) }]));
    const opposite = [tensor('logit/bias', 3e38)];
    expect(thrown(() => updateOf(far, opposite, zeros)).code).toBe('NOT_FINITE');
  });

  test('refuses tensors that are not the base’s', () => {
    const missing = [trainedKernel];
    const longer = [trainedKernel, tensor('logit/bias', 0, 0)];
    const turned = [{ ...trainedKernel, shape: [...kernel.shape].reverse() }, tensor('logit/bias', 0)];
    const more = [...local, tensor('other/bias', 0)];
    const twice = [...local, tensor('logit/bias', 0)];
    const renamed = [trainedKernel, tensor('logit/bios', 0)];
    for (const bad of [missing, longer, turned, more, twice, renamed]) {
      expect(thrown(() => updateOf(base, bad, zeros))).toMatchObject({
        code: 'TENSORS_MISMATCH',
        message: 'the trained tensors are not those of the base model',
        details: { got: expect.anything(), want: expect.anything() },
      });
    }
  });
});
