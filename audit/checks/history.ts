import { encodeEntries, recordHash } from '../../core/statements/ledger.ts';
import type { Digest } from '../../core/values.ts';
import { type Audit, contributionsOf } from '../Audit.ts';
import { type ContractName, isReleased } from '../code.ts';
import type { HistoryRound } from '../replay.ts';
import { storedRecordHashes, storedTotals } from '../storage/ledger.ts';

/** Whether the contracts are those whose rules the rest relies on. */
export async function checkCode({ chain, contracts, findings }: Audit): Promise<void> {
  for (const name of Object.keys(contracts) as ContractName[]) {
    findings.examine('runtime code of a contract equals the released build');
    if (await isReleased(chain, contracts, name)) continue;
    const what = `the code at ${contracts[name]} is not that of the released ${name}: its rules are not known`;
    findings.add('CODE_UNKNOWN', { what, implicated: 'admin' });
  }
}

/** What of a study's events storage bears out. */
export interface Established {
  /** Records whose hash, made anew from their events, is the one in storage: these are the chain's. Ascending. */
  readonly rounds: readonly HistoryRound[];
  /** Every event is borne out, and none is missing. */
  readonly whole: boolean;
}

/**
 * Whether events and storage tell one history, without a gap, each round on the model of the one before. Whatever is
 * not established is a node's word, with which nobody else can be blamed.
 */
export async function checkHistory(audit: Audit): Promise<Established> {
  const { chain, contracts, id, study, history, findings } = audit;
  const before = findings.found.length;
  findings.examine('the events of a study make up one history');
  for (const fault of history.faults) findings.add('HISTORY_MISMATCH', { what: fault, implicated: 'node' });
  const same = (field: string, stored: string | number, told: string | number) => {
    findings.examine('what storage holds of a study equals what events make of it');
    const what = `the study's ${field} in storage is not what its events tell`;
    findings.compare('HISTORY_MISMATCH', stored, told, { what, implicated: 'node' });
  };
  same('operator', study.operator, history.operator);
  same('coordinator', study.coordinator, history.coordinator);
  same('plan', study.plan, history.plan);
  same('initial model', study.initialModel, history.initialModel);
  same('quorum', study.minIncluded, history.minIncluded);
  same('time of opening', study.openedAt, history.opened);
  same('outcome', study.outcome, history.outcome ?? 0);
  same('model', study.model, history.rounds.at(-1)?.globalModel ?? study.initialModel);
  same('head', study.head, history.head);
  const rounds: HistoryRound[] = [];
  const hashes = await storedRecordHashes(chain, contracts.ledger, id, study.lastRound);
  for (const [i, stored] of hashes.entries()) {
    const round = i + 1;
    findings.examine('a record’s hash, recomputed from its events, is the one in storage');
    const told = history.rounds.find((one) => one.round === round);
    if (told === undefined) {
      const what = `the ledger counts ${study.lastRound} records, and no event tells of round ${round}`;
      findings.add('ROUND_GAP', { round, what, expected: stored, implicated: 'node' });
    } else {
      const what = `the record of round ${round} in storage is not the one that events tell`;
      const held = findings.compare('HISTORY_MISMATCH', stored, hashOf(audit, told), {
        ...{ round, what, implicated: 'node' },
      });
      if (held) rounds.push(told);
    }
  }
  const whole = findings.found.length === before;
  checkBases(audit, rounds);
  return { rounds, whole };
}

/** The record's hash, from what its events tell. */
function hashOf({ id }: Audit, { time, entries, ...record }: HistoryRound): Digest {
  return recordHash({ ...record, study: id, timestamp: time, entries: encodeEntries(entries) });
}

function checkBases({ study, findings }: Audit, rounds: readonly HistoryRound[]): void {
  const modelOf = new Map([[0, study.initialModel], ...rounds.map((one) => [one.round, one.globalModel] as const)]);
  for (const { round, baseModel } of rounds) {
    const base = modelOf.get(round - 1);
    if (base === undefined) continue;
    findings.examine('a round is built on the model that the last one made');
    const what = `round ${round} was not built on the model that stood before it`;
    findings.compare('BASE_MISMATCH', base, baseModel, { round, what, implicated: 'coordinator' });
  }
}

/** Whether what the ledger counts of each member is the sum of the records. */
export async function checkTotals({ chain, contracts, id, history, findings }: Audit): Promise<void> {
  const contributions = contributionsOf(history);
  const slots = contributions.map(({ slot }) => slot);
  const stored = await storedTotals(chain, contracts.ledger, id, slots);
  for (const [i, { slot, rounds, samples }] of contributions.entries()) {
    findings.examine('a member’s totals on chain are the sum of its records');
    const told = `${rounds} rounds, ${samples} samples`;
    const held = `${stored[i]?.rounds} rounds, ${stored[i]?.samples} samples`;
    const what = `the ledger's totals of slot ${slot} are not the sum of its records`;
    findings.compare('TOTALS_MISMATCH', told, held, { slot, what, implicated: 'admin' });
  }
}
