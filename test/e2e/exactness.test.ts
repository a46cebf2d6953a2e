import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Digest } from '../../core/values.ts';
import { storedAt } from '../../embedded/demo/result.ts';
import { TestConsortium } from '../support/consortium.ts';
import { hasData } from '../support/dataDir.ts';
import { heartDir, heartSites } from '../support/heartSites.ts';
import { needs } from '../support/needs.ts';
import { descend, type Logistic, readLogistic } from '../support/plainLogistic.ts';

const PLAN = join(import.meta.dirname, '..', '..', 'examples', 'heart', 'exactness-plan.yaml');
const ROUNDS = 100;
const RATE = 0.1;
const TOLERANCE = 1e-6;

/** From zero, a step on all training rows of all hospitals together, again and again. */
function centralised(): Logistic[] {
  const pooled = heartSites().flatMap(({ train }) => train);
  const models: Logistic[] = [];
  let model: Logistic = { kernel: Array.from({ length: 13 }, () => 0), bias: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    model = descend(model, pooled, RATE);
    models.push(model);
  }
  return models;
}

function furthest(a: Logistic, b: Logistic): number {
  const [left, right] = [a, b].map(({ kernel, bias }) => [...kernel, bias]);
  return Math.max(...(left ?? []).map((value, i) => Math.abs(value - (right?.[i] ?? Number.NaN))));
}

needs('data heart', hasData('heart'))('federated averaging of full batches, one local step a round', () => {
  let consortium: TestConsortium | undefined;
  let globals: readonly Digest[];
  let read: (digest: Digest) => Logistic;

  beforeAll(async () => {
    consortium = await TestConsortium.start({ data: heartDir, plan: PLAN });
    const { modelsDir } = consortium.consortium;
    read = (digest) => readLogistic(readFileSync(storedAt(modelsDir, digest)));
    const run = await consortium.runStudy(consortium.planFile);
    globals = run.history.rounds.map(({ globalModel }) => globalModel);
  });

  afterAll(async () => await consortium?.close());

  test('equals gradient descent on the pooled rows after 100 rounds, and in every one before', () => {
    const reference = centralised();
    const distances = globals.map((digest, i) => furthest(read(digest), reference[i] as Logistic));
    expect(distances).toHaveLength(ROUNDS);
    expect(Math.max(...distances)).toBeLessThan(TOLERANCE);
    // The comparison is of something: the model moved far from where it began.
    expect(furthest(reference.at(-1) as Logistic, { kernel: Array(13).fill(0), bias: 0 })).toBeGreaterThan(0.1);
  });
});
