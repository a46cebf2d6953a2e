import type { Manifest } from '../../core/manifest/Manifest.ts';
import { initialDigest } from '../../core/model/initialModel.ts';
import { OUTCOME, STATUS } from '../../core/statements/ledger.ts';
import type { PlannedAudit } from '../Audit.ts';
import type { Remade, RemakeJob } from '../remake.ts';
import type { HistoryRound } from '../replay.ts';

/** Whether the model that the study began with is the one that its plan's seed makes. @returns whether it is */
export function checkInitialModel({ study, plan, findings }: PlannedAudit): boolean {
  findings.examine('the initial model, made anew from the plan, is the one on chain');
  const what = 'the initial model on chain is not the one that the plan makes';
  const made = initialDigest(plan);
  return findings.compare('INITIAL_MODEL_MISMATCH', made, study.initialModel, { what, implicated: 'operator' });
}

/**
 * What a completed round's global model is made of; null of a round that made none.
 *
 * @param follows whether the initial model is the one that the plan makes
 */
export function remakeJob(
  { study, plan }: PlannedAudit,
  round: HistoryRound,
  manifest: Manifest,
  follows: boolean,
): RemakeJob | null {
  if (round.outcome !== OUTCOME.COMPLETED) return null;
  const weighed = manifest.entries.filter(({ status }) => status === STATUS.INCLUDED);
  const included = round.entries.filter(({ status }) => status === STATUS.INCLUDED);
  const updates = included.map(({ slot, update }, i) => ({ slot, weight: weighed[i]?.weight ?? 0, update }));
  const { seed, model } = plan;
  const isInitial = follows && round.baseModel === study.initialModel;
  return {
    ...{ strategy: plan.strategy.name, base: round.baseModel, updates },
    ...(isInitial ? { initial: { seed, model } } : {}),
  };
}

/** Whether the model that was made anew is the one on record. What could not be made is told, and why. */
export function checkModel({ findings }: PlannedAudit, round: HistoryRound, job: RemakeJob, remade: Remade): void {
  const { missing, damaged, digest, fault } = remade;
  const needed = 1 + job.updates.length;
  const about = { round: round.round, implicated: 'coordinator' } as const;
  for (let whole = missing.length; whole < needed; whole++) {
    findings.examine('a model or update has the SHA-256 that it is named by');
  }
  for (const one of damaged) {
    const what = `the file named ${one} has other bytes`;
    findings.add('FILE_DAMAGED', { round: round.round, what, implicated: 'store' });
  }
  const unread = [...missing, ...damaged];
  if (unread.length > 0) {
    const why = `${unread.length} of the ${needed} files that it is made of may not be read here: ${unread.join(', ')}`;
    findings.skip({ what: 'the global model was not made anew', why, round: round.round });
    return;
  }
  findings.examine('a global model, made anew from its base and updates, is the one on record');
  if (digest === null) {
    const what = `no global model comes of the base and updates of round ${round.round}: ${fault}`;
    findings.add('MODEL_MISMATCH', { ...about, what });
    return;
  }
  const what = `the global model of round ${round.round} is not what its base and updates make`;
  findings.compare('MODEL_MISMATCH', digest, round.globalModel, { ...about, what });
}
