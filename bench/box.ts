import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CoordinatorClient } from '../cli/http/CoordinatorClient.ts';
import type { StudyId } from '../core/values.ts';
import { Consortium } from '../embedded/Consortium.ts';
import { type Started, start, stop } from '../embedded/processes.ts';
import { NODE_FLAGS } from '../embedded/runSyndic.ts';
import { grantAll, openStudy, untilClosed } from '../embedded/study.ts';
import { BENCHMARK_ROWS, benchmarkPlan } from './plan.ts';
import { type LoggedEvent, readEvents } from './readEvents.ts';

export interface BenchBoxOptions {
  readonly sites: number;
  /** See `benchmarkPlan`. */
  readonly width: number;
  readonly rounds: number;
  /** Processes that the workers share. Default: one each. */
  readonly processes?: number;
  readonly tell: (line: string) => void;
  /** Called before the workers are started. */
  readonly prepared?: (consortium: Consortium) => Promise<void>;
}

/** A consortium in a box whose workers do not train. */
export interface BenchBox {
  readonly consortium: Consortium;
  readonly coordinator: Started;
  readonly workers: readonly Started[];
  /** Opens the study and follows it to its end. @returns what the coordinator told of it meanwhile */
  run(): Promise<{ study: StudyId; events: readonly LoggedEvent[] }>;
  close(): Promise<void>;
}

export async function openBox({
  sites,
  width,
  rounds,
  processes = sites,
  tell,
  prepared,
}: BenchBoxOptions): Promise<BenchBox> {
  const dir = await mkdtemp(join(tmpdir(), 'syndic-bench-'));
  const data = join(dir, 'rows.csv');
  const plan = join(dir, 'plan.json');
  await writeFile(data, BENCHMARK_ROWS);
  await writeFile(plan, JSON.stringify(benchmarkPlan({ width, rounds, sites })));
  const named = Array.from({ length: sites }, (_, i) => ({ name: `site-${i + 1}`, data }));
  const consortium = await Consortium.prepare({ dir, sites: named, plan, tell: () => undefined });
  const workers: Started[] = [];
  const close = async () => {
    await Promise.all(workers.map((worker) => stop(worker)));
    await consortium.stop();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const coordinator = await consortium.startCoordinator();
    await prepared?.(consortium);
    for (let k = 0; k < processes; k++) {
      const mine = consortium.members.filter((_, i) => i % processes === k);
      const file = join(dir, `workers-${k}.json`);
      await writeFile(
        file,
        JSON.stringify(mine.map((member) => ({ ...consortium.workerEnv(member), LOG_LEVEL: 'warn' }))),
      );
      const args = [...NODE_FLAGS, '--tls-min-v1.3', join(import.meta.dirname, 'worker.ts'), file];
      const logFile = join(dir, 'logs', `workers-${k}.log`);
      workers.push(await start(`workers ${k}`, process.execPath, args, { env: process.env, logFile, channel: true }));
    }
    tell(`${sites} workers in ${processes} processes`);
    const run = async () => {
      const client = await CoordinatorClient.logIn({ profile: consortium.profile });
      const study = await openStudy(consortium, client, plan);
      await grantAll(consortium, study, plan);
      const done = untilClosed(client, study);
      const { detail } = await Promise.race([done, consortium.untilOneEnds(), failed(workers)]);
      if (detail.completed !== rounds)
        throw new Error(`${detail.completed} of ${rounds} rounds were completed: see ${dir}/logs`);
      return { study, events: await readEvents(join(dir, 'logs', 'coordinator.log'), study) };
    };
    return { consortium, coordinator, workers, run, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function failed(workers: readonly Started[]): Promise<never> {
  const { code, signal } = await Promise.race(workers.map(({ ended }) => ended));
  throw new Error(`a worker process ended (${signal ?? code})`);
}
