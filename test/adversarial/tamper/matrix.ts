import { bundleRows } from './bundleRows.ts';
import { coordinatorRows } from './coordinatorRows.ts';
import { documentRows } from './documentRows.ts';
import { forkRows } from './forkRows.ts';
import { memberRows } from './memberRows.ts';
import { modelRows } from './modelRows.ts';
import type { Row } from './Row.ts';
import { servedRows } from './servedRows.ts';

/** Every row of the matrix, with the test beside this file that tries it. */
export const matrix: readonly (Pick<Row<never>, 'name' | 'who' | 'expected'> & { readonly test: string })[] = [
  ...coordinatorRows.map((row) => ({ ...row, test: 'coordinator' })),
  ...documentRows.map((row) => ({ ...row, test: 'documents' })),
  ...modelRows.map((row) => ({ ...row, test: 'models' })),
  ...memberRows.map((row) => ({ ...row, test: 'members' })),
  ...servedRows.map((row) => ({ ...row, test: 'served' })),
  ...bundleRows.map((row) => ({ ...row, test: 'bundle' })),
  ...forkRows.map((row) => ({ ...row, test: 'forks' })),
];
