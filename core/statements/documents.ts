import * as z from 'zod';
import {
  decodeDocument,
  digestSchema,
  encodeDocument,
  instantSchema,
  roundSchema,
  samplesSchema,
  signatureSchema,
  slotSchema,
} from '../schemas.ts';
import type { Signature } from '../values.ts';
import type { ReceiptMessage, UpdateMessage } from './types.ts';

/** What a member signed about its update, and its worker key's signature. */
export interface StatementDocument {
  readonly message: UpdateMessage;
  readonly signature: Signature;
}

/** What the coordinator signed in return. */
export interface ReceiptDocument {
  readonly message: ReceiptMessage;
  readonly signature: Signature;
}

const statementSchema: z.ZodType<StatementDocument> = z.strictObject({
  message: z.strictObject({
    study: digestSchema,
    round: roundSchema,
    slot: slotSchema,
    plan: digestSchema,
    baseModel: digestSchema,
    update: digestSchema,
    samples: samplesSchema,
    dataset: digestSchema,
    report: digestSchema,
  }),
  signature: signatureSchema,
});

const receiptSchema: z.ZodType<ReceiptDocument> = z.strictObject({
  message: z.strictObject({
    statement: digestSchema,
    study: digestSchema,
    round: roundSchema,
    slot: slotSchema,
    baseModel: digestSchema,
    update: digestSchema,
    samples: samplesSchema,
    recordBy: instantSchema,
  }),
  signature: signatureSchema,
});

/** RFC 8785 bytes; their SHA-256 names the stored statement. @throws SyndicError DOCUMENT_INVALID */
export function encodeStatement(document: StatementDocument): Uint8Array {
  return encodeDocument('statement', statementSchema, document);
}

/** Does not check the signature: see `recover`. @throws SyndicError DOCUMENT_INVALID listing every fault */
export function decodeStatement(bytes: Uint8Array): StatementDocument {
  return decodeDocument('statement', statementSchema, bytes);
}

/** RFC 8785 bytes; their SHA-256 names the stored receipt. @throws SyndicError DOCUMENT_INVALID */
export function encodeReceipt(document: ReceiptDocument): Uint8Array {
  return encodeDocument('receipt', receiptSchema, document);
}

/** Does not check the signature: see `recover`. @throws SyndicError DOCUMENT_INVALID listing every fault */
export function decodeReceipt(bytes: Uint8Array): ReceiptDocument {
  return decodeDocument('receipt', receiptSchema, bytes);
}
