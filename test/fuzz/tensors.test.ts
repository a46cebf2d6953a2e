import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FiniteScanner } from '../../core/tensors/FiniteScanner.ts';
import { decodeFile, encodeFile, type NamedTensor, specsOf } from '../../core/tensors/file.ts';
import { encodeHeader, headerLength, parseHeader } from '../../core/tensors/header.ts';
import { compareNames } from '../../core/tensors/TensorSpec.ts';
import { awkwardNumber, awkwardText, awkwardValue, changed, spoilt } from './arbitraries.ts';
import { resultOrRefusal } from './refused.ts';
import { runs } from './runs.ts';

const part = fc.stringMatching(/^[A-Za-z0-9_.-]{1,8}$/).filter((text) => !text.startsWith('syndic.'));
const name = fc.tuple(part, part).map(([layer, weight]) => `${layer}/${weight}`);
const shape = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 });
const tensor: fc.Arbitrary<NamedTensor> = fc.tuple(name, shape).chain(([of, dimensions]) => {
  const elements = dimensions.reduce((product, dimension) => product * dimension, 1);
  const data = fc.float32Array({ minLength: elements, maxLength: elements });
  return data.map((values) => ({ name: of, shape: dimensions, data: new Float32Array(values) }));
});
const tensors = fc.uniqueArray(tensor, { selector: (one) => one.name, maxLength: 5 });
const metadata = fc.dictionary(fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.-]{0,9}$/), fc.string({ maxLength: 20 }), {
  maxKeys: 3,
  noNullPrototype: true,
});
const file = fc.tuple(tensors, metadata).map(([of, about]) => encodeFile(of, about));

/** A header of any JSON, its length told truly. */
function framed(json: string): Uint8Array {
  const text = new TextEncoder().encode(json.padEnd(Math.ceil(Buffer.byteLength(json) / 8) * 8, ' '));
  const out = new Uint8Array(8 + text.length + 64);
  new DataView(out.buffer).setBigUint64(0, BigInt(text.length), true);
  out.set(text, 8);
  return out;
}

const document = {
  __metadata__: { salt: `0x${'5a'.repeat(32)}` },
  'a/b': { data_offsets: [0, 8], dtype: 'F32', shape: [2] },
  'a/c': { data_offsets: [8, 24], dtype: 'F32', shape: [2, 2] },
};

describe('a tensor file', () => {
  test('that was encoded decodes to the same tensors, and encodes to the same bytes', () => {
    fc.assert(
      fc.property(tensors, metadata, (of, about) => {
        const bytes = encodeFile(of, about);
        const decoded = decodeFile(bytes);
        expect(decoded.metadata).toEqual(about);
        const sorted = of.toSorted((a, b) => compareNames(a.name, b.name));
        expect([...decoded.tensors].map(([named, { shape: of }]) => [named, of])).toEqual(
          sorted.map((one) => [one.name, one.shape]),
        );
        const again = [...decoded.tensors].map(([named, values]) => ({ name: named, ...values }));
        expect(Buffer.from(encodeFile(again, decoded.metadata)).equals(bytes)).toBe(true);
        expect(Buffer.from(encodeHeader(specsOf(decoded), about)).equals(bytes.subarray(0, headerLength(bytes)))).toBe(
          true,
        );
      }),
      runs(150),
    );
  });

  test('of spoilt bytes is refused with a code, or is exactly what would be encoded', () => {
    fc.assert(
      fc.property(spoilt(file), (bytes) => {
        const decoded = resultOrRefusal(['TENSORS_INVALID'], () => decodeFile(bytes));
        if (decoded === null) return;
        const again = [...decoded.tensors].map(([named, values]) => ({ name: named, ...values }));
        expect(Buffer.from(encodeFile(again, decoded.metadata)).equals(bytes)).toBe(true);
      }),
      runs(600),
    );
  });

  test('of any bytes is refused with a code', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        resultOrRefusal(['TENSORS_INVALID'], () => decodeFile(bytes));
      }),
      runs(300),
    );
  });

  test('whose header is any JSON, or a good one changed, is refused with a code', () => {
    const odd = fc.oneof(changed(document, awkwardValue), awkwardValue, fc.dictionary(awkwardText, awkwardValue));
    fc.assert(
      fc.property(odd, (header) => {
        resultOrRefusal(['TENSORS_INVALID'], () => parseHeader(framed(JSON.stringify(header))));
      }),
      runs(500),
    );
  });

  test('whose header repeats a key, nests deep or lies about its length is refused with a code', () => {
    const twice =
      '{"a/b":{"data_offsets":[0,4],"dtype":"F32","shape":[1]},"a/b":{"data_offsets":[0,4],"dtype":"F32","shape":[1]}}';
    const depth = fc.integer({ min: 1, max: 200_000 });
    const text = fc.oneof(
      fc.constant(twice),
      depth.map((count) => '['.repeat(count)),
      depth.map((count) => `{"a/b":${'['.repeat(count)}${']'.repeat(count)}}`),
      depth.map(
        (count) =>
          `{"a/b":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":${'{"a":'.repeat(count)}1${'}'.repeat(count)}}}`,
      ),
    );
    const length = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    fc.assert(
      fc.property(text, fc.option(length), (json, lie) => {
        const bytes = framed(json);
        if (lie !== null) new DataView(bytes.buffer).setBigUint64(0, lie, true);
        expect(resultOrRefusal(['TENSORS_INVALID'], () => parseHeader(bytes))).toBeNull();
      }),
      runs(60),
    );
  });

  test('is never encoded from names, shapes or metadata that would not be read again', () => {
    const anyName = fc.oneof(name, awkwardText);
    const anyShape = fc.array(awkwardNumber, { maxLength: 3 });
    const anyMetadata = fc.dictionary(awkwardText, awkwardText, { maxKeys: 2, noNullPrototype: true });
    fc.assert(
      fc.property(anyName, anyShape, anyMetadata, (named, dimensions, about) => {
        const specs = [{ name: named, shape: dimensions, dtype: 'F32' as const }];
        const allowed = ['TENSORS_INVALID', 'DOCUMENT_INVALID'] as const;
        const header = resultOrRefusal(allowed, () => encodeHeader(specs, about));
        if (header === null) return;
        const parsed = parseHeader(header, { reserved: true });
        expect(parsed.metadata).toEqual(about);
      }),
      runs(400),
    );
  });
});

test('the scan for numbers that are not finite finds the first, however its bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.float32Array({ maxLength: 40 }),
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1 }),
      (given, cuts) => {
        const values = new Float32Array(given);
        const bytes = new Uint8Array(values.buffer);
        const scanner = new FiniteScanner();
        let found: number | null = null;
        for (let from = 0, i = 0; from < bytes.length && found === null; i += 1) {
          const to = from + 1 + (cuts[i % cuts.length] ?? 0);
          found = scanner.push(bytes.subarray(from, to));
          from = to;
        }
        const first = values.findIndex((value) => !Number.isFinite(value));
        expect(found).toBe(first === -1 ? null : first);
      },
    ),
    runs(400),
  );
});
