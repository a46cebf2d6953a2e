import * as z from 'zod';
import { canonicalBytes } from '../canonicalJson.ts';
import { SyndicError } from '../errors/SyndicError.ts';
import { sha256 } from '../sha256.ts';
import { type Address, address, type Digest, digest, type Slot, slot } from '../values.ts';

const ADDRESS = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, 'not a 20-byte address as 0x-hex')
  .transform(address);
const DIGEST = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/, 'not a 32-byte digest as 0x-hex')
  .transform(digest);

const schema = z.strictObject({
  schema: z.literal('syndic.invitation/1'),
  url: z.string().regex(/^grpcs:\/\/[^/?#@\s]+:\d{1,5}$/, 'not of the form grpcs://host:port'),
  pin: DIGEST,
  chainId: z.int().positive(),
  genesis: DIGEST,
  contracts: z.strictObject({ consortium: ADDRESS, dataUse: ADDRESS, ledger: ADDRESS }),
  coordinator: ADDRESS,
  slot: z.int().min(1).max(0xffff).transform(slot),
});

/** What a hospital receives. It holds no secret; both ends show its SHA-256 for comparison by telephone. */
export interface Invitation {
  readonly schema: 'syndic.invitation/1';
  /** `grpcs://host:port` of the coordinator's gRPC listener. */
  readonly url: string;
  /** SHA-256 of the SubjectPublicKeyInfo of the coordinator's TLS certificate (RFC 7469, section 2.4). */
  readonly pin: Digest;
  readonly chainId: number;
  /** Hash of block 0. */
  readonly genesis: Digest;
  readonly contracts: { readonly consortium: Address; readonly dataUse: Address; readonly ledger: Address };
  /** The coordinator's account in the Consortium. */
  readonly coordinator: Address;
  readonly slot: Slot;
}

/** @throws SyndicError DOCUMENT_INVALID, listing every fault. */
export function parseInvitation(value: unknown): Invitation {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }));
  const list = faults.map(({ path, message }) => `${path || '(document)'}: ${message}`).join('; ');
  throw new SyndicError('DOCUMENT_INVALID', `the invitation is malformed: ${list}; ask the operator for a new one`, {
    faults,
  });
}

/** The figure that both ends read out: SHA-256 of the RFC 8785 bytes. */
export function invitationDigest(invitation: Invitation): Digest {
  return sha256(canonicalBytes(invitation));
}
