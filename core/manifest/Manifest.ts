import * as z from 'zod';
import {
  decodeDocument,
  digestSchema,
  encodeDocument,
  instantSchema,
  outcomeSchema,
  roundSchema,
  slotSchema,
} from '../schemas.ts';
import { type EntryStatus, type Outcome, type Reason, STATUS } from '../statements/entries.ts';
import type { Digest, StudyId } from '../values.ts';

/** Everything about a round that its record on chain does not spell out; the record carries this document's SHA-256. */
export interface Manifest {
  readonly schema: 'syndic.manifest/1';
  readonly study: StudyId;
  readonly round: number;
  readonly outcome: Outcome;
  /** The plan hash. */
  readonly plan: Digest;
  readonly baseModel: Digest;
  /** Equal to `baseModel` unless the round completed. */
  readonly globalModel: Digest;
  readonly strategy: { readonly name: 'fedavg' };
  /** When the coordinator opened the round, its deadline, and when it closed; Unix seconds. */
  readonly opened: number;
  readonly deadline: number;
  readonly closed: number;
  /** How members were chosen from the roster. Left out: all of them. */
  readonly selection?: { readonly kind: 'all' };
  /** SHA-256 of the server's own state after the round. Left out: the strategy keeps none. */
  readonly state?: Digest;
  /** One for every slot on the round's roster, ascending. */
  readonly entries: readonly ManifestEntry[];
}

export interface ManifestEntry {
  readonly slot: number;
  readonly status: EntryStatus;
  readonly reason: Reason;
  /** The weight that the strategy gave the update; there for each that is included. */
  readonly weight?: number;
  /** SHA-256 of the statement, receipt and report documents; there for each that is included. */
  readonly statement?: Digest;
  readonly receipt?: Digest;
  readonly report?: Digest;
}

const entrySchema = z
  .strictObject({
    slot: slotSchema,
    status: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]),
    reason: z.int().min(0).max(255),
    weight: z.number().min(0).optional(),
    statement: digestSchema.optional(),
    receipt: digestSchema.optional(),
    report: digestSchema.optional(),
  })
  .superRefine((entry, context) => {
    if (entry.status !== STATUS.INCLUDED) return;
    for (const field of ['weight', 'statement', 'receipt', 'report'] as const) {
      if (entry[field] === undefined) {
        context.addIssue({ code: 'custom', path: [field], message: 'an included entry has one' });
      }
    }
  });

const manifestSchema = z
  .strictObject({
    schema: z.literal('syndic.manifest/1'),
    study: digestSchema,
    round: roundSchema,
    outcome: outcomeSchema,
    plan: digestSchema,
    baseModel: digestSchema,
    globalModel: digestSchema,
    strategy: z.strictObject({ name: z.literal('fedavg') }),
    opened: instantSchema,
    deadline: instantSchema,
    closed: instantSchema,
    selection: z.strictObject({ kind: z.literal('all') }).optional(),
    state: digestSchema.optional(),
    entries: z.array(entrySchema).max(2000),
  })
  .superRefine((manifest, context) => {
    manifest.entries.forEach((entry, i) => {
      const before = manifest.entries[i - 1];
      if (before !== undefined && entry.slot <= before.slot) {
        context.addIssue({ code: 'custom', path: ['entries', i, 'slot'], message: 'slots must ascend' });
      }
    });
  });

/** RFC 8785 bytes; unknown members are left out, never null. @throws SyndicError DOCUMENT_INVALID */
export function encodeManifest(manifest: Manifest): Uint8Array {
  return encodeDocument('manifest', manifestSchema, manifest);
}

/** @throws SyndicError DOCUMENT_INVALID listing every fault; bytes that are not canonical are refused */
export function decodeManifest(bytes: Uint8Array): Manifest {
  return decodeDocument('manifest', manifestSchema, bytes);
}
