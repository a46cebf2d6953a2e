import { describe, expect, test } from '@jest/globals';
import { canonicalBytes } from '../../../../core/canonicalJson.ts';
import {
  decodeReceipt,
  decodeStatement,
  encodeReceipt,
  encodeStatement,
} from '../../../../core/statements/documents.ts';
import { digest, type Signature } from '../../../../core/values.ts';
import { textOf, thrown, utf8 } from '../thrown.ts';

const d = (byte: string) => digest(`0x${byte.repeat(32)}`);
const signature = `0x${'12'.repeat(65)}` as Signature;
const statement = {
  message: {
    study: d('01'),
    round: 2,
    slot: 3,
    plan: d('04'),
    baseModel: d('05'),
    update: d('06'),
    samples: 7,
    dataset: d('08'),
    report: d('09'),
  },
  signature,
};
const receipt = {
  message: {
    statement: d('01'),
    study: d('02'),
    round: 3,
    slot: 4,
    baseModel: d('05'),
    update: d('06'),
    samples: 7,
    recordBy: 2_000_000_000,
  },
  signature,
};

describe.each([
  ['statement', statement, encodeStatement as (document: never) => Uint8Array, decodeStatement],
  ['receipt', receipt, encodeReceipt as (document: never) => Uint8Array, decodeReceipt],
] as const)('a %s', (name, document, encode, decode) => {
  const bytes = encode(document as never);

  test('is {message, signature} in canonical JSON, and reads back', () => {
    expect(bytes).toEqual(canonicalBytes(document));
    expect(decode(bytes)).toEqual(document);
  });

  test('lists every field that is missing, malformed or unknown', () => {
    const { study: _study, ...rest } = document.message;
    const bad = { ...document, message: { ...rest, round: 0, slot: '3', samples: 2 ** 40, extra: 1 }, more: 1 };
    const error = thrown(() => decode(canonicalBytes(bad)));
    expect([error.code, error.message]).toEqual(['DOCUMENT_INVALID', expect.stringContaining(name)]);
    const paths = (error.details.faults as { path: string }[]).map((fault) => fault.path);
    expect(paths.toSorted()).toEqual([
      'message.extra',
      'message.round',
      'message.samples',
      'message.slot',
      'message.study',
      'more',
    ]);
    expect(error.message).toContain('message.study: is missing');
  });

  test('is refused in any other spelling', () => {
    const text = textOf(bytes);
    const reordered = JSON.stringify({ signature, message: document.message });
    for (const other of [
      ` ${text}`,
      `${text}\n`,
      text.replace(':3', ':3.0'),
      reordered,
      text.replace('{', '{"a":1,'),
    ]) {
      expect(thrown(() => decode(utf8(other))).code).toBe('DOCUMENT_INVALID');
    }
  });

  test('is refused with digests or signature in upper case, or a signature cut short', () => {
    const upper = { ...document, message: { ...document.message, study: `0x${'AB'.repeat(32)}` } };
    const short = { ...document, signature: signature.slice(0, -2) };
    for (const bad of [upper, short]) {
      expect(thrown(() => decode(canonicalBytes(bad))).code).toBe('DOCUMENT_INVALID');
    }
  });

  test('is refused where a key stands twice', () => {
    const twice = textOf(bytes).replace('"round":', '"round":1,"round":');
    expect(thrown(() => decode(utf8(twice))).code).toBe('DOCUMENT_INVALID');
  });
});
