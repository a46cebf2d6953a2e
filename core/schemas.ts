import * as z from 'zod';
import { canonicalBytes, parseJson } from './canonicalJson.ts';
import { SyndicError } from './errors/SyndicError.ts';
import { sameBytes } from './sameBytes.ts';
import { type Address, type Digest, isDigest, type Signature } from './values.ts';

const ADDRESS = /^0x[0-9a-f]{40}$/;
const SIGNATURE = /^0x[0-9a-f]{130}$/;

/** The values that every document shares, with their one spelling. */
export const digestSchema = z.custom<Digest>(isDigest, '32 bytes as lower-case 0x-hex are wanted');
export const addressSchema = z.custom<Address>(
  (value) => typeof value === 'string' && ADDRESS.test(value),
  '20 bytes as lower-case 0x-hex are wanted',
);
export const signatureSchema = z.custom<Signature>(
  (value) => typeof value === 'string' && SIGNATURE.test(value),
  '65 bytes (r, s, v) as lower-case 0x-hex are wanted',
);
export const slotSchema = z.int().min(1).max(0xffff);
export const roundSchema = z.int().min(1).max(0xffff_ffff);
export const instantSchema = z.int().min(0);
/** The ledger packs a count of samples into 40 bits. */
export const samplesSchema = z
  .int()
  .min(0)
  .max(2 ** 40 - 1);
export const outcomeSchema = z.union([z.literal(1), z.literal(2), z.literal(3)]);

/** A fault in a document or plan: where, as `a.b[2]`, and what. */
export interface Fault {
  readonly path: string;
  readonly message: string;
}

/** For `safeParse`: lets `faultsOf` tell what is missing from what is wrong. */
export const reporting = { reportInput: true } as const;

/** What zod found, one fault a place; a key that does not belong is named in its path. */
export function faultsOf(error: z.ZodError): Fault[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ path: pathOf([...issue.path, key]), message: 'is not known here' }));
    }
    const missing = 'input' in issue && issue.input === undefined;
    const message = missing ? 'is missing' : issue.message.replace(/^Invalid input: /, '');
    return [{ path: pathOf(issue.path), message }];
  });
}

/** `['entries', 2, 'slot']` → `entries[2].slot`; the root is the empty string, an odd key is quoted. */
export function pathOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    const key = String(part);
    if (!/^[A-Za-z0-9_$-]{1,64}$/.test(key)) return `${text}[${JSON.stringify(key.slice(0, 64))}]`;
    return text === '' ? key : `${text}.${key}`;
  }, '');
}

/** A path within what stands at `root`. */
export function below(root: string, path: string): string {
  return path === '' || path.startsWith('[') ? `${root}${path}` : `${root}.${path}`;
}

/** `value` as `schema` has it. @throws SyndicError DOCUMENT_INVALID listing every fault (`details.faults`) */
export function checkDocument<T>(what: string, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value, reporting);
  if (result.success) return result.data;
  const faults = faultsOf(result.error);
  const list = faults.map((fault) => (fault.path === '' ? fault.message : `${fault.path}: ${fault.message}`));
  throw new SyndicError('DOCUMENT_INVALID', `${what} is malformed: ${list.join('; ')}`, { faults });
}

/** A document's RFC 8785 bytes, after the same check that decoding makes. @throws SyndicError DOCUMENT_INVALID */
export function encodeDocument<T>(what: string, schema: z.ZodType<T>, value: T): Uint8Array {
  return canonicalBytes(checkDocument(what, schema, value));
}

/** Reads bytes that must be canonical: what is decoded encodes to them again. @throws SyndicError DOCUMENT_INVALID */
export function decodeDocument<T>(what: string, schema: z.ZodType<T>, bytes: Uint8Array, limit?: number): T {
  const value = checkDocument(what, schema, parseJson(bytes, limit));
  if (!sameBytes(canonicalBytes(value), bytes)) {
    throw new SyndicError(
      'DOCUMENT_INVALID',
      `${what} is not canonical JSON (RFC 8785): send the bytes that were written`,
    );
  }
  return value;
}
