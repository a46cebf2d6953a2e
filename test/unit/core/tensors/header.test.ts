import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { encodeHeader, fileLength, headerLength, type Metadata, parseHeader } from '../../../../core/tensors/header.ts';
import { compareNames, sameSpecs, type TensorSpec } from '../../../../core/tensors/TensorSpec.ts';
import { textOf, thrown, utf8 } from '../thrown.ts';

const f32 = (name: string, ...shape: number[]): TensorSpec => ({ name, shape, dtype: 'F32' });
const specs = [f32('logit/kernel', 13, 1), f32('logit/bias', 1)];

/** A head with this JSON, padded as the format wants. */
function head(json: string, pad = Math.ceil(utf8(json).length / 8) * 8): Uint8Array {
  const out = new Uint8Array(8 + pad).fill(0x20);
  new DataView(out.buffer).setBigUint64(0, BigInt(pad), true);
  out.set(utf8(json), 8);
  return out;
}

const part = fc.stringMatching(/^[A-Za-z0-9_.-]{1,64}$/).filter((name) => !name.startsWith('syndic.'));
const specList = fc.uniqueArray(
  fc.record({
    name: fc.tuple(part, part).map((parts) => parts.join('/')),
    shape: fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 4 }),
    dtype: fc.constant('F32' as const),
  }),
  { selector: (spec) => spec.name, maxLength: 8 },
);

describe('encodeHeader', () => {
  test('writes sorted keys without spaces, offsets in name order, padded to 8 bytes', () => {
    const bytes = encodeHeader(specs, { salt: '0xab' });
    const json =
      '{"__metadata__":{"salt":"0xab"},"logit/bias":{"data_offsets":[0,4],"dtype":"F32","shape":[1]},' +
      '"logit/kernel":{"data_offsets":[4,56],"dtype":"F32","shape":[13,1]}}';
    expect(textOf(bytes.subarray(8)).trimEnd()).toBe(json);
    expect(bytes).toEqual(head(json));
    expect(bytes.length % 8).toBe(0);
  });

  test('sorts __metadata__ among names that start with a capital or a small letter', () => {
    const keys = Object.keys(
      JSON.parse(textOf(encodeHeader([f32('a/k', 1), f32('Z/k', 1)], { salt: '0' }).subarray(8))),
    );
    expect(keys).toEqual(['Z/k', '__metadata__', 'a/k']);
  });

  test('leaves __metadata__ out where there is none', () => {
    expect(textOf(encodeHeader(specs, {}))).not.toContain('__metadata__');
    expect(encodeHeader(specs, {})).toEqual(encodeHeader(specs));
  });

  test('says the exact length of the file', () => {
    expect(fileLength(specs)).toBe(encodeHeader(specs).length + 14 * 4);
    expect(fileLength(specs, { salt: 'x' })).toBe(encodeHeader(specs, { salt: 'x' }).length + 14 * 4);
  });

  test.each([
    ['a name without a layer', [f32('kernel', 1)], 'tensor name "kernel" is not <layer>/<weight>'],
    ['a name with a space', [f32('a b/kernel', 1)], '"a b/kernel" is not <layer>/<weight>'],
    ['a name with two slashes', [f32('a/b/c', 1)], '"a/b/c" is not <layer>/<weight>'],
    ['a part of 65 characters', [f32(`${'a'.repeat(65)}/k`, 1)], 'is not <layer>/<weight>'],
    ['a name twice', [f32('a/k', 1), f32('a/k', 2)], 'tensor a/k is there twice'],
    ['a dimension of 0', [f32('a/k', 0)], 'tensor a/k has shape [0]'],
    ['a fraction as dimension', [f32('a/k', 1.5)], 'tensor a/k has shape [1.5]'],
    [
      'more elements than can be counted',
      [f32('a/k', 2 ** 31, 2 ** 31)],
      'tensor a/k has shape [2147483648,2147483648]',
    ],
    [
      'more bytes than can be counted',
      [f32('a/k', 2 ** 50), f32('b/k', 2 ** 50), f32('c/k', 2 ** 50)],
      'add up to more bytes',
    ],
  ])('refuses %s', (_, bad, why) => {
    const { code, message } = thrown(() => encodeHeader(bad));
    expect([code, message]).toEqual(['TENSORS_INVALID', expect.stringContaining(why)]);
  });

  test.each([
    [{ 'two words': 'x' }, 'metadata key "two words" is not a plain word'],
    [{ salt: 1 } as unknown as Metadata, 'metadata salt is not a string'],
  ])('refuses the metadata %j', (metadata, why) => {
    expect(thrown(() => encodeHeader(specs, metadata)).message).toContain(why);
  });
});

