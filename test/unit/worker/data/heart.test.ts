import { expect, test } from '@jest/globals';
import { slot } from '../../../../core/values.ts';
import { CsvSource } from '../../../../worker/data/csv.ts';
import { hasData } from '../../../support/dataDir.ts';
import { needs } from '../../../support/needs.ts';
import { heartFile, heartPlan, referenceRows, referenceSplit, sites } from './heart.ts';
import { temporaryFolder } from './temporary.ts';

const folder = temporaryFolder();
const plan = heartPlan();
const raw = heartPlan({ data: { ...plan.data, normalise: { kind: 'none' } } });

needs('data heart', hasData('heart'))('the four UCI heart disease files', () => {
  test('give exactly the 740 rows of the FLamby file, in file order, compared as float32', async () => {
    const got: number[][] = [];
    const labels: number[] = [];
    for (const [center, site] of sites.entries()) {
      const everything = folder.write(`all-${site}.json`, JSON.stringify(all(center)));
      const data = await new CsvSource({ path: heartFile(site), splitFile: everything }).load(raw, slot(center + 1));
      expect(data.features).toBe(13);
      expect(data.quarantined.count).toBe(0);
      expect(data.unused).toBe(0);
      for (let i = 0; i < data.train.rows; i += 1) got.push([...data.train.x.slice(i * 13, (i + 1) * 13)]);
      labels.push(...data.train.y);
    }
    const reference = referenceRows();
    expect(reference).toHaveLength(740);
    expect(got).toEqual(reference.map((row) => row.x.map(Math.fround)));
    expect(labels).toEqual(reference.map((row) => row.y));
  });

  test('are split as FLamby splits them, and z-scored by the train rows alone', async () => {
    for (const [center, site] of sites.entries()) {
      const split = referenceSplit(center);
      const splitFile = folder.write(`split-${site}.json`, JSON.stringify(split));
      const data = await new CsvSource({ path: heartFile(site), splitFile }).load(plan, slot(center + 1));
      expect([data.train.rows, data.test.rows]).toEqual([split.train.length, split.test.length]);
      for (let feature = 0; feature < 13; feature += 1) {
        const column = Array.from(data.train.y, (_, i) => data.train.x[i * 13 + feature] ?? Number.NaN);
        const mean = column.reduce((a, b) => a + b, 0) / column.length;
        const sd = Math.sqrt(column.reduce((a, b) => a + (b - mean) ** 2, 0) / (column.length - 1));
        expect(Math.abs(mean)).toBeLessThan(1e-6);
        if (!column.every((value) => value === 0)) expect(sd).toBeCloseTo(1, 5);
      }
    }
  });

  test('a column that is constant in Switzerland’s train rows (its chol is always 0) is 0 in every row', async () => {
    const splitFile = folder.write('swiss.json', JSON.stringify(referenceSplit(2)));
    const data = await new CsvSource({ path: heartFile('switzerland'), splitFile }).load(plan, slot(3));
    const chol = data.featureNames.indexOf('chol');
    for (const part of [data.train, data.test]) {
      expect(Array.from(part.y, (_, i) => part.x[i * 13 + chol])).toEqual(new Array(part.rows).fill(0));
    }
  });
});

function all(center: number): { train: number[]; test: number[] } {
  const { train, test: held } = referenceSplit(center);
  return { train: [...train, ...held], test: [] };
}
