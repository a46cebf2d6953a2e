import { strategies } from '../../core/aggregate/strategies.ts';
import { SyndicError, toSyndicError } from '../../core/errors/SyndicError.ts';
import { decodeManifest, type Manifest, type ManifestEntry } from '../../core/manifest/Manifest.ts';
import { loadPlan } from '../../core/plan/loadPlan.ts';
import type { Plan } from '../../core/plan/Plan.ts';
import { MAX_PLAN_TEXT } from '../../core/plan/parsePlanText.ts';
import { DISPUTE_REASON } from '../../core/statements/disputeReasons.ts';
import { decodeReceipt, decodeStatement, type StatementDocument } from '../../core/statements/documents.ts';
import { type Entry, STATUS } from '../../core/statements/entries.ts';
import { digestOf, recover } from '../../core/statements/sign.ts';
import type { Domain } from '../../core/statements/types.ts';
import type { Address, Digest } from '../../core/values.ts';
import type { KeyOwner, SiteStudy } from '../policy/ethereum.ts';
import type { SiteRecord } from '../policy/records.ts';
import type { Fault } from './checkOwn.ts';

/** Bytes of each that are read at most; a manifest of 2,000 entries has under 700 KB. */
const MOST = { manifest: 2 * 1024 * 1024, statement: 64 * 1024, receipt: 64 * 1024, report: 1024 * 1024 } as const;

export interface DocumentModules {
  /** Of what members and coordinators sign. */
  readonly domain: Domain;
  /** The bytes of this digest, which from now on stay at this site. */
  readonly keep: (digest: Digest, most: number) => Promise<Uint8Array>;
  readonly keyOwner: (key: Address) => Promise<KeyOwner | null>;
}

/**
 * Keeps plan, manifest, and every statement, receipt and report of a round, one in memory at a time beside the
 * manifest, and holds them against the record. What a report says is its site's own affair: its digest is enough.
 *
 * @returns the first thing that is wrong
 * @throws what `keep` throws; SyndicError VERSION_UNSUPPORTED of a document that a later version made
 */
export async function checkDocuments(
  record: SiteRecord,
  study: Pick<SiteStudy, 'plan' | 'coordinator'>,
  modules: DocumentModules,
): Promise<Fault | null> {
  const { plan } = loadPlan(await modules.keep(study.plan, MAX_PLAN_TEXT));
  const manifest = decoded('the manifest', decodeManifest, await modules.keep(record.manifest, MOST.manifest));
  if (manifest === null) return wrongManifest('it is malformed');
  const fault = manifestFault(manifest, record, study.plan, plan);
  if (fault !== null) return wrongManifest(fault);
  const owners = remembering(modules.keyOwner);
  for (const [i, named] of manifest.entries.entries()) {
    const entry = record.entries[i];
    if (entry === undefined) continue;
    const what = await entryFault(record, entry, named, study, { ...modules, keyOwner: owners });
    if (what !== null) return { reason: DISPUTE_REASON.document, what: `slot ${entry.slot}: ${what}` };
  }
  return null;
}

function manifestFault(manifest: Manifest, record: SiteRecord, planHash: Digest, plan: Plan): string | null {
  const { study, round, outcome, baseModel, globalModel } = record;
  const want = { study, round, outcome, baseModel, globalModel, plan: planHash };
  for (const field of Object.keys(want) as (keyof typeof want)[]) {
    if (manifest[field] !== want[field]) return `its ${field} is ${manifest[field]}; the record's is ${want[field]}`;
  }
  if (manifest.entries.length !== record.entries.length) {
    return `it has ${manifest.entries.length} entries; the record has ${record.entries.length}`;
  }
  for (const [i, entry] of record.entries.entries()) {
    const { slot, status, reason, weight } = manifest.entries[i] as ManifestEntry;
    if (slot !== entry.slot || status !== entry.status || reason !== entry.reason) {
      return `entry ${i} is ${[slot, status, reason]} (slot, status, reason); the record's is ${[entry.slot, entry.status, entry.reason]}`;
    }
    const due = entry.status === STATUS.INCLUDED ? strategies[plan.strategy.name].weightOf(entry, plan) : weight;
    if (weight !== due) return `slot ${slot} weighs ${weight}; the plan makes that ${due}`;
  }
  return null;
}

