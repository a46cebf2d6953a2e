import { documentRows } from './documentRows.ts';
import { tryForged } from './forgedRows.ts';

tryForged(documentRows);
