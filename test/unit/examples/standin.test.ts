import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { initialModel } from '../../../core/model/initialModel.ts';
import { checkPlan } from '../../../core/plan/checkPlan.ts';
import type { Plan } from '../../../core/plan/Plan.ts';
import { decodeFile } from '../../../core/tensors/file.ts';
import { generateStandIn, standInFiles } from '../../../examples/heart/standin.ts';
import { summaries } from '../../../examples/heart/summaries.ts';
import { readSite, scoreOnPooled, trainAll } from '../../support/federatedLogistic.ts';

const yaml = readFileSync(new URL('../../../examples/heart/standin-plan.yaml', import.meta.url), 'utf8');
const SEEDS = [0, 1, 2];

function planWith(seed: number): Plan {
  return { ...checkPlan(yaml, 'yaml').plan, seed };
}

/** The initial model as weights: the kernel, then the bias. */
function startOf(plan: Plan): Float64Array {
  const { tensors } = decodeFile(initialModel(plan));
  const data = (name: string): Float32Array => tensors.get(name)?.data ?? new Float32Array();
  return Float64Array.from([...data('logit/kernel'), ...data('logit/bias')]);
}

function linesOf(text: string): string[][] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','));
}

describe.each(SEEDS)('the stand-in of seed %d', (seed) => {
  const texts = [...standInFiles(seed).values()];

  test('has the sizes of the real files, before and after rows with missing values are dropped', () => {
    const tables = texts.map(linesOf);
    expect(tables.map((rows) => rows.length)).toEqual([303, 294, 123, 200]);
    expect(new Set(tables.flat().map((row) => row.length))).toEqual(new Set([14]));
    const whole = tables.map((rows) => rows.filter((row) => ![...row.slice(0, 10), row[13]].includes('?')).length);
    expect(whole).toEqual([303, 261, 46, 130]);
  });

  test("has the sites' published differences", () => {
    texts.map(linesOf).forEach((rows, i) => {
      const site = summaries[i];
      if (site === undefined) throw new RangeError(`no site ${i}`);
      const diagnosed = site.diagnosis.map((_, level) => rows.filter((row) => row[13] === String(level)).length);
      expect(diagnosed).toEqual(site.diagnosis);
      const ages = rows.map((row) => Number(row[0]));
      const mean = ages.reduce((sum, age) => sum + age, 0) / ages.length;
      expect(Math.abs(mean - site.age.mean)).toBeLessThan(3);
      if (site.chol === null) expect(new Set(rows.map((row) => row[4]))).toEqual(new Set(['0']));
    });
  });

  test('is learned better by the four sites together than by any alone, on the pooled test rows', () => {
    const plan = planWith(seed);
    const sites = texts.map((text, i) => readSite(text, plan, i + 1));
    const { together, alone } = trainAll(sites, plan, startOf(plan));
    const federated = scoreOnPooled(together, sites);
    expect(federated.accuracy).toBeGreaterThan(0.75);
    for (const weights of alone) {
      const single = scoreOnPooled(weights, sites);
      expect(federated.accuracy).toBeGreaterThan(single.accuracy + 0.03);
      expect(federated.loss).toBeLessThan(single.loss);
    }
  });
});

test('the stand-in has the same bytes on every machine', () => {
  const hash = createHash('sha256');
  for (const [name, text] of standInFiles(0)) hash.update(name).update(text);
  expect(hash.digest('hex')).toBe('55080fe227cd20cd37d240da9055a0ff301361ae2450150471c3751557d76f3a');
});

test('the stand-in differs from seed to seed', () => {
  expect([...standInFiles(0).values()]).not.toEqual([...standInFiles(1).values()]);
});

test('the stand-in is written with a note that says what it is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'syndic-standin-'));
  try {
    await generateStandIn(0, join(folder, 'data'));
    const files = standInFiles(0);
    expect(new Set(await readdir(join(folder, 'data')))).toEqual(new Set([...files.keys(), 'SYNTHETIC.txt']));
    for (const [name, text] of files) expect(await readFile(join(folder, 'data', name), 'utf8')).toBe(text);
    expect(await readFile(join(folder, 'data', 'SYNTHETIC.txt'), 'utf8')).toContain('synthetic');
  } finally {
    await rm(folder, { recursive: true });
  }
});