describe('parseHeader', () => {
  test('reads back what encodeHeader wrote, whatever the order given', () => {
    fc.assert(
      fc.property(specList, fc.boolean(), (list, salted) => {
        const metadata: Metadata = salted ? { salt: '0x00' } : {};
        const bytes = encodeHeader(list, metadata);
        const header = parseHeader(bytes);
        expect(
          sameSpecs(
            header.specs,
            list.toSorted((a, b) => compareNames(a.name, b.name)),
          ),
        ).toBe(true);
        expect(header.metadata).toEqual(metadata);
        expect(header.dataStart).toBe(bytes.length);
        expect(header.fileLength).toBe(fileLength(list, metadata));
        expect(encodeHeader(list.toReversed(), metadata)).toEqual(bytes);
      }),
      { seed: 1 },
    );
  });

  test('needs no more than the bytes that headerLength tells', () => {
    const bytes = encodeHeader(specs);
    expect(headerLength(bytes.subarray(0, 8))).toBe(bytes.length);
    const longer = new Uint8Array(bytes.length + 100);
    longer.set(bytes);
    expect(parseHeader(longer).offsets).toEqual([
      [0, 4],
      [4, 56],
    ]);
  });

  const entry = (offsets: string, shape = '[1]', dtype = 'F32') =>
    `{"data_offsets":${offsets},"dtype":"${dtype}","shape":${shape}}`;

  test.each([
    ['a gap', `{"a/k":${entry('[0,4]')},"b/k":${entry('[8,12]')}}`, /not canonical/],
    ['an overlap', `{"a/k":${entry('[0,4]')},"b/k":${entry('[0,4]')}}`, /not canonical/],
    ['data before the first tensor', `{"a/k":${entry('[4,8]')}}`, /not canonical/],
    ['a length that is not the shape’s', `{"a/k":${entry('[0,8]')}}`, /not canonical/],
    ['tensors out of order', `{"b/k":${entry('[0,4]')},"a/k":${entry('[4,8]')}}`, /not canonical/],
    ['data in another order than the names', `{"a/k":${entry('[4,8]')},"b/k":${entry('[0,4]')}}`, /not canonical/],
    ['keys out of order', '{"a/k":{"dtype":"F32","data_offsets":[0,4],"shape":[1]}}', /not canonical/],
    ['a space', `{"a/k": ${entry('[0,4]')}}`, /not canonical/],
    ['a name twice', `{"a/k":${entry('[0,4]')},"a/k":${entry('[0,4]')}}`, /not UTF-8 JSON|not canonical/],
    ['a member too many', '{"a/k":{"data_offsets":[0,4],"dtype":"F32","extra":1,"shape":[1]}}', /not canonical/],
    ['another dtype', `{"a/k":${entry('[0,8]', '[1]', 'F64')}}`, /has dtype "F64": F32 is wanted/],
    ['another dtype of the same size', `{"a/k":${entry('[0,4]', '[1]', 'I32')}}`, /has dtype "I32"/],
    ['a dimension of 0', `{"a/k":${entry('[0,0]', '[0]')}}`, /has shape/],
    ['a number spelled otherwise', `{"a/k":${entry('[0,4.0]')}}`, /not canonical/],
    ['a reserved name', `{"syndic.state/k":${entry('[0,4]')}}`, /"syndic.state\/k" is reserved/],
    ['a name that is no tensor’s', `{"__proto__":${entry('[0,4]')}}`, /./],
    ['empty metadata', `{"__metadata__":{},"a/k":${entry('[0,4]')}}`, /not canonical/],
    [
      'metadata that is not a string',
      `{"__metadata__":{"salt":1},"a/k":${entry('[0,4]')}}`,
      /metadata salt is not a string/,
    ],
    ['metadata with an odd key', `{"__metadata__":{"__proto__":"x"},"a/k":${entry('[0,4]')}}`, /./],
    ['a list', '[]', /not a JSON object/],
    ['no JSON', '{', /not UTF-8 JSON/],
    ['a tensor that is null', '{"a/k":null}', /"a\/k" lacks dtype or shape/],
    ['metadata that is a list', `{"__metadata__":["x"],"a/k":${entry('[0,4]')}}`, /__metadata__ is not an object/],
    ['a tensor without a shape', '{"a/k":{"data_offsets":[0,4],"dtype":"F32"}}', /lacks dtype or shape/],
    ['a tensor without a dtype', '{"a/k":{"data_offsets":[0,4],"shape":[1]}}', /lacks dtype or shape/],
    ['a tensor that is a number', '{"a/k":1}', /"a\/k" lacks dtype or shape/],
    ['a number', '5', /not a JSON object/],
    ['a tensor that is a list', '{"a/k":[]}', /lacks dtype or shape/],
    ['a shape that is a number', `{"a/k":${entry('[0,4]', '1')}}`, /tensor a\/k has no shape/],
    ['a shape of words', `{"a/k":${entry('[0,4]', '["1"]')}}`, /tensor a\/k has no shape/],
  ])('refuses %s', (_, json, why) => {
    const { code, message } = thrown(() => parseHeader(head(json)));
    expect([code, message]).toEqual(['TENSORS_INVALID', expect.stringMatching(why)]);
    expect(message).toMatch(/^not a Syndic safetensors file: /);
  });

  test('says what was wrong with the JSON', () => {
    expect(thrown(() => parseHeader(head('{'))).cause).toBeInstanceOf(Error);
  });

  test('takes reserved names where they are allowed', () => {
    const bytes = encodeHeader([f32('syndic.control/kernel', 2)]);
    expect(parseHeader(bytes, { reserved: true }).specs).toHaveLength(1);
  });

  test('refuses padding that is missing or too long', () => {
    const json = textOf(encodeHeader(specs).subarray(8)).trimEnd();
    expect(thrown(() => parseHeader(head(json, json.length))).message).toContain('canonical');
    expect(thrown(() => parseHeader(head(json, Math.ceil(json.length / 8) * 8 + 8))).message).toContain('canonical');
  });

  test('refuses a file that ends within its head, at every length', () => {
    const bytes = encodeHeader(specs);
    for (let n = 0; n < bytes.length; n++) {
      const { message } = thrown(() => parseHeader(bytes.subarray(0, n)));
      expect(message).toContain(
        n < 8 ? 'ends within its first 8 bytes' : `ends within its header of ${bytes.length} bytes`,
      );
    }
  });

  test('refuses a head over its limit before it is there', () => {
    const huge = new Uint8Array(8).fill(0xff);
    expect(thrown(() => headerLength(huge)).message).toContain('over the limit');
    const bytes = encodeHeader(specs);
    expect(thrown(() => parseHeader(bytes, { maxHeaderBytes: 8 })).message).toContain('over the limit');
    expect(parseHeader(bytes, { maxHeaderBytes: bytes.length - 8 }).specs).toHaveLength(2);
  });

  test('takes no bytes but those that it would write', () => {
    const bytes = encodeHeader(specs, { salt: '0xab' });
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Uint8Array.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ flip;
        let header: ReturnType<typeof parseHeader>;
        try {
          header = parseHeader(changed);
        } catch {
          return;
        }
        expect(encodeHeader(header.specs, header.metadata)).toEqual(changed.subarray(0, header.dataStart));
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});

test('sameSpecs tells names, shapes and order apart', () => {
  expect(sameSpecs(specs, [...specs])).toBe(true);
  expect(sameSpecs(specs, specs.toReversed())).toBe(false);
  expect(sameSpecs(specs, specs.slice(1))).toBe(false);
  expect(sameSpecs([f32('a/k', 2, 3)], [f32('a/k', 3, 2)])).toBe(false);
  expect(sameSpecs([f32('a/k', 2)], [f32('a/k', 2, 1)])).toBe(false);
  expect(sameSpecs([f32('a/k', 2)], [f32('b/k', 2)])).toBe(false);
  expect(sameSpecs([f32('a/k', 2, 1)], [f32('a/k', 2)])).toBe(false);
  expect(sameSpecs([f32('a/k', 2)], [])).toBe(false);
  expect(sameSpecs([f32('a/k', 2)], [{ ...f32('a/k', 2), dtype: 'I32' as 'F32' }])).toBe(false);
});
