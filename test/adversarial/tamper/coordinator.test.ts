import { coordinatorRows } from './coordinatorRows.ts';
import { tryForged } from './forgedRows.ts';

tryForged(coordinatorRows);
