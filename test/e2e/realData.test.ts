import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Figure, MetricSet } from '../../core/manifest/Report.ts';
import type { Digest, StudyId } from '../../core/values.ts';
import { type DemoRound, reportedMetrics, storedAt } from '../../embedded/demo/result.ts';
import { runSyndic } from '../../embedded/runSyndic.ts';
import { type StudyRun, TestConsortium } from '../support/consortium.ts';
import { hasData } from '../support/dataDir.ts';
import { heartDir, heartSites } from '../support/heartSites.ts';
import { needs } from '../support/needs.ts';
import { readLogistic, rightRows } from '../support/plainLogistic.ts';

const PLAN = join(import.meta.dirname, '..', '..', 'examples', 'heart', 'plan.yaml');
const ROUNDS = 15;
const SEEDS = [0, 1, 2];
const SWITZERLAND = 3;

needs('data heart', hasData('heart'))("the FLamby recipe on four hospitals' real rows", () => {
  const sites = heartSites();
  let box: TestConsortium;
  let runs: readonly StudyRun[];
  /** By run and round: what each site reported. */
  let reported: readonly (readonly DemoRound['metrics'][])[];

  beforeAll(async () => {
    box = await TestConsortium.start({ data: heartDir, plan: PLAN });
    const studies: StudyId[] = [];
    // One after the other, as each member's account signs three grants; they run side by side.
    for (const seed of SEEDS) studies.push(await box.openStudy(await box.writePlan({ seed })));
    const all = Promise.all(studies.map((study) => box.follow(study)));
    runs = await Promise.race([all, box.consortium.untilOneEnds()]);
    const { modelsDir } = box.consortium;
    const reports = ({ history }: StudyRun) =>
      Promise.all(history.rounds.map(({ manifest }) => reportedMetrics(manifest, modelsDir)));
    reported = await Promise.all(runs.map(reports));
  });

  afterAll(async () => await box?.close());

  /** Share of a site's test rows that a stored model gets right, in plain float64. */
  function right(digest: Digest, slot: number): { rows: number; right: number } {
    const rows = sites.find((site) => site.slot === slot)?.test ?? [];
    const model = readLogistic(readFileSync(storedAt(box.consortium.modelsDir, digest)));
    return { rows: rows.length, right: rightRows(model, rows) };
  }

  /** What a site should tell of a model. Switzerland's accuracy may be withheld as well, for its one negative. */
  function wanted(model: Digest, slot: number, told: Figure): readonly [number, number | null] {
    const counted = right(model, slot);
    const withheld = slot === SWITZERLAND && told.reason === 'minCell';
    return [slot, withheld ? null : counted.right / counted.rows];
  }

  /** The sites' accuracies, weighted by their test rows. */
  function accuracy(digest: Digest): number {
    const counts = sites.map(({ slot }) => right(digest, slot));
    return counts.reduce((sum, count) => sum + count.right, 0) / counts.reduce((sum, count) => sum + count.rows, 0);
  }

  test('completes its rounds with every hospital included, by as many samples as FLamby trains on', () => {
    for (const { history } of runs) {
      expect(history.rounds.map(({ outcome }) => outcome)).toEqual(Array(ROUNDS).fill(1));
      for (const { entries } of history.rounds) {
        const want = sites.map(({ slot, train }) => [slot, 1, train.length]);
        expect(entries.map(({ slot, status, samples }) => [slot, status, samples])).toEqual(want);
      }
    }
  });

  test('lands between .64 and .79 with every seed, and between .67 and .76 on average', () => {
    const reached = runs.map(({ detail }) => accuracy(detail.model));
    for (const one of reached) {
      expect(one).toBeGreaterThanOrEqual(0.64);
      expect(one).toBeLessThanOrEqual(0.79);
    }
    const mean = reached.reduce((sum, one) => sum + one, 0) / reached.length;
    expect(mean).toBeGreaterThanOrEqual(0.67);
    expect(mean).toBeLessThanOrEqual(0.76);
  });

  test('gives every seed a model of its own', () => {
    expect(new Set(runs.map(({ history }) => history.initialModel)).size).toBe(SEEDS.length);
    expect(new Set(runs.map(({ detail }) => detail.model)).size).toBe(SEEDS.length);
  });

  test('has hospitals report of every base model the accuracy that plain arithmetic gives it', () => {
    runs.forEach(({ history }, run) => {
      history.rounds.forEach(({ baseModel }, i) => {
        const told = reported[run]?.[i] ?? [];
        expect(told.map(({ slot }) => slot)).toEqual(sites.map(({ slot }) => slot));
        for (const { slot, before } of told) {
          expect([slot, before.accuracy.value]).toEqual(wanted(baseModel, slot, before.accuracy));
        }
      });
    });
  });

  describe('of the final model', () => {
    test('a hospital evaluates by itself what plain arithmetic gives', async () => {
      const [run] = runs;
      if (run === undefined) throw new Error('there is no run');
      await Promise.all(
        box.consortium.members.map(async ({ slot, site, dir }) => {
          const common = ['worker', 'evaluate', '--dir', join(dir, 'worker'), '--plan', box.planFile];
          const model = ['--model', storedAt(box.consortium.modelsDir, run.detail.model)];
          const split = site.split === undefined ? [] : ['--split', site.split];
          const { accuracy } = await runSyndic<MetricSet>([...common, ...model, '--data', site.data, ...split]);
          expect([slot, accuracy.value]).toEqual(wanted(run.detail.model, slot, accuracy));
        }),
      );
      expect(box.consortium.members).toHaveLength(sites.length);
    });
  });

  test("withholds Switzerland's AUROC in every report, and what would give its one negative away", () => {
    const told = reported.flat(2).filter(({ slot }) => slot === SWITZERLAND);
    expect(told).toHaveLength(SEEDS.length * ROUNDS);
    for (const { before, after } of told) {
      for (const { auroc, positives, negatives } of [before, after]) {
        expect([auroc.value, positives.value, negatives.value]).toEqual([null, null, null]);
        expect(auroc.reason).toBe('minCell');
      }
    }
    const others = reported.flat(2).filter(({ slot }) => slot !== SWITZERLAND);
    expect(others.every(({ after }) => typeof after.auroc.value === 'number')).toBe(true);
  });
});
