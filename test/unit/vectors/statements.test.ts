import { describe, expect, test } from '@jest/globals';
import { id, TypedDataEncoder } from 'ethers';
import { decodeReport, encodeReport, type Report } from '../../../core/manifest/Report.ts';
import { sha256 } from '../../../core/sha256.ts';
import {
  decodeReceipt,
  decodeStatement,
  encodeReceipt,
  encodeStatement,
  type ReceiptDocument,
  type StatementDocument,
} from '../../../core/statements/documents.ts';
import { addressOf, digestOf, recover, sign } from '../../../core/statements/sign.ts';
import { domain, type MessageKind, type MessageOf, messageTypes } from '../../../core/statements/types.ts';
import { type Address, type Digest, hexToBytes, type Signature } from '../../../core/values.ts';
import { readVectors } from '../../support/vectors.ts';

interface Stored<T> {
  value: T;
  canonical: string;
  sha256: Digest;
}

interface Signed<K extends MessageKind> {
  name: string;
  type: K;
  domain: { chainId: number; verifyingContract: Address; separator: string };
  structHash: string;
  digest: Digest;
  privateKey: string;
  signer: Address;
  signature: Signature;
  document: Stored<{ message: MessageOf[K]; signature: Signature }>;
}

type AnySigned = { [K in MessageKind]: Signed<K> }[MessageKind];

const vectors = readVectors<{ report: Stored<Report>; typeHashes: Record<MessageKind, string>; signed: AnySigned[] }>(
  'statements',
);

const typesByName = new Map(Object.entries(messageTypes));

function utf8(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function holds<K extends MessageKind>(vector: Signed<K>): void {
  const of = domain(vector.domain.chainId, vector.domain.verifyingContract);
  const message = vector.document.value.message;
  expect(TypedDataEncoder.hashDomain({ ...of })).toBe(vector.domain.separator);
  expect(digestOf(vector.type, of, message)).toBe(vector.digest);
  expect(sign(hexToBytes(vector.privateKey), of, vector.type, message)).toBe(vector.signature);
  expect(recover(of, vector.type, message, vector.signature)).toBe(vector.signer);
  expect(addressOf(vector.privateKey)).toBe(vector.signer);
}

describe('signed messages', () => {
  test.each(vectors.signed)('hash, sign and recover as the vector says: $name', (vector) => {
    holds(vector);
  });

  test.each(Object.entries(vectors.typeHashes))('%s has this type hash', (kind, wanted) => {
    expect(id(TypedDataEncoder.from({ [kind]: [...(typesByName.get(kind) ?? [])] }).encodeType(kind))).toBe(wanted);
  });

  test('occur with both values of v', () => {
    expect(new Set(vectors.signed.map(({ signature }) => signature.slice(-2)))).toEqual(new Set(['1b', '1c']));
  });
});

describe('stored documents', () => {
  const statements = vectors.signed.filter((vector): vector is Signed<'Update'> => vector.type === 'Update');
  const receipts = vectors.signed.filter((vector): vector is Signed<'Receipt'> => vector.type === 'Receipt');

  test.each(statements)('have these bytes and this digest: $name', ({ document }) => {
    const value: StatementDocument = document.value;
    expect(utf8(encodeStatement(value))).toBe(document.canonical);
    expect(sha256(encodeStatement(value))).toBe(document.sha256);
    expect(decodeStatement(new TextEncoder().encode(document.canonical))).toEqual(value);
  });

  test.each(receipts)('have these bytes and this digest: $name', ({ document }) => {
    const value: ReceiptDocument = document.value;
    expect(utf8(encodeReceipt(value))).toBe(document.canonical);
    expect(sha256(encodeReceipt(value))).toBe(document.sha256);
    expect(decodeReceipt(new TextEncoder().encode(document.canonical))).toEqual(value);
  });

  test('have these bytes and this digest: a report, which the first statement names', () => {
    const { report, signed } = vectors;
    expect(utf8(encodeReport(report.value))).toBe(report.canonical);
    expect(sha256(encodeReport(report.value))).toBe(report.sha256);
    expect(decodeReport(new TextEncoder().encode(report.canonical))).toEqual(report.value);
    expect(signed[0]?.document.value.message).toMatchObject({ report: report.sha256 });
  });
});
