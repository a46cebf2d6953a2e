import { setTimeout as sleep } from 'node:timers/promises';
import type { StudyId } from '../../core/values.ts';
import type { Studies, StudyEvent } from '../studies/port.ts';

const POLL_MILLISECONDS = 250;

/**
 * Events after `after`; when there are none, waits up to `wait` seconds for one. The database is asked again and again,
 * because another process may have written them. Ends early, with nothing, when `signal` aborts.
 */
export async function eventsAfter(
  studies: Pick<Studies, 'events'>,
  study: StudyId,
  { after, wait, limit }: { after: number; wait: number; limit: number },
  signal: AbortSignal,
): Promise<StudyEvent[]> {
  for (let left = (wait * 1000) / POLL_MILLISECONDS; ; left--) {
    const events = await studies.events(study, after, limit);
    if (events.length > 0 || left <= 0 || signal.aborted) return events;
    await sleep(POLL_MILLISECONDS, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
}
