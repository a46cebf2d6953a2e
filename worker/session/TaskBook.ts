import { SyndicError } from '../../core/errors/SyndicError.ts';
import { round, slot } from '../../core/values.ts';
import type { Task__Output } from '../../proto/generated/syndic/v1/Task.ts';
import { wireDigest, wireInstant, wireValue } from '../../proto/wireValues.ts';
import type { TaskOffer } from './port.ts';

export interface TaskProgress {
  readonly phase: string;
  readonly done: number;
  readonly total: number;
}

/** What this session knows of its tasks: which were offered, which are no longer wanted, how far each is. */
export class TaskBook {
  private readonly offered = new Map<string, AbortController>();
  private readonly atWork = new Map<string, TaskProgress>();

  /** The offer, once: after a broken line the coordinator offers again what is still open. */
  offer(task: Task__Output): TaskOffer | null {
    if (this.offered.has(task.id)) return null;
    const controller = new AbortController();
    const offer = {
      id: task.id,
      kind: task.kind,
      study: wireDigest(task.study, 'study'),
      round: wireValue('round', () => round(task.round)),
      slot: wireValue('slot', () => slot(task.slot)),
      plan: wireDigest(task.plan, 'plan'),
      baseModel: wireDigest(task.baseModel, 'base_model'),
      opened: wireInstant(task.opened, 'opened'),
      deadline: wireInstant(task.deadline, 'deadline'),
      recordBy: wireInstant(task.recordBy, 'record_by'),
      cancelled: controller.signal,
    };
    this.offered.set(task.id, controller);
    return offer;
  }

  cancel(id: string, reason: string): void {
    this.offered.get(id)?.abort(new SyndicError('STATE_CONFLICT', `the coordinator cancelled the task: ${reason}`));
  }

  /** @returns whether this task was not at work before */
  progress(id: string, at: TaskProgress | null): boolean {
    const news = !this.atWork.has(id);
    if (at === null) this.atWork.delete(id);
    else this.atWork.set(id, at);
    return news && at !== null;
  }

  /** What the next heartbeat tells. */
  report(): ({ id: string } & TaskProgress)[] {
    return [...this.atWork].map(([id, at]) => ({ id, ...at }));
  }
}
