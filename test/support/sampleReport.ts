import { contributionsOf } from '../../audit/Audit.ts';
import type { SlotEntry } from '../../audit/events.ts';
import { type Finding, type FindingCode, findingCodes } from '../../audit/findings.ts';
import type { HistoryRound, StudyHistory } from '../../audit/replay.ts';
import type { Report } from '../../audit/verify.ts';
import { OUTCOME, REASON, STATUS } from '../../core/statements/entries.ts';
import { address, type Digest, digest, type Slot, slot, ZERO_DIGEST } from '../../core/values.ts';

interface Size {
  readonly members: number;
  readonly rounds: number;
}

const OPENED = 1_790_000_000;

/** Another digest for every number. */
function numbered(n: number): Digest {
  return digest(`0x${(n + 1).toString(16).padStart(8, 'a').repeat(8)}`);
}

const account = (n: number) => address(`0x${(n + 1).toString(16).padStart(8, 'b').repeat(5)}`);

/** A report as a verifier would make it of a study in which now and then a member is left out and a round fails. */
export function sampleReport({ members, rounds }: Size, changes: Partial<Report> = {}): Report {
  const history = sampleHistory({ members, rounds });
  return {
    study: history.study,
    chainId: 1337,
    block: { number: 4000, hash: numbered(7), time: OPENED + rounds * 3600 + 9000 },
    contracts: { ledger: account(1), consortium: account(2), dataUse: account(3), verdicts: account(4) },
    basis: { kind: 'node' },
    verified: true,
    final: true,
    findings: [],
    unchecked: [],
    checks: [
      { check: 'runtime code of a contract equals the released build', examined: 4 },
      { check: 'a manifest says what its record says', examined: rounds },
      { check: 'a statement is signed by a key that its member had then', examined: members * rounds },
      { check: 'a global model, made anew from its base and updates, is the one on record', examined: rounds },
    ],
    history,
    contributions: contributionsOf(history),
    ...changes,
  };
}

function sampleHistory({ members, rounds }: Size): StudyHistory {
  const slots = Array.from({ length: members }, (_, i) => slot(i + 1));
  return {
    ...{ study: numbered(1), operator: account(5), coordinator: account(6), plan: numbered(2) },
    ...{ initialModel: numbered(100), minIncluded: Math.min(2, members), opened: OPENED },
    ...{
      started: slots,
      startedAt: OPENED + 1800,
      outcome: OUTCOME.COMPLETED,
      closedAt: OPENED + rounds * 3600 + 7200,
    },
    rounds: Array.from({ length: rounds }, (_, i) => sampleRound(slots, i + 1)),
    notes: [{ kind: numbered(8), digest: numbered(9), transaction: numbered(10), block: 30, time: OPENED + 5400 }],
    ...{ head: numbered(11), faults: [] },
  };
}

function sampleRound(slots: readonly Slot[], round: number): HistoryRound {
  const outcome = round % 11 === 5 ? OUTCOME.FAILED : round % 23 === 9 ? OUTCOME.ABORTED : OUTCOME.COMPLETED;
  return {
    ...{ round, outcome, baseModel: numbered(99 + round), globalModel: numbered(100 + round) },
    ...{ manifest: numbered(10_000 + round), recordHash: numbered(20_000 + round), head: numbered(30_000 + round) },
    ...{
      transaction: numbered(40_000 + round),
      block: 20 + 12 * round,
      time: OPENED + 3600 * round + ((round * 977) % 1900),
    },
    entries: slots.map((one) => sampleEntry(one, round, outcome === OUTCOME.COMPLETED)),
  };
}

function sampleEntry(of: Slot, round: number, completed: boolean): SlotEntry {
  const none = { slot: of, update: ZERO_DIGEST, samples: 0 };
  if ((of * 7 + round * 3) % 17 === 0) return { ...none, status: STATUS.ABSENT, reason: REASON.NO_ANSWER };
  if ((of * 5 + round) % 29 === 0) return { ...none, status: STATUS.NOT_SELECTED, reason: REASON.NONE };
  const sent = {
    slot: of,
    update: numbered(50_000 + of * 1000 + round),
    samples: 60 + ((of * 397) % 940) + ((round * of) % 13),
  };
  if (!completed) return { ...sent, status: STATUS.EXCLUDED, reason: REASON.ROUND_FAILED };
  if ((of + round) % 19 === 0) return { ...sent, status: STATUS.EXCLUDED, reason: REASON.AFTER_DEADLINE };
  return { ...sent, status: STATUS.INCLUDED, reason: REASON.NONE };
}

/** One finding of every code, in the order of their names: notices and faults mixed. */
export function everyFinding(): Finding[] {
  const codes = (Object.keys(findingCodes) as FindingCode[]).sort();
  return codes.map((code, i) => ({
    ...{ code, severity: findingCodes[code].severity, check: 'a manifest says what its record says' },
    ...(i % 3 === 0 ? {} : { round: i }),
    ...(i % 2 === 0 ? {} : { slot: i }),
    what: `what was found of number ${i}`,
    ...(i % 4 === 0 ? {} : { expected: numbered(i), found: numbered(i + 1) }),
    implicated: i % 2 === 0 ? 'coordinator' : `member ${i}`,
  }));
}
