import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { flambyPositions, writeFlambySplit } from '../../../examples/heart/flamby-split.ts';
import { readSplitFile } from '../../../worker/data/splitFile.ts';
import { dataDir, hasData } from '../../support/dataDir.ts';
import { needs } from '../../support/needs.ts';

const csv = join(dataDir, 'heart', 'flamby_preprocessed_unnormalised.csv');
const HEADER = 'row_in_file,center,set,f_0,label';

describe("FLamby's split", () => {
  test('sorts the rows of each center into train and test, by position', () => {
    const positions = flambyPositions(`${HEADER}\n7,0,test,1,0\n2,0,train,1,0\n0,0,train,1,1\n5,3,test,1,1\n`);
    expect(positions.get('cleveland')).toEqual({ train: [0, 2], test: [7] });
    expect(positions.get('va')).toEqual({ train: [], test: [5] });
  });

  test.each([
    ['a column is missing', 'row_in_file,set,label\n0,train,1\n'],
    ['a center is unknown', `${HEADER}\n0,4,train,1,1\n`],
    ['a set is unknown', `${HEADER}\n0,1,validation,1,1\n`],
    ['a position is no number', `${HEADER}\nx,1,train,1,1\n`],
    ['a row is named twice', `${HEADER}\n3,1,train,1,1\n3,1,test,1,1\n`],
  ])('is refused when %s', (_, text) => {
    expect(() => flambyPositions(text)).toThrow(expect.objectContaining({ code: 'DATA_INVALID' }));
  });

  test('is refused when there is no file', async () => {
    await expect(writeFlambySplit(join(tmpdir(), 'no-such.csv'), tmpdir())).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});

needs('data heart', hasData('heart'))("FLamby's own table", () => {
  test("is written as files that a worker reads, with FLamby's numbers of rows", async () => {
    const folder = await mkdtemp(join(tmpdir(), 'syndic-flamby-'));
    try {
      const paths = await writeFlambySplit(csv, folder);
      const sizes = await Promise.all(
        Object.entries(paths).map(async ([center, path]) => {
          const { train, test: held } = await readSplitFile(path);
          expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ train, test: held });
          return [center, train.length, held.length];
        }),
      );
      expect(sizes).toEqual([
        ['cleveland', 199, 104],
        ['hungarian', 172, 89],
        ['switzerland', 30, 16],
        ['va', 85, 45],
      ]);
      const rows = readFileSync(csv, 'utf8').trimEnd().split('\n').length - 1;
      expect(sizes.reduce((sum, [, train, held]) => sum + Number(train) + Number(held), 0)).toBe(rows);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
