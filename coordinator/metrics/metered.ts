import type { Aggregator } from '../aggregation/port.ts';
import type { Intake, Upload } from '../intake/port.ts';
import type { ModelStore } from '../models/port.ts';
import type { Studies } from '../studies/port.ts';
import type { Metrics } from './port.ts';

/** The rooms, each as it is, with what goes through it counted: none of them knows that it is watched. */

export function meteredIntake(intake: Intake, metrics: Metrics): Intake {
  return {
    present: (slot, held, complete) => intake.present(slot, held, complete),
    state: (slot, task, update) => intake.state(slot, task, update),
    async begin(slot, begin) {
      return meteredUpload(await intake.begin(slot, begin), metrics);
    },
  };
}

function meteredUpload(upload: Upload, metrics: Metrics): Upload {
  return {
    async chunk(offset, data) {
      await upload.chunk(offset, data);
      metrics.received(data.byteLength);
    },
    finish: () => upload.finish(),
    suspend: () => upload.suspend(),
  };
}

export function meteredFiles<S extends Pick<ModelStore, 'open' | 'size'>>(models: S, metrics: Metrics) {
  return {
    size: (digest: Parameters<S['size']>[0]) => models.size(digest),
    async *open(digest: Parameters<S['open']>[0], from?: number): AsyncGenerator<Uint8Array> {
      for await (const chunk of models.open(digest, from)) {
        metrics.sent(chunk.byteLength);
        yield chunk;
      }
    },
  };
}

type FleetStudies = Pick<Studies, 'tasksFor' | 'heartbeat' | 'refuse' | 'answer'>;

export function meteredStudies(studies: FleetStudies, metrics: Metrics): FleetStudies {
  return {
    tasksFor(slot) {
      metrics.seen(slot);
      return studies.tasksFor(slot);
    },
    heartbeat(slot, tasks) {
      metrics.seen(slot);
      return studies.heartbeat(slot, tasks);
    },
    async refuse(slot, task, code, message) {
      await studies.refuse(slot, task, code, message);
      metrics.taskRefused(code);
    },
    answer: (verdict) => studies.answer(verdict),
  };
}

export function meteredAggregator(aggregator: Aggregator, metrics: Metrics): Aggregator {
  return {
    initial: (plan, expected) => aggregator.initial(plan, expected),
    aggregate: (job) => timed(() => aggregator.aggregate(job), metrics.aggregated),
    close: () => aggregator.close(),
  };
}

/** Runs `work` and says how long it took, and whether it failed. */
export async function timed<T>(work: () => Promise<T>, told: (seconds: number, failed: boolean) => void): Promise<T> {
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  try {
    const result = await work();
    told(seconds(), false);
    return result;
  } catch (error) {
    told(seconds(), true);
    throw error;
  }
}