async function entryFault(
  record: SiteRecord,
  entry: Entry,
  named: ManifestEntry,
  study: Pick<SiteStudy, 'plan' | 'coordinator'>,
  { domain, keep, keyOwner }: DocumentModules,
): Promise<string | null> {
  if (named.report !== undefined) await keep(named.report, MOST.report);
  if (named.statement === undefined) return null;
  const statement = decoded('a statement', decodeStatement, await keep(named.statement, MOST.statement));
  if (statement === null) return 'its statement is malformed';
  const said = statementFault(statement, record, entry, named, study.plan);
  if (said !== null) return `its statement ${said}`;
  const signer = signerOf(() => recover(domain, 'Update', statement.message, statement.signature));
  if (signer === null || (await keyOwner(signer))?.slot !== entry.slot) {
    return `its statement is signed by ${signer ?? 'nobody'}, which is no key of its member`;
  }
  if (named.receipt === undefined) return null;
  const receipt = decoded('a receipt', decodeReceipt, await keep(named.receipt, MOST.receipt));
  if (receipt === null) return 'its receipt is malformed';
  const { message } = receipt;
  const { round, slot, baseModel, update, samples } = statement.message;
  const want = { study: record.study, round, slot, baseModel, update, samples };
  const promised = { ...want, statement: digestOf('Update', domain, statement.message) };
  const field = differing(message, promised);
  if (field !== null) return `its receipt says ${field} ${message[field]}; its statement ${promised[field]}`;
  const promiser = signerOf(() => recover(domain, 'Receipt', message, receipt.signature));
  if (promiser === null || (await keyOwner(promiser))?.account !== study.coordinator) {
    return `its receipt is signed by ${promiser ?? 'nobody'}, which is no key of the study's coordinator`;
  }
  return null;
}

function statementFault(
  { message }: StatementDocument,
  { study, round, baseModel }: SiteRecord,
  { slot, update, samples }: Entry,
  { report }: ManifestEntry,
  plan: Digest,
): string | null {
  const want = { study, round, slot, plan, baseModel, update, samples, report: report ?? message.report };
  const field = differing(message, want);
  return field === null ? null : `says ${field} ${message[field]}; the record ${want[field]}`;
}

/** The first field of `want` that `got` has otherwise. */
function differing<W extends object>(got: W, want: W): keyof W | null {
  return (Object.keys(want) as (keyof W)[]).find((field) => got[field] !== want[field]) ?? null;
}

function wrongManifest(what: string): Fault {
  return { reason: DISPUTE_REASON.manifest, what: `the manifest is not the record's: ${what}` };
}

/** Null when nobody's key could have made the signature. */
function signerOf(recovered: () => Address): Address | null {
  try {
    return recovered();
  } catch (thrown) {
    if (toSyndicError(thrown).code === 'SIGNATURE_INVALID') return null;
    throw thrown;
  }
}

/** Null when it is malformed. What this version cannot know is no fault of it. */
function decoded<T>(what: string, decode: (bytes: Uint8Array) => T, bytes: Uint8Array): T | null {
  try {
    return decode(bytes);
  } catch (thrown) {
    const { code, details } = toSyndicError(thrown);
    if (code !== 'DOCUMENT_INVALID') throw thrown;
    if (!isLater(details.faults)) return null;
    throw new SyndicError('VERSION_UNSUPPORTED', `${what} is of a later version than this worker: update it`);
  }
}

function isLater(faults: unknown): boolean {
  return (
    Array.isArray(faults) &&
    faults.some(({ path, message }: { path?: unknown; message?: unknown }) => {
      return message === 'is not known here' || (path === 'schema' && message !== 'is missing');
    })
  );
}

/** A round's receipts are mostly of one key. */
function remembering(ask: DocumentModules['keyOwner']): DocumentModules['keyOwner'] {
  const known = new Map<Address, KeyOwner | null>();
  return async (key) => {
    const before = known.get(key);
    if (before !== undefined) return before;
    const owner = await ask(key);
    known.set(key, owner);
    return owner;
  };
}
