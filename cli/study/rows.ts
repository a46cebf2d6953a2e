import type { RoundDetail, StudyDetail, StudySummary, TaskDetail } from '../../coordinator/studies/port.ts';
import { isoTime, type Row, shortDigest } from '../output.ts';

const OUTCOMES: Readonly<Record<number, string>> = { 1: 'completed', 2: 'failed', 3: 'aborted' };

export const ROUND_HEAD = ['round', 'state', 'outcome', 'updates', 'global model', 'transaction', 'opened'];
export const TASK_HEAD = ['slot', 'task', 'progress', 'samples', 'update', 'loss', 'remark'];

export function stateOf({ state, paused }: StudySummary): string {
  return paused && state !== 'closed' ? `${state}, paused` : state;
}

export function roundRows(study: StudyDetail): Row[] {
  return study.attempts.map((round) => [
    round.round,
    round.state,
    round.outcome === null ? null : (OUTCOMES[round.outcome] ?? round.outcome),
    `${round.tasks.filter(({ state }) => state === 'accepted').length}/${round.tasks.length}`,
    round.global === null ? null : shortDigest(round.global),
    round.transaction === null ? null : shortDigest(round.transaction),
    isoTime(round.opened),
  ]);
}

export function taskRows(round: RoundDetail): Row[] {
  return [...round.tasks]
    .sort((a, b) => a.slot - b.slot)
    .map((task) => [
      task.slot,
      task.state,
      progress(task),
      task.samples,
      task.update === null ? null : shortDigest(task.update),
      loss(task),
      task.refusal === null ? null : `${task.refusal.code}: ${task.refusal.message}`,
    ]);
}

function progress({ phase, done, total, state }: TaskDetail): string | null {
  if (state !== 'leased' || phase === null) return null;
  return total > 0 ? `${phase} ${Math.floor((100 * done) / total)} %` : phase;
}

/** `0.69 → 0.61` on the site's own test rows, where it tells them. */
function loss({ metrics }: TaskDetail): string | null {
  if (metrics === null) return null;
  const [before, after] = [lossIn(metrics.before), lossIn(metrics.after)];
  return before === null && after === null ? null : `${before ?? 'withheld'} → ${after ?? 'withheld'}`;
}

function lossIn(metrics: unknown): string | null {
  if (typeof metrics !== 'object' || metrics === null || !('loss' in metrics)) return null;
  const { loss } = metrics;
  const value = typeof loss === 'object' && loss !== null && 'value' in loss ? loss.value : loss;
  return typeof value === 'number' ? value.toFixed(4) : null;
}
