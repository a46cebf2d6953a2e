import { randomUUID } from 'node:crypto';
import { SyndicError, toSyndicError } from '../../core/errors/SyndicError.ts';
import type { Plan } from '../../core/plan/Plan.ts';
import type { Digest } from '../../core/values.ts';
import type { StoreConfig } from '../models/openStore.ts';
import type { ModelStore } from '../models/port.ts';
import type { AggregationJob, Aggregator } from './port.ts';
import { Thread } from './Thread.ts';

export interface ThreadedAggregatorOptions {
  /** The store that `models` is, as a thread can open it. */
  readonly store: StoreConfig;
  /** 1 … 4. The result does not depend on it. Default 1. */
  readonly threads?: number;
  /** Bytes of each file that a thread holds at a time; nor on this. Default 256 KiB: sums of more do not fit the caches. */
  readonly blockBytes?: number;
}

const DEFAULT_BLOCK = 256 * 1024;

/**
 * Aggregation in worker threads. The threads deal the file's blocks out among themselves; the blocks are put together
 * in order, hashed and stored as they come. A few blocks are held at a time, whatever the size of model and fleet.
 */
export function createThreadedAggregator(
  { store, threads = 1, blockBytes = DEFAULT_BLOCK }: ThreadedAggregatorOptions,
  { models }: { readonly models: Pick<ModelStore, 'put' | 'partial' | 'size'> },
): Aggregator {
  const pool: Thread[] = [];
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;

  function take(count: number): Thread[] {
    const alive = pool.filter((thread) => thread.alive);
    while (alive.length < count) alive.push(new Thread(store));
    pool.splice(0, pool.length, ...alive);
    return alive.slice(0, count);
  }

  async function run(job: AggregationJob): Promise<{ global: AggregationJob['base']; length: number }> {
    const length = await models.size(job.base);
    if (length === null) throw new SyndicError('NOT_FOUND', `the store lacks the base model ${job.base}`);
    const team = take(Math.min(threads, Math.max(1, Math.ceil(length / blockBytes))));
    for (const [index, thread] of team.entries()) {
      thread.start({ type: 'start', job, share: { index, of: team.length }, blockBytes });
    }
    try {
      const stored = await models.put(inTurn(team), length);
      return { global: stored.digest, length: stored.length };
    } catch (error) {
      await Promise.all(team.map((thread) => thread.stop().catch(() => thread.terminate())));
      throw error;
    }
  }

  async function makeInitial(plan: Pick<Plan, 'seed' | 'model'>, expected: Digest): Promise<void> {
    const [thread] = take(1);
    if (thread === undefined) throw new RangeError('a thread was taken');
    const partial = await models.partial(`initial-${randomUUID()}`);
    thread.start({ type: 'initial', plan: { seed: plan.seed, model: plan.model } });
    try {
      for (let block = await thread.next(); block !== null; block = await thread.next()) await partial.append(block);
      await partial.commit(expected);
    } catch (error) {
      await partial.discard();
      await thread.stop().catch(() => thread.terminate());
      const { code, details } = toSyndicError(error);
      if (code !== 'DIGEST_MISMATCH') throw error;
      const message = `the plan's seed makes another initial model than ${expected}, which the order names: make it of this plan`;
      throw new SyndicError('WRONG_BASE', message, details, { cause: error });
    }
  }

  /** One job at a time: a second would only share the same cores. */
  async function inTurnOf<T>(job: () => Promise<T>): Promise<T> {
    if (closed) throw new SyndicError('COORDINATOR_UNAVAILABLE', 'the coordinator is closing: try again later');
    const result = last.then(job);
    last = result.catch(() => undefined);
    return await result;
  }

  return {
    initial: (plan, expected) => inTurnOf(() => makeInitial(plan, expected)),
    aggregate: (job) => inTurnOf(() => run(job)),
    async close() {
      closed = true;
      await last;
      await Promise.all(pool.splice(0).map((thread) => thread.terminate()));
    },
  };
}

/** Header from the first thread, then a block of each in turn, until none is left. */
async function* inTurn(team: readonly Thread[]): AsyncGenerator<Uint8Array> {
  const [first] = team;
  if (first === undefined) return;
  const header = await first.next();
  if (header !== null) yield header;
  let k = 0;
  for (let block = await team[0]?.next(); block != null; block = await team[++k % team.length]?.next()) yield block;
  // After the first thread that has no more, none has; each still says so, or what went wrong.
  for (let others = 1; others < team.length; others++) await team[(k + others) % team.length]?.next();
}
