import { topicOf, verdictsAbi } from '../../coordinator/chain/abi.ts';
import { allLogs } from '../../coordinator/chain/allLogs.ts';
import type { NodeLog } from '../../coordinator/chain/node.ts';
import { OMISSIONS, type Omission } from '../../core/statements/verdict.ts';
import { type Address, type Slot, type StudyId, slot as toSlot } from '../../core/values.ts';
import type { ChainLine } from './connectChain.ts';
import { read } from './read.ts';

/** What members said of one record, and what receipts prove against it. */
export interface RoundVerdicts {
  readonly attested: readonly Slot[];
  readonly disputes: readonly DisputeTold[];
  /** Receipts that the record is proven to break. */
  readonly omissions: readonly { readonly slot: Slot; readonly omission: Omission }[];
  /** Seconds by which it missed a receipt's time, as far as that is on record; 0: nothing is. */
  readonly secondsLate: number;
}

export interface DisputeTold {
  readonly slot: Slot;
  /** As `DISPUTE_REASON` numbers it. */
  readonly reason: number;
  readonly state: 'disputed' | 'withdrawn' | 'dismissed';
}

interface Draft {
  readonly attested: Slot[];
  readonly disputes: Map<Slot, DisputeTold>;
  readonly omissions: Map<Slot, Omission>;
  secondsLate: number;
}

const NAMES = new Map(
  ['Attested', 'Disputed', 'DisputeWithdrawn', 'DisputeDismissed', 'OmissionProven', 'Late'].map((name) => [
    String(topicOf(verdictsAbi, name)),
    name,
  ]),
);

/** By round, from the events of Verdicts up to `block`; rounds of which nothing was said are not there. */
export async function roundVerdicts(
  { rpc }: ChainLine,
  verdicts: Address,
  study: StudyId,
  block: number,
): Promise<ReadonlyMap<number, RoundVerdicts>> {
  const logs = await allLogs(rpc, { from: 0, to: block, addresses: [verdicts], topics: [null, study] });
  const drafts = new Map<number, Draft>();
  for (const log of logs) note(drafts, log);
  return new Map(
    [...drafts].map(([round, { attested, disputes, omissions, secondsLate }]) => [
      round,
      {
        attested: attested.sort((a, b) => a - b),
        disputes: [...disputes.values()].sort((a, b) => a.slot - b.slot),
        omissions: [...omissions].map(([slot, omission]) => ({ slot, omission })).sort((a, b) => a.slot - b.slot),
        secondsLate,
      },
    ]),
  );
}

function note(drafts: Map<number, Draft>, { topics, data }: NodeLog): void {
  const name = NAMES.get(topics[0] ?? '');
  if (name === undefined) return;
  const event = verdictsAbi.decodeEventLog(name, data, topics);
  const [round, slot] = [Number(event.round), toSlot(Number(event.slot))];
  const draft: Draft = drafts.get(round) ?? { attested: [], disputes: new Map(), omissions: new Map(), secondsLate: 0 };
  drafts.set(round, draft);
  const close = (state: DisputeTold['state']) => {
    const opened = draft.disputes.get(slot);
    if (opened !== undefined) draft.disputes.set(slot, { ...opened, state });
  };
  if (name === 'Attested') draft.attested.push(slot);
  else if (name === 'Disputed') draft.disputes.set(slot, { slot, reason: Number(event.reason), state: 'disputed' });
  else if (name === 'DisputeWithdrawn') close('withdrawn');
  else if (name === 'DisputeDismissed') close('dismissed');
  else if (name === 'OmissionProven') draft.omissions.set(slot, OMISSIONS[Number(event.omission)] ?? 'none');
  else draft.secondsLate = Number(event.secondsLate);
}

export const NOTHING_SAID: RoundVerdicts = { attested: [], disputes: [], omissions: [], secondsLate: 0 };

/** Where the storage of Verdicts says something else than its events did. */
export async function verdictFaults(
  { provider }: ChainLine,
  verdicts: Address,
  study: StudyId,
  told: { readonly round: number; readonly verdicts: RoundVerdicts },
  block: number,
): Promise<string[]> {
  const contract = { abi: verdictsAbi, address: verdicts };
  const stored = async (method: string, ...args: readonly unknown[]) =>
    await read(provider, contract, method, [study, told.round, ...args], block);
  const { attested, disputes, omissions, secondsLate } = told.verdicts;
  const open = disputes.filter(({ state }) => state === 'disputed').length;
  const [counts, late] = await Promise.all([stored('verdicts'), stored('secondsLate')]);
  const faults: string[] = [];
  const compare = (what: string, fromEvents: string, fromStorage: string) => {
    if (fromEvents === fromStorage) return;
    faults.push(`${what} of round ${told.round}: events make it ${fromEvents}, the contract stores ${fromStorage}`);
  };
  compare('verdicts', `${attested.length} for, ${open} against`, `${counts[0]} for, ${counts[1]} against`);
  compare('lateness', String(secondsLate), String(late[0]));
  for (const { slot, omission } of omissions) {
    const [found] = await stored('omission', slot);
    compare(`broken receipt of slot ${slot}`, omission, OMISSIONS[Number(found)] ?? String(found));
  }
  return faults;
}
