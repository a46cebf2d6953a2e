import { SyndicError } from '../core/errors/SyndicError.ts';
import type { Omission, VerdictState } from '../core/statements/verdict.ts';
import type { Address, Slot, StudyId } from '../core/values.ts';
import { contributionsOf } from './Audit.ts';
import { checkCode, checkHistory, checkTotals } from './checks/history.ts';
import { membersOf } from './checks/roster.ts';
import { checkVerdicts } from './checks/verdicts.ts';
import type { Finding } from './findings.ts';
import { openAudit } from './openAudit.ts';
import type { AuditedChain } from './port.ts';
import type { HistoryRound, StudyHistory } from './replay.ts';
import type { RpcChain } from './rpc.ts';
import { storedJoined, storedStudy } from './storage/ledger.ts';
import type { StoredRoundVerdicts } from './storage/verdicts.ts';

/** What members said of one record, and what receipts prove against it: as storage has it. */
export interface RoundVerdicts {
  readonly attested: readonly Slot[];
  /** Also those that are open no more. `reason` is as `DISPUTE_REASON` numbers it. */
  readonly disputes: readonly { readonly slot: Slot; readonly reason: number; readonly state: VerdictState }[];
  /** Receipts that the record is proven to break. */
  readonly omissions: readonly { readonly slot: Slot; readonly omission: Omission }[];
  /** Seconds by which it missed a receipt's time, as far as that is on record; 0: nothing is. */
  readonly secondsLate: number;
}

/** A round's record, and what members said of it. */
export interface JudgedRound extends HistoryRound {
  readonly verdicts: RoundVerdicts;
}

/** What one member gave to a study: rounds that included it, and the sum of its samples over them. */
export interface SlotTotals {
  readonly slot: Slot;
  readonly rounds: number;
  readonly samples: bigint;
}

/** A study as events tell it, and whether storage says the same. */
export interface CheckedHistory extends StudyHistory {
  readonly rounds: readonly JudgedRound[];
  readonly totals: readonly SlotTotals[];
  /** Closed, every record attested by the quorum, and no dispute open. */
  readonly final: boolean;
  /** Events and storage agree, under the rules of the released contracts. */
  readonly verified: boolean;
  /** Where they do not, in words. */
  readonly faults: readonly string[];
}

export interface HistoryWanted {
  readonly study?: StudyId | undefined;
  /** Only studies that this member ever joined. */
  readonly member?: Slot | undefined;
}

/**
 * Who contributed what to one study, or to every study of a ledger, oldest first: from the chain alone.
 *
 * @throws SyndicError NOT_FOUND; AUDIT_FAILED when events tell of a study that is not stored; CHAIN_UNAVAILABLE
 */
export async function readHistories(
  chain: RpcChain,
  ledger: Address,
  { study, member }: HistoryWanted = {},
): Promise<CheckedHistory[]> {
  const ids = study === undefined ? await storedStudies(chain, ledger) : [study];
  const histories: CheckedHistory[] = [];
  for (const id of ids) {
    const joined = member === undefined || (await storedJoined(chain, ledger, id)).includes(member);
    if (joined) histories.push(await readHistory(chain, ledger, id));
  }
  return histories;
}

/**
 * Replays a study's events and holds them against what the contracts store.
 *
 * @throws as `openAudit`
 */
export async function readHistory(chain: AuditedChain, ledger: Address, study: StudyId): Promise<CheckedHistory> {
  const history = await readOnce(chain, ledger, study);
  // A node may answer of a block before it has all of its events; what is wrong stays wrong.
  return history.verified ? history : await readOnce(chain, ledger, study);
}

async function readOnce(chain: AuditedChain, ledger: Address, id: StudyId): Promise<CheckedHistory> {
  const audit = await openAudit(chain, ledger, id);
  const { history, findings } = audit;
  await checkCode(audit);
  await checkHistory(audit);
  await checkTotals(audit);
  const { rounds: said, final } = await checkVerdicts(audit, await membersOf(audit));
  const faults = findings.found.filter(isDisagreement).map(wordsOf);
  return {
    ...history,
    rounds: history.rounds.map((round) => ({ ...round, verdicts: verdictsOf(said.get(round.round)) })),
    totals: contributionsOf(history).map(({ slot, rounds, samples }) => ({ slot, rounds, samples })),
    ...{ final, faults, verified: faults.length === 0 },
  };
}

async function storedStudies(chain: RpcChain, ledger: Address): Promise<StudyId[]> {
  const ids = await chain.studies(ledger);
  for (const id of ids) {
    if ((await storedStudy(chain, ledger, id)) !== null) continue;
    const message = `the node has an event of the opening of study ${id}, which the ledger does not store: ask another node`;
    throw new SyndicError('AUDIT_FAILED', message, { study: id });
  }
  return ids;
}

/** A receipt that is proven broken is what both tell; it stands among the verdicts. */
function isDisagreement({ code, severity }: Finding): boolean {
  return severity === 'fault' && code !== 'OMISSION_PROVEN';
}

function wordsOf({ code, what, expected, found }: Finding): string {
  return expected === undefined ? `${code}: ${what}` : `${code}: ${what}: expected ${expected}, found ${found}`;
}

function verdictsOf(said: StoredRoundVerdicts | undefined): RoundVerdicts {
  const members = [...(said?.members ?? [])].sort((a, b) => a.slot - b.slot);
  return {
    attested: members.filter(({ attested }) => attested).map(({ slot }) => slot),
    disputes: members
      .filter(({ dispute }) => dispute !== 'none')
      .map(({ slot, reason, dispute }) => ({ slot, reason, state: dispute })),
    omissions: members.filter(({ omission }) => omission !== 'none').map(({ slot, omission }) => ({ slot, omission })),
    secondsLate: said?.secondsLate ?? 0,
  };
}
