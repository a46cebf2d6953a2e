import { join } from 'node:path';
import { referenceRows } from '../unit/worker/data/heart.ts';
import { dataDir, hasData } from './dataDir.ts';
import { type LabelledRow, normalised } from './plainLogistic.ts';

/** Folder of the UCI Heart Disease files and FLamby's table. */
export const heartDir = join(dataDir, 'heart');

/** A hospital's rows as FLamby's table has them, each normalised by the hospital's own training rows. */
export interface HeartSite {
  readonly slot: number;
  readonly train: readonly LabelledRow[];
  readonly test: readonly LabelledRow[];
}

/**
 * The four hospitals, in the order of their slots: from FLamby's table alone, by nothing of the project. None without
 * the data: what is skipped for the lack of it is still read by Jest.
 */
export function heartSites(): HeartSite[] {
  if (!hasData('heart')) return [];
  const rows = referenceRows();
  return [0, 1, 2, 3].map((center) => {
    const of = (set: string) => rows.filter((row) => row.center === center && row.set === set);
    const [train, test] = [of('train'), of('test')];
    return { slot: center + 1, train: normalised(train, train), test: normalised(test, train) };
  });
}
