import { tryForged } from './forgedRows.ts';
import { memberRows } from './memberRows.ts';

tryForged(memberRows);
