import { readFile } from 'node:fs/promises';
import { OUTCOME, type Outcome } from '../../../core/statements/entries.ts';
import type { Digest } from '../../../core/values.ts';
import { openStudy } from '../../../embedded/study.ts';
import type { CrashBox } from './CrashBox.ts';

/**
 * all: two rounds with all three. two: two rounds, or fewer, with the first two. aborted: in its first round.
 * unstarted: aborted before its first. rejected: the ledger never had it.
 */
export type CourseName = 'all' | 'two' | 'aborted' | 'unstarted' | 'rejected';

/** What a study comes to when nobody is killed. */
export interface Course {
  /** Whether the ledger has it. */
  readonly onChain: boolean;
  readonly outcome: Outcome;
  /** Outcome of every round. */
  readonly roundOutcome: Outcome;
  readonly rounds: number;
  readonly included: readonly number[];
  /** Global models by round, of an undisturbed run. Empty: there is no run to compare with. */
  readonly globals: readonly Digest[];
}

/** No round in which anything is included. */
const NOTHING = { roundOutcome: OUTCOME.ABORTED, rounds: 0, included: [], globals: [] } as const;

const ROUNDS = 2;
const TRAINING = { localSteps: 20 };
/** A failed try would change every later digest: enough time is given that a slow machine makes none. */
const COMMON = { rounds: ROUNDS, maxAttempts: ROUNDS, seed: 11, quorum: 2, roundSeconds: 600 };

export async function writePlan({ box }: CrashBox, course: CourseName, changes: object = {}): Promise<string> {
  const { training } = JSON.parse(await readFile(box.planFile, 'utf8')) as { training: object };
  const plan = { ...COMMON, startAt: course === 'two' ? 2 : 3, training: { ...training, ...TRAINING } };
  return await box.writePlan({ ...plan, ...changes });
}

/** Global models of undisturbed runs, by who takes part: the same in every box, for nothing else changes them. */
const runs = new Map<CourseName, Promise<readonly Digest[]>>();

export async function courseOf(
  box: CrashBox,
  name: CourseName,
  plan: { readonly rounds?: number } = {},
): Promise<Course> {
  const { rounds = ROUNDS } = plan;
  switch (name) {
    case 'all':
    case 'two': {
      const included = name === 'all' ? [1, 2, 3] : [1, 2];
      const run = runs.get(name) ?? undisturbed(box, name, included);
      runs.set(name, run);
      // One that failed is no measure: the next cell tries again.
      run.catch(() => runs.delete(name));
      const globals = (await run).slice(0, rounds);
      return { onChain: true, outcome: OUTCOME.COMPLETED, roundOutcome: OUTCOME.COMPLETED, rounds, included, globals };
    }
    case 'aborted':
      return { ...NOTHING, onChain: true, outcome: OUTCOME.ABORTED, rounds: 1 };
    case 'unstarted':
      return { ...NOTHING, onChain: true, outcome: OUTCOME.ABORTED };
    case 'rejected':
      return { ...NOTHING, onChain: false, outcome: OUTCOME.FAILED };
  }
}

async function undisturbed(box: CrashBox, name: CourseName, slots: readonly number[]): Promise<readonly Digest[]> {
  await box.startCoordinator({});
  await box.arrangeWorkers('well');
  const plan = await writePlan(box, name);
  const study = await openStudy(box.box.consortium, await box.box.client(), plan);
  await box.grant(slots, study, plan);
  const { history } = await box.box.follow(study);
  await box.stopCoordinator();
  return history.rounds.map(({ globalModel }) => globalModel);
}
