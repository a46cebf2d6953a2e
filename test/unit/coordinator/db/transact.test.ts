import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Database } from '../../../../coordinator/db/connect.ts';
import { noteMove, transact } from '../../../../coordinator/db/transact.ts';
import { testDatabase } from '../../../support/database.ts';
import { startPostgres, type TestPostgres } from '../../../support/postgres.ts';

let postgres: TestPostgres;
let db: Database;

beforeAll(async () => {
  postgres = await startPostgres();
  db = await testDatabase(postgres);
});
afterAll(async () => {
  await db?.destroy();
  await postgres?.stop();
});

describe('a move noted in a transaction', () => {
  test('is a point once the transaction is committed, once for what moved together', async () => {
    const points: string[] = [];
    const result = await transact({ db, crash: (point) => points.push(point) }, async (tx) => {
      noteMove(tx, 'round', 'collecting', 'closed');
      noteMove(tx, 'task', 'leased', 'expired');
      noteMove(tx, 'task', 'leased', 'expired');
      expect(points).toEqual([]);
      return 7;
    });
    expect(result).toBe(7);
    expect(points).toEqual(['round.collecting.closed', 'task.leased.expired']);
  });

  test('is none when the transaction is given up', async () => {
    const points: string[] = [];
    const work = transact({ db, crash: (point) => points.push(point) }, async (tx) => {
      noteMove(tx, 'round', 'collecting', 'closed');
      throw new Error('overtaken');
    });
    await expect(work).rejects.toThrow('overtaken');
    expect(points).toEqual([]);
  });
});
