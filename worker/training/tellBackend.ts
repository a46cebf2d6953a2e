import type { Loaded } from './backends.ts';

/** What is used of the worker's log. */
interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Says in the worker's log what training runs on, and, when that is not the first choice, why. */
export function tellBackend({ runtime, skipped }: Loaded, log: Log): void {
  if (skipped.length === 0) log.info(runtime, `training runs on ${runtime.backend}`);
  else {
    const advice = 'npm run tfjs:native builds the native backend';
    log.warn({ ...runtime, skipped }, `training falls back to ${runtime.backend}: ${skipped.join('; ')} (${advice})`);
  }
}
