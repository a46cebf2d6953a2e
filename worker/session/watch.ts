import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Task__Output } from '../../proto/generated/syndic/v1/Task.ts';
import type { TaskEvent__Output } from '../../proto/generated/syndic/v1/TaskEvent.ts';
import type { Line } from './Line.ts';
import type { Lines } from './Lines.ts';
import type { SessionLog } from './modules.ts';
import type { OfferQueue } from './OfferQueue.ts';
import type { TaskOffer } from './port.ts';
import type { TaskBook } from './TaskBook.ts';

/**
 * Follows the stream of tasks through every break of the line, for as long as `signal` allows. Cancellations take
 * effect at once, however busy the consumer of the offers is.
 *
 * @throws SyndicError that no retry mends
 */
export async function followTasks(
  { lines, book, log }: { lines: Lines; book: TaskBook; log: SessionLog },
  offers: OfferQueue<TaskOffer>,
  signal: AbortSignal,
): Promise<never> {
  function takeOffer(task: Task__Output): void {
    try {
      const offer = book.offer(task);
      if (offer !== null) offers.put(offer);
    } catch (error) {
      // Whatever is wrong with one task, the others go on.
      log.warn({ task: task.id, error: String(error) }, 'an offer that cannot be read was left aside');
    }
  }

  function take({ offered, cancelled }: TaskEvent__Output): void {
    if (offered) takeOffer(offered);
    if (cancelled) {
      log.info({ task: cancelled.id, reason: cancelled.reason }, 'task cancelled');
      book.cancel(cancelled.id, cancelled.reason);
    }
  }

  return lines.attempt(signal, async (line, alive) => {
    for await (const event of watch(line, alive, signal)) take(event);
    throw new SyndicError('COORDINATOR_UNAVAILABLE', 'the coordinator ended the stream of tasks');
  });
}

async function* watch(line: Line, alive: () => void, signal: AbortSignal): AsyncGenerator<TaskEvent__Output> {
  const call = line.tasks.watch({}, line.metadata);
  const cancel = () => call.cancel();
  signal.addEventListener('abort', cancel);
  call.on('metadata', alive);
  // The loop below hears of errors; this one hears those that come when nobody iterates any more.
  call.on('error', () => undefined);
  try {
    yield* call;
  } finally {
    signal.removeEventListener('abort', cancel);
    cancel();
  }
}
