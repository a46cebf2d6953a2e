import { setTimeout as sleep } from 'node:timers/promises';
import { fromGrpcError } from '../../proto/errors.ts';
import type { HeartbeatResponse__Output } from '../../proto/generated/syndic/v1/HeartbeatResponse.ts';
import { soon, unary } from './calls.ts';
import type { Line } from './Line.ts';
import type { Lines } from './Lines.ts';
import type { SessionLog } from './modules.ts';
import type { TaskBook } from './TaskBook.ts';

export interface HeartModules {
  readonly lines: Lines;
  readonly book: TaskBook;
  readonly log: SessionLog;
}

/** Beats on its own time, whatever the tasks are doing. Returns what makes it beat at once. */
export function startHeart(
  { seconds, signal }: { seconds: number | null; signal: AbortSignal },
  modules: HeartModules,
): () => void {
  const { lines } = modules;
  let early = new AbortController();

  async function run(): Promise<void> {
    while (!signal.aborted) {
      early = new AbortController();
      const line = lines.current;
      if (line !== null) await beat(line, signal, modules);
      const milliseconds = 1000 * (seconds ?? line?.heartbeatSeconds ?? 1);
      // Aborted is woken; either way there is something to do.
      await sleep(milliseconds, undefined, { signal: AbortSignal.any([signal, early.signal]), ref: false }).catch(
        () => undefined,
      );
    }
  }

  void run();
  return () => early.abort();
}

async function beat(line: Line, signal: AbortSignal, { lines, book, log }: HeartModules): Promise<void> {
  const tasks = book.report();
  if (tasks.length === 0) return;
  try {
    const answer = await unary<HeartbeatResponse__Output>((callback) => {
      return line.tasks.heartbeat({ tasks }, line.metadata, soon(), callback);
    }, signal);
    for (const { id, reason } of answer.cancelled) book.cancel(id, reason);
  } catch (thrown) {
    const error = fromGrpcError(thrown);
    log.debug({ code: error.code }, `heartbeat failed: ${error.message}`);
    lines.broke(line, error);
  }
}
