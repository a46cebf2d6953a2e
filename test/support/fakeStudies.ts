import type { MemberVerdict, OfferedTask, Relayed, Studies, TaskProgress } from '../../coordinator/studies/port.ts';
import type { Slot } from '../../core/values.ts';

/** Tasks that a test offers and takes back, and what members said of them. */
export class FakeStudies implements Pick<Studies, 'tasksFor' | 'heartbeat' | 'refuse' | 'answer'> {
  readonly offered = new Map<string, OfferedTask>();
  readonly beats: { slot: Slot; tasks: readonly TaskProgress[] }[] = [];
  readonly refused: { slot: Slot; task: string; code: string; message: string }[] = [];
  readonly answered: MemberVerdict[] = [];
  /** What whoever answers is told. */
  relayed: Relayed = { state: 'taken', error: null };
  /** Tasks that the next heartbeats are told to drop. */
  readonly unwanted = new Map<string, string>();
  failure: Error | null = null;
  /** Called once, between a look at the tasks and its answer. */
  meanwhile: (() => void) | null = null;

  async tasksFor(slot: Slot): Promise<OfferedTask[]> {
    if (this.failure !== null) throw this.failure;
    const found = [...this.offered.values()].filter((task) => task.slot === slot);
    const { meanwhile } = this;
    this.meanwhile = null;
    meanwhile?.();
    return found;
  }

  async heartbeat(slot: Slot, tasks: readonly TaskProgress[]): Promise<{ id: string; reason: string }[]> {
    this.beats.push({ slot, tasks });
    return [...this.unwanted]
      .map(([id, reason]) => ({ id, reason }))
      .filter(({ id }) => tasks.some((t) => t.id === id));
  }

  async refuse(slot: Slot, task: string, code: string, message: string): Promise<void> {
    this.refused.push({ slot, task, code, message });
  }

  async answer(verdict: MemberVerdict): Promise<Relayed> {
    this.answered.push(verdict);
    return this.relayed;
  }
}
