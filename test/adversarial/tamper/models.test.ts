import { modelRows } from './coordinatorRows.ts';
import { tryForged } from './forgedRows.ts';

tryForged(modelRows);
