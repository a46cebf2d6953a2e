import { SyndicError, toSyndicError } from '../../core/errors/SyndicError.ts';
import type { Manifest } from '../../core/manifest/Manifest.ts';
import {
  decodeReceipt,
  decodeStatement,
  type ReceiptDocument,
  type StatementDocument,
} from '../../core/statements/documents.ts';
import { STATUS } from '../../core/statements/ledger.ts';
import { digestOf, recover } from '../../core/statements/sign.ts';
import { domain } from '../../core/statements/types.ts';
import type { Address } from '../../core/values.ts';
import { type Audit, baseTime, type PlannedAudit } from '../Audit.ts';
import type { SlotEntry } from '../events.ts';
import { MOST } from '../Files.ts';
import type { HistoryRound } from '../replay.ts';
import { type StoredKey, storedKey } from '../storage/consortium.ts';
import { type StoredVersion, storedVersion, type VersionName } from '../storage/dataUse.ts';
import { readDocument } from './documents.ts';
import { type Grants, grantFor } from './roster.ts';

/** What many rounds' statements rest on, read once. */
export interface Known {
  keyOf(key: Address): Promise<StoredKey | null>;
  versionOf(version: VersionName): Promise<StoredVersion | null>;
}

/** Statements and receipts that a round's manifest names, one member after the other. */
export async function checkStatements(
  audit: PlannedAudit,
  round: HistoryRound,
  manifest: Manifest,
  { grants, known }: { readonly grants: Grants; readonly known: Known },
): Promise<void> {
  for (const [i, entry] of round.entries.entries()) {
    const named = manifest.entries[i];
    const place = { round: round.round, slot: entry.slot } as const;
    if (named?.statement === undefined) continue;
    const statement = await readDocument(audit, {
      ...{ what: 'the statement', digest: named.statement, most: MOST.statement, decode: decodeStatement },
      ...{ implicated: 'coordinator', ...place },
    });
    if (statement === null) continue;
    if (named.report !== undefined) {
      // What a report says is its site's own affair; that it is there, everybody's.
      await readDocument(audit, {
        ...{ what: 'the report', digest: named.report, most: MOST.report, decode: (bytes) => bytes },
        ...{ implicated: `member ${entry.slot}`, ...place },
      });
    }
    await checkStatement(audit, { round, entry, statement, grants, known, report: named.report });
    if (named.receipt === undefined) continue;
    const receipt = await readDocument(audit, {
      ...{ what: 'the receipt', digest: named.receipt, most: MOST.receipt, decode: decodeReceipt },
      ...{ implicated: 'coordinator', ...place },
    });
    if (receipt !== null) await checkReceipt(audit, { round, entry, statement, receipt, known });
  }
}

interface Said {
  readonly round: HistoryRound;
  readonly entry: SlotEntry;
  readonly statement: StatementDocument;
  readonly known: Known;
}

async function checkStatement(
  audit: PlannedAudit,
  said: Said & { readonly grants: Grants; readonly report: string | undefined },
): Promise<void> {
  const { findings, id, study, plan } = audit;
  const { round, entry, statement, grants, known } = said;
  const { message, signature } = statement;
  const place = { round: round.round, slot: entry.slot };
  const whose = `the statement of slot ${entry.slot} in round ${round.round}`;
  findings.examine('a statement says what the record says of its member');
  // Of who is said to be absent or not selected, the record has no update: the receipt shows whether that is true.
  const answered = entry.status === STATUS.INCLUDED || entry.status === STATUS.EXCLUDED;
  const { update, samples } = answered ? entry : message;
  const want = {
    ...{ study: id, round: round.round, slot: entry.slot, plan: study.plan, baseModel: round.baseModel },
    ...{ update, samples, report: said.report ?? message.report },
  };
  for (const field of Object.keys(want) as (keyof typeof want)[]) {
    const about = {
      ...place,
      what: `${whose} has another ${field} than the record`,
      implicated: 'coordinator',
    } as const;
    findings.compare('STATEMENT_MISMATCH', String(want[field]), String(message[field]), about);
  }
  const signer = signerOf(() => recover(domainOf(audit), 'Update', message, signature));
  const key = signer === null ? null : await known.keyOf(signer);
  const counted = entry.status === STATUS.INCLUDED;
  checkKey(audit, { ...place, whose, signer, key, counted, since: baseTime(audit, round), until: round.time });
  if (!counted) return;

  const grant = grantFor(grants, entry.slot, round);
  // Without a grant there is no dataset to hold the version against; that there is none is a finding of its own.
  if (grant === undefined) return;
  const version = await known.versionOf({ slot: entry.slot, dataset: grant.dataset, root: message.dataset });
  findings.examine('a dataset’s version was anchored before it was used');
  const member = `member ${entry.slot}` as const;
  if (version === null || version.addedAt > round.time) {
    const what = `${whose} names ${message.dataset}, which is no version of the dataset that its member granted`;
    findings.add('DATASET_UNKNOWN', { ...place, what, implicated: member });
  }
  findings.examine('declared samples are within the dataset’s version and the plan');
  const most = Math.min(version?.rows ?? plan.maxSamples, plan.maxSamples);
  if (entry.samples > most) {
    const what = `slot ${entry.slot} declares more samples in round ${round.round} than it may`;
    findings.add('SAMPLES_EXCEEDED', {
      ...{ ...place, what, expected: `at most ${most}`, found: String(entry.samples), implicated: member },
    });
  }
}

