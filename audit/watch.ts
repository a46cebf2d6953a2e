import * as z from 'zod';
import { digestSchema, instantSchema, roundSchema } from '../core/schemas.ts';
import { type Finding, keyOf } from './findings.ts';
import type { HistoryRound, StudyHistory } from './replay.ts';
import { type Report, type Request, verify } from './verify.ts';

/** What a reader saw of a round, and where: to be published, so that others can hold theirs against it. */
export const seenSchema = z.strictObject({
  study: digestSchema,
  round: roundSchema,
  recordHash: digestSchema,
  head: digestSchema,
  block: z.int().min(0),
  blockHash: digestSchema,
  time: instantSchema,
});
export type SeenHead = z.infer<typeof seenSchema>;

export const watchStateSchema = z.strictObject({
  schema: z.literal('syndic.watch/1'),
  study: digestSchema,
  /** Every record so far, in the order in which they were seen. */
  seen: z.array(seenSchema),
  /** Rounds up to this one were verified without a fault. */
  clean: z.int().min(0),
  /** Findings that were told of already. */
  told: z.array(z.string()),
});
export type WatchState = z.infer<typeof watchStateSchema>;

/** What one look at the chain brought. */
export interface Look {
  readonly report: Report;
  /** Rounds that were not there at the last look, with what was found of each. */
  readonly landed: readonly { readonly seen: SeenHead; readonly outcome: number; readonly faults: number }[];
  /** Findings of which nobody was told yet. */
  readonly news: readonly Finding[];
  /** To be kept once the news are told. */
  readonly next: WatchState;
}

export function firstLook(study: WatchState['study']): WatchState {
  return { schema: 'syndic.watch/1', study, seen: [], clean: 0, told: [] };
}

/**
 * Verifies what came since the last look, and holds the heads against those that this reader saw before and that others
 * published.
 *
 * @param published of any study; those of others are passed over
 * @throws as `verify`
 */
export async function look(
  request: Omit<Request, 'study' | 'from'>,
  state: WatchState,
  published: readonly SeenHead[],
): Promise<Look> {
  const { study } = state;
  const report = await verify({ ...request, study, from: state.clean + 1 });
  const { history, block } = report;
  const known = new Set(state.seen.map(({ round, recordHash }) => `${round}/${recordHash}`));
  const fresh = history.rounds
    .filter(({ round, recordHash }) => !known.has(`${round}/${recordHash}`))
    .map(({ round, recordHash, head, time, outcome }) => {
      const seen = { study, round, recordHash, head, time, block: block.number, blockHash: block.hash };
      return { seen, outcome };
    });
  const conflicts = [
    ...conflictsWith(report, state.seen, 'this reader saw before'),
    ...conflictsWith(
      report,
      published.filter((one) => one.study === study),
      'another reader published',
    ),
  ];
  const findings = [...report.findings, ...conflicts];
  const told = new Set(state.told);
  return {
    report: { ...report, findings, verified: findings.every(({ severity }) => severity === 'notice') },
    landed: fresh.map(({ seen, outcome }) => ({ seen, outcome, faults: faultsIn(findings, seen.round) })),
    news: findings.filter((finding) => !told.has(keyOf(finding))),
    next: {
      // Nothing that was seen is forgotten: a record that took another's place stays a conflict.
      ...{ schema: 'syndic.watch/1', study, seen: [...state.seen, ...fresh.map(({ seen }) => seen)] },
      clean: cleanUpTo(history, findings, state.clean),
      told: findings.map(keyOf),
    },
  };
}

/** Where a chain's rounds are others than those that somebody saw, or are gone from it. */
function conflictsWith({ history, block }: Report, others: readonly SeenHead[], who: string): Finding[] {
  return others.flatMap((other): Finding[] => {
    const mine = history.rounds.find(({ round }) => round === other.round);
    // What was seen later than this may still come.
    if (mine === undefined) return other.block > block.number ? [] : [conflict(other, who, null)];
    return mine.recordHash === other.recordHash && mine.head === other.head ? [] : [conflict(other, who, mine)];
  });
}

function conflict(other: SeenHead, who: string, mine: HistoryRound | null): Finding {
  const { round } = other;
  const seen = `the one that ${who} at block ${other.block} (${other.blockHash})`;
  return {
    ...{ code: 'HEAD_CONFLICT', severity: 'fault', check: 'heads are those that others saw', round },
    what: mine === null ? `round ${round} is gone: ${seen}` : `round ${round} is another than ${seen}`,
    expected: `${other.recordHash}, head ${other.head}`,
    found: mine === null ? 'no record' : `${mine.recordHash}, head ${mine.head}`,
    implicated: 'node',
  };
}

/** Rounds with a fault are looked at again: what was missing may have come. */
function cleanUpTo({ rounds }: StudyHistory, findings: readonly Finding[], before: number): number {
  const general = findings.some(({ severity, round }) => severity === 'fault' && round === undefined);
  if (general) return before;
  const firstBad = rounds.find(({ round }) => faultsIn(findings, round) > 0);
  return firstBad === undefined ? rounds.length : Math.min(firstBad.round - 1, rounds.length);
}

function faultsIn(findings: readonly Finding[], of: number): number {
  return findings.filter(({ severity, round }) => severity === 'fault' && round === of).length;
}
