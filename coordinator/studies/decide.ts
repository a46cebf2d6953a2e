import { strategies } from '../../core/aggregate/strategies.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { encodeManifest, type Manifest, type ManifestEntry } from '../../core/manifest/Manifest.ts';
import type { Plan } from '../../core/plan/Plan.ts';
import { OUTCOME, type Outcome, REASON, type Reason, STATUS } from '../../core/statements/entries.ts';
import { type Digest, digest } from '../../core/values.ts';
import { inStep } from './chainAhead.ts';
import type { Context } from './context.ts';
import { type AcceptedTask, type Judgement, judge } from './judge.ts';
import { moveRound, tell, transition } from './move.sql.ts';
import { type RoundRow, type StudyRow, tasksOf } from './rows.sql.ts';
import { poll, type Step } from './Step.ts';

/** closed → aggregated: who is included, what model comes of it, and the manifest that says so. */
export async function decideRound(context: Context, study: StudyRow, round: RoundRow): Promise<Step> {
  const onChain = await context.chain.study(digest(study.id));
  if (inStep(study, onChain, round.round - 1) === null) return poll(context);
  const plan = await context.plan(study.plan);
  const judged = await judge(context, study, round, await tasksOf(context.db, round));
  const { outcome, global, fault } = await resultOf(context, study, round, plan, judged);
  const manifest = manifestOf(study, round, plan, { outcome, global, entries: entriesOf(judged, outcome, plan) });
  const bytes = encodeManifest(manifest);
  const stored = await context.models.put([bytes], bytes.byteLength);
  await transition(context, 'round.aggregated', async (tx) => {
    await moveRound(tx, round, 'decided', { outcome, global_model: global, manifest: stored.digest });
    const data = { outcome, global, manifest: stored.digest, included: includedOf(manifest), fault };
    await tell(tx, context, { study: study.id, round: round.round, type: 'round.aggregated', data });
  });
  return 'moved';
}

interface Result {
  readonly outcome: Outcome;
  readonly global: Digest;
  /** Why the round failed. */
  readonly fault?: string;
}

async function resultOf(
  context: Context,
  study: StudyRow,
  round: RoundRow,
  plan: Plan,
  judged: readonly Judgement[],
): Promise<Result> {
  const base = digest(round.base_model);
  if (round.outcome === OUTCOME.ABORTED) return { outcome: OUTCOME.ABORTED, global: base };
  const updates = judged.flatMap(({ slot, task, reason }) =>
    task !== null && reason === REASON.NONE ? [{ slot, update: task.update, weight: weightOf(plan, slot, task) }] : [],
  );
  if (updates.length < study.min_included) {
    const fault = `${updates.length} updates count; ${study.min_included} are needed`;
    return { outcome: OUTCOME.FAILED, global: base, fault };
  }
  try {
    const { global } = await context.aggregator.aggregate({ strategy: plan.strategy, base, updates });
    return { outcome: OUTCOME.COMPLETED, global };
  } catch (error) {
    if (!(error instanceof SyndicError) || error.code !== 'AGGREGATE_NOT_FINITE') throw error;
    return { outcome: OUTCOME.FAILED, global: base, fault: error.message };
  }
}

function weightOf(plan: Plan, slot: number, { samples }: AcceptedTask): number {
  return strategies[plan.strategy.name].weightOf({ slot, samples }, plan);
}

function entriesOf(judged: readonly Judgement[], outcome: Outcome, plan: Plan): ManifestEntry[] {
  return judged.map(({ slot, task, reason }) => {
    if (task === null) return { slot, status: STATUS.ABSENT, reason: absentReason(reason, outcome) };
    const { statement, receipt, report } = task;
    const documents = { statement, receipt, report };
    if (outcome === OUTCOME.COMPLETED && reason === REASON.NONE) {
      return { slot, status: STATUS.INCLUDED, reason, weight: weightOf(plan, slot, task), ...documents };
    }
    return { slot, status: STATUS.EXCLUDED, reason: excludedReason(reason, outcome), ...documents };
  });
}

function excludedReason(reason: Reason, outcome: Outcome): Reason {
  if (reason !== REASON.NONE) return reason;
  return outcome === OUTCOME.ABORTED ? REASON.ROUND_ABORTED : REASON.ROUND_FAILED;
}

/** Who had no time left to answer in did not fail to. */
function absentReason(reason: Reason, outcome: Outcome): Reason {
  return reason === REASON.NO_ANSWER && outcome === OUTCOME.ABORTED ? REASON.ROUND_ABORTED : reason;
}

function manifestOf(
  study: StudyRow,
  round: RoundRow,
  plan: Plan,
  { outcome, global, entries }: Result & { entries: readonly ManifestEntry[] },
): Manifest {
  if (round.closed === null) throw new RangeError(`round ${round.round} of ${study.id} is decided before it closed`);
  return {
    schema: 'syndic.manifest/1',
    study: digest(study.id),
    round: round.round,
    outcome,
    plan: digest(study.plan),
    baseModel: digest(round.base_model),
    globalModel: global,
    strategy: plan.strategy,
    opened: round.opened,
    deadline: round.deadline,
    closed: round.closed,
    entries,
  };
}

function includedOf({ entries }: Manifest): number[] {
  return entries.flatMap(({ slot, status }) => (status === STATUS.INCLUDED ? [slot] : []));
}
