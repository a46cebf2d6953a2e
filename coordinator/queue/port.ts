import type { StudyId } from '../../core/values.ts';

/** Wakes `advance(study)` up. Losing every job loses nothing; running one twice changes nothing. */
export interface Queue {
  /**
   * Asks for `advance(study)` now, or after `delaySeconds`. Jobs of one study that wait are one job. While the queue's
   * server is away it does not wait and does not throw: the wake is lost, and comes when every study is woken.
   */
  wake(study: StudyId, delaySeconds?: number): Promise<void>;
  /** Begins to take jobs; `handler` runs at most once at a time for one study in this process. */
  start(handler: (study: StudyId) => Promise<void>): Promise<void>;
  /** Stops taking jobs, waits for those running, frees connections. */
  close(): Promise<void>;
}
