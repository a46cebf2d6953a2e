import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { slot } from '../../../core/values.ts';
import { type Prepared, prepare } from '../../../embedded/demo/prepare.ts';
import { HEART_SITES, heartFile } from '../../../embedded/sites.ts';
import { generateStandIn } from '../../../examples/heart/standin.ts';
import { CsvSource } from '../../../worker/data/csv.ts';
import { dataDir, hasData } from '../../support/dataDir.ts';
import { needs } from '../../support/needs.ts';
import { temporaryFolders } from '../../support/temporaryFolder.ts';

const folder = temporaryFolders();
const TABLE = 'flamby_preprocessed_unnormalised.csv';
const heart = join(import.meta.dirname, '..', '..', '..', 'examples', 'heart');

/** A folder with the four files and nothing else: here the stand-in's, which have the same names and columns. */
async function fourFiles(): Promise<string> {
  const dir = await folder();
  await generateStandIn(0, dir);
  return dir;
}

/** Rows for training and for testing, by site, as its worker would have them. */
async function sizes({ sites, plan }: Prepared): Promise<number[][]> {
  return await Promise.all(
    sites.map(async ({ data, split }, i) => {
      const source = new CsvSource({ path: data, ...(split === undefined ? {} : { splitFile: split }) });
      const { train, test: held } = await source.load(plan.plan, slot(i + 1));
      return [train.rows, held.rows];
    }),
  );
}

describe('the four files alone', () => {
  test.each([
    ['the plan for the data', {}],
    ['a plan that wants split files', { plan: join(heart, 'plan.yaml') }],
  ])('are split by fraction and seed under %s, and the plan says so', async (_, given) => {
    const data = await fourFiles();
    const workdir = await folder();
    const prepared = await prepare({ ...given, data, workdir });
    expect(prepared.plan.plan.split).toEqual({ kind: 'fraction', test: 0.34 });
    expect(JSON.parse(await readFile(prepared.planFile, 'utf8')).split).toEqual({ kind: 'fraction', test: 0.34 });
    expect(prepared.sites.every(({ split }) => split === undefined)).toBe(true);
    expect(prepared.remarks.join()).toContain('34 %');
    expect(prepared.synthetic).toBe(false);
    for (const [train = 0, held = 0] of await sizes(prepared)) expect(held).toBe(Math.round((train + held) * 0.34));
  });

  test('keep the split of a plan that has one', async () => {
    const prepared = await prepare({
      ...{ data: await fourFiles(), workdir: await folder(), plan: join(heart, 'standin-plan.yaml'), seed: 5 },
    });
    expect(prepared.plan.plan).toMatchObject({ seed: 5, split: { kind: 'fraction', test: 0.34 } });
    expect(prepared.remarks).toEqual([]);
  });
});

test("beside the four files, FLamby's table gives the split", async () => {
  const data = await fourFiles();
  const rows = HEART_SITES.map((_, center) => `0,${center},train\n1,${center},test\n2,${center},train\n`);
  await writeFile(join(data, TABLE), `row_in_file,center,set\n${rows.join('')}`);
  const prepared = await prepare({ data, workdir: await folder() });
  expect(prepared.plan.plan.split).toEqual({ kind: 'file' });
  expect(prepared.remarks.join()).toContain("FLamby's");
  for (const { split = '' } of prepared.sites) {
    expect(JSON.parse(await readFile(split, 'utf8'))).toEqual({ train: [0, 2], test: [1] });
  }
});

test('a folder without one of the four files is refused, and the file named', async () => {
  const data = await folder();
  await mkdir(join(data, 'x'));
  await expect(prepare({ data, workdir: await folder() })).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: expect.stringContaining('processed.cleveland.data'),
  });
});

needs('data heart', hasData('heart'))('the real files', () => {
  test("alone give every hospital rows to train on; with FLamby's table as many as FLamby's", async () => {
    const data = await folder();
    for (const name of HEART_SITES) await copyFile(heartFile(join(dataDir, 'heart'), name), heartFile(data, name));
    const alone = await sizes(await prepare({ data, workdir: await folder() }));
    expect(alone.map(([train = 0, held = 0]) => train + held)).toEqual([303, 261, 46, 130]);
    await copyFile(join(dataDir, 'heart', TABLE), join(data, TABLE));
    const split = await sizes(await prepare({ data, workdir: await folder() }));
    expect(split).toEqual([
      [199, 104],
      [172, 89],
      [30, 16],
      [85, 45],
    ]);
  });
});
