import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SyndicError } from '../../../core/errors/SyndicError.ts';
import type { StudyId } from '../../../core/values.ts';
import { openStudy } from '../../../embedded/study.ts';
import { until } from '../until.ts';
import { type CrashBox, SLOTS } from './CrashBox.ts';
import type { Cell } from './cells.ts';
import { calmChain } from './chainScenarios.ts';
import { courseOf, writePlan } from './courses.ts';
import { findings } from './findings.ts';
import type { Scenario, Stage, Stop } from './Scenario.ts';
import { SCENARIOS } from './scenarios.ts';

/** Seconds within which a study comes to a point, and to its end: machines may be slow, and a round lasts its time. */
const PATIENCE = 400;
/** What a kill leaves in the store's folder of temporaries. */
const STRAY = 'put-00000000000000000000000000000000';

/**
 * Plays one cell: brings the transition about, stops the coordinator right after its commit, kills, starts again what
 * was killed, and follows the study to its end.
 *
 * @param redisUrl where the queue is when the cell's is Redis
 * @returns what is wrong afterwards: nothing, if all is well
 */
export async function playCell(box: CrashBox, cell: Cell, redisUrl?: string): Promise<string[]> {
  const scenario = SCENARIOS[cell.point];
  if (scenario === undefined) throw new Error(`no scenario brings ${cell.point} about: write one`);
  const course = await courseOf(box, scenario.course, scenario.plan);
  const queue: Record<string, string> = cell.queue === 'Redis' && redisUrl !== undefined ? { REDIS_URL: redisUrl } : {};
  const play = new Play(box, cell, scenario, { ...scenario.env, ...queue });
  try {
    const study = await play.run(await writePlan(box, scenario.course, scenario.plan));
    // Also one that died for the study: what it left half-written is its own to clear away.
    await box.arrangeWorkers('well');
    return await findings(box, study, course);
  } finally {
    await box.stopCoordinator();
    await calmChain(box);
    // They beat as the coordinator told them when they came to it.
    if (scenario.env?.HEARTBEAT_SECONDS !== undefined) await box.killWorkers();
  }
}

class Play {
  readonly #box: CrashBox;
  readonly #cell: Cell;
  readonly #scenario: Scenario;
  readonly #env: Readonly<Record<string, string>>;
  readonly #target: string;
  /** Stops that are still to be taken before the point of interest. */
  readonly #left: Stop[];
  #reached = false;
  /** The database is an old copy, and no recovery has ended since. */
  #lost = false;
  /** Settles when the coordinator that was begun last is ready, or has failed. */
  #starting: Promise<void> = Promise.resolve();

  constructor(box: CrashBox, cell: Cell, scenario: Scenario, env: Readonly<Record<string, string>>) {
    this.#box = box;
    this.#cell = cell;
    this.#scenario = scenario;
    this.#env = env;
    this.#target = scenario.nth === undefined ? cell.point : `${cell.point}:${scenario.nth}`;
    this.#left = [...(scenario.stops ?? [])];
  }

  /** @returns the study, which is closed */
  async run(plan: string): Promise<StudyId> {
    const { before, act = everybodyGrants, third = 'well' } = this.#scenario;
    const stage = this.#stage(plan);
    await this.#box.arrangeWorkers(third);
    await before?.(stage);
    this.#begin();
    await this.#starting;
    // What goes wrong there is told when it is waited for.
    const acting = act(stage);
    acting.catch(() => undefined);
    await this.#reach(stage);
    const study = await this.#box.study();
    await this.#kill(stage);
    await acting;
    await until(async () => this.#isClosed(study), PATIENCE);
    return study;
  }

  /** Whoever begins one need not wait for it: it may come to a stop before it is ready. */
  #begin(): void {
    this.#starting = this.#start();
    // One that is killed before it is ready fails, and nobody waits for it.
    this.#starting.catch(() => undefined);
  }

  async #start(): Promise<void> {
    if (this.#lost) await this.#box.recover(this.#environment());
    this.#lost = false;
    await this.#box.startCoordinator(this.#environment());
  }

  #environment(): Readonly<Record<string, string>> {
    if (this.#reached) return this.#env;
    const points = [...this.#left.map(({ at }) => at), this.#target];
    return { ...this.#env, SYNDIC_CRASH_AT: points.map((point) => `stop@${point}`).join(',') };
  }

  /** Takes every stop until the coordinator stands at the point of interest. */
  async #reach(stage: Stage): Promise<void> {
    const deadline = Date.now() + PATIENCE * 1000;
    for (;;) {
      const at = await this.#box.stoppedAt();
      if (at === null) {
        if (Date.now() > deadline) throw new Error(`${this.#target} was not reached within ${PATIENCE} s`);
        await sleep(20);
        continue;
      }
      this.#reached = at === this.#cell.point;
      if (this.#reached) return;
      const [stop] = this.#left.splice(
        this.#left.findIndex((one) => pointIn(one) === at),
        1,
      );
      await stop?.meanwhile(stage);
      this.#box.continueCoordinator();
    }
  }

  async #kill(stage: Stage): Promise<void> {
    const { victim } = this.#cell;
    const { third = 'well', thirdAfter = third, mend } = this.#scenario;
    if (victim !== 'worker') await this.#box.killCoordinator();
    if (victim !== 'coordinator') await this.#box.killWorkers();
    await mend?.(stage);
    if (victim !== 'worker') writeFileSync(join(this.#box.temporaries, STRAY), 'half a file');
    if (victim === 'worker') this.#box.continueCoordinator();
    else this.#begin();
    await Promise.all([this.#box.arrangeWorkers(thirdAfter), this.#starting]);
  }

  /** A coordinator that lives on may come to a stop that was not taken before the point of interest. */
  async #isClosed(study: StudyId): Promise<boolean> {
    if ((await this.#box.stoppedAt()) !== null) this.#box.continueCoordinator();
    const [row] = await this.#box.sql('SELECT state FROM studies WHERE id = $1', study);
    await sleep(100);
    return row?.state === 'closed';
  }

  #stage(plan: string): Stage {
    const box = this.#box;
    return {
      box,
      plan,
      open: async () => openStudy(box.box.consortium, await box.box.client(), plan),
      untilAccepted: async (study, updates) =>
        until(async () => {
          const accepted = await box.sql(`SELECT FROM tasks WHERE study = $1 AND state = 'accepted'`, study);
          await sleep(50);
          return accepted.length >= updates;
        }, PATIENCE),
      untilHeld: async (study, members) =>
        until(async () => {
          await sleep(50);
          const held = SLOTS.filter((slot) => box.journal(slot, study).some(({ type }) => type === 'accepted'));
          return held.length >= members;
        }, PATIENCE),
      abort: async (study) => {
        try {
          await (await box.box.client()).act(study, 'abort', { reason: 'a test' });
        } catch (error) {
          // The order is taken before it is answered, and the coordinator may die in between.
          if (!(error instanceof SyndicError) || !error.retryable) throw error;
        }
      },
      startCoordinator: () => this.#begin(),
      recoverCoordinator: () => {
        this.#lost = true;
        this.#begin();
      },
    };
  }
}

async function everybodyGrants(stage: Stage): Promise<void> {
  await stage.box.grant(SLOTS, await stage.open(), stage.plan);
}

function pointIn({ at }: Stop): string {
  return at.replace(/:\d+$/, '');
}
