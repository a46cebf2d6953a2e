import { describe, expect, test } from '@jest/globals';
import { sha256 } from '../../../core/sha256.ts';
import { decodeFile, encodeFile } from '../../../core/tensors/file.ts';
import { decodeFloats } from '../../../core/tensors/floats.ts';
import { encodeHeader, type Metadata, parseHeader } from '../../../core/tensors/header.ts';
import { saltOf } from '../../../core/tensors/salt.ts';
import { bytesToHex, hexToBytes } from '../../../core/values.ts';
import { readVectors } from '../../support/vectors.ts';

const { cases } = readVectors<{
  cases: {
    name: string;
    tensors: { name: string; shape: number[]; data: string }[];
    metadata: Metadata | null;
    header: string;
    bytes: string;
    sha256: string;
  }[];
}>('files');

describe.each(cases)('a file: $name', (vector) => {
  const metadata = vector.metadata ?? undefined;

  test('has these bytes and this digest', () => {
    const tensors = vector.tensors.map(({ name, shape, data }) => ({
      name,
      shape,
      data: decodeFloats(hexToBytes(data)),
    }));
    const bytes = encodeFile(tensors, metadata);
    expect(bytesToHex(bytes)).toBe(vector.bytes);
    expect(sha256(bytes)).toBe(vector.sha256);
  });

  test('has this header, whose length is a multiple of 8', () => {
    const specs = vector.tensors.map(({ name, shape }) => ({ name, shape, dtype: 'F32' as const }));
    const header = encodeHeader(specs, metadata);
    expect(new TextDecoder().decode(header.subarray(8))).toBe(vector.header);
    expect(header.byteLength % 8).toBe(0);
  });

  test('is read back, every bit of every number', () => {
    const bytes = hexToBytes(vector.bytes);
    const { tensors, metadata: read } = decodeFile(bytes);
    for (const { name, shape, data } of vector.tensors) {
      expect(tensors.get(name)?.shape).toEqual(shape);
      const values = tensors.get(name)?.data ?? new Float32Array();
      expect(bytesToHex(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))).toBe(data);
    }
    expect(tensors.size).toBe(vector.tensors.length);
    expect(read).toEqual(vector.metadata ?? {});
    expect(parseHeader(bytes).fileLength).toBe(bytes.byteLength);
    if (vector.metadata !== null) expect(saltOf(read)).toBe(vector.metadata.salt);
  });
});
