import { tryForged } from './forgedRows.ts';
import { modelRows } from './modelRows.ts';

tryForged(modelRows);