/** A statement counts if its key was valid at some time from the record that fixed the base to the round's own. */
function checkKey(
  { findings }: PlannedAudit,
  at: {
    readonly round: number;
    readonly slot: number;
    readonly whose: string;
    readonly signer: Address | null;
    readonly key: StoredKey | null;
    readonly counted: boolean;
    readonly since: number;
    readonly until: number;
  },
): void {
  const { round, slot, whose, signer, key, counted, since, until } = at;
  findings.examine('a statement is signed by a key that its member had then');
  const valid = key !== null && key.validFrom <= until && (key.validTo === null || key.validTo > since);
  if (key?.slot !== slot || !valid) {
    const what = `${whose} is signed by ${signer ?? 'nobody'}, which was no key of its member then`;
    findings.add('STATEMENT_UNSIGNED', { round, slot, what, implicated: 'coordinator' });
  } else if (counted && key.compromised && key.validTo !== null && key.validTo <= until) {
    const what = `${whose} is signed by ${signer}, valid until ${key.validTo} and revoked as compromised: whether before the record, storage does not tell`;
    findings.add('KEY_COMPROMISED', { round, slot, what, implicated: `member ${slot}` });
  }
}

async function checkReceipt(
  audit: PlannedAudit,
  { round, entry, statement, receipt, known }: Said & { readonly receipt: ReceiptDocument },
): Promise<void> {
  const { findings, id, study } = audit;
  const { message, signature } = receipt;
  const place = { round: round.round, slot: entry.slot };
  const whose = `the receipt of slot ${entry.slot} in round ${round.round}`;
  findings.examine('a receipt says what its statement says, and is of the study’s coordinator');
  const { baseModel, update, samples } = statement.message;
  const want = {
    ...{ study: id, round: round.round, slot: entry.slot, baseModel, update, samples },
    statement: digestOf('Update', domainOf(audit), statement.message),
  };
  for (const field of Object.keys(want) as (keyof typeof want)[]) {
    const about = {
      ...place,
      what: `${whose} has another ${field} than the statement`,
      implicated: 'coordinator',
    } as const;
    findings.compare('RECEIPT_MISMATCH', String(want[field]), String(message[field]), about);
  }
  const signer = signerOf(() => recover(domainOf(audit), 'Receipt', message, signature));
  const key = signer === null ? null : await known.keyOf(signer);
  if (key?.owner !== study.coordinator) {
    const what = `${whose} is signed by ${signer ?? 'nobody'}, which is no key of the study's coordinator`;
    findings.add('RECEIPT_MISMATCH', { ...place, what, implicated: 'coordinator' });
    return;
  }
  // One of another round or member promises nothing of this entry; that it is here was found above.
  if (message.study !== id || message.round !== round.round || message.slot !== entry.slot) return;
  holdReceipt(audit, receipt, { round, entry, compromised: key.compromised });
}

/** Whether a record keeps a receipt that a key of the study's coordinator signed. */
export function holdReceipt(
  { findings }: Audit,
  receipt: ReceiptDocument,
  against: { readonly round: HistoryRound; readonly entry: SlotEntry | undefined; readonly compromised: boolean },
): void {
  const { message } = receipt;
  const { round, entry, compromised } = against;
  const place = { round: message.round, slot: message.slot };
  const whose = `the receipt of slot ${message.slot} in round ${message.round}`;
  findings.examine('a record names what its receipts promised, in time');
  const broken = brokenBy(receipt, round, entry);
  if (broken === null) return;
  if (compromised) {
    const what = `${whose} is of a key revoked as compromised; else it would show: ${broken}`;
    findings.add('RECEIPT_SILENCED', { ...place, what, implicated: 'coordinator' });
  } else if (broken === LATE) {
    const what = `${whose} promised a record by ${message.recordBy}; it stood at ${round.time}`;
    findings.add('RECORD_LATE', { ...place, what, implicated: 'coordinator' });
  } else {
    findings.add('RECEIPT_BROKEN', { ...place, what: `${whose}: ${broken}`, implicated: 'coordinator' });
  }
}

export const LATE = 'the record came too late';

/** How a record breaks a receipt; null: it keeps it. @param entry undefined: the record has none of the member */
export function brokenBy(
  { message }: ReceiptDocument,
  round: HistoryRound,
  entry: SlotEntry | undefined,
): string | null {
  if (entry === undefined) return 'the record has no entry of the member';
  if (entry.status === STATUS.ABSENT) return 'the record says that the member did not answer';
  if (entry.status === STATUS.NOT_SELECTED) return 'the record says that the member was not selected';
  if (entry.update !== message.update) return `the record names another update, ${entry.update}`;
  if (entry.samples !== message.samples) return `the record has ${entry.samples} samples instead of ${message.samples}`;
  return round.time > message.recordBy ? LATE : null;
}

function domainOf({ chain, contracts }: PlannedAudit) {
  return domain(chain.chainId, contracts.ledger);
}

/** Null when nobody's key could have made the signature. */
function signerOf(recovered: () => Address): Address | null {
  try {
    return recovered();
  } catch (thrown) {
    if (thrown instanceof SyndicError && toSyndicError(thrown).code === 'SIGNATURE_INVALID') return null;
    throw thrown;
  }
}

/** A member signs many rounds' statements with one key, of one version. */
export function remembering({ chain, contracts }: Audit): Known {
  const keys = new Map<string, StoredKey | null>();
  const versions = new Map<string, StoredVersion | null>();
  return {
    keyOf: (key) => recalled(keys, key, () => storedKey(chain, contracts.consortium, key)),
    versionOf(version) {
      const { slot, dataset, root } = version;
      return recalled(versions, `${slot} ${dataset} ${root}`, () => storedVersion(chain, contracts.dataUse, version));
    },
  };
}

async function recalled<T>(all: Map<string, T>, name: string, read: () => Promise<T>): Promise<T> {
  const before = all.get(name);
  if (before !== undefined) return before;
  const found = await read();
  all.set(name, found);
  return found;
}
