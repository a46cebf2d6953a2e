import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  insertMessage,
  type OutboxRow,
  transition,
  unfinishedRows,
  withNextNonce,
} from '../../../coordinator/anchor/outbox.sql.ts';
import type { Database } from '../../../coordinator/db/connect.ts';
import { address, type Digest, instant } from '../../../core/values.ts';
import { testDatabase } from '../../support/database.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { randomDigest } from './world.ts';

const NOW = instant(1_000);
const SIGNER = address(`0x${'11'.repeat(20)}`);

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

async function newRow(study: Digest = randomDigest()): Promise<OutboxRow> {
  await db.transaction().execute(async (tx) => {
    await insertMessage(tx, { study, kind: 'start', round: 0, calldata: '0xabcd' }, NOW);
  });
  const row = (await unfinishedRows(db)).find((one) => one.study === study);
  if (row === undefined) throw new Error('no row');
  return row;
}

async function sign(row: OutboxRow): Promise<OutboxRow> {
  const signed = await withNextNonce(db, SIGNER, async (tx, nonce) => {
    return await transition(tx, row, 'signed', { signer: SIGNER, nonce, raw: `0x${nonce}`, transaction: '0x1' }, NOW);
  });
  if (signed === null) throw new Error('not signed');
  return signed;
}

describe('outbox rows', () => {
  test('move on only from the state in which they were seen', async () => {
    const signed = await sign(await newRow());
    const sent = await transition(db, signed, 'sent', {}, NOW);
    expect(sent?.state).toBe('sent');
    expect(await transition(db, signed, 'sent', {}, NOW)).toBeNull();
    expect(await transition(db, signed, 'repriced', { raw: '0xother' }, NOW)).toBeNull();
  });

  test('move on only with the signed bytes with which they were seen', async () => {
    const signed = await sign(await newRow());
    const repriced = await transition(db, signed, 'repriced', { raw: '0xdearer', transaction: '0x2' }, NOW);
    expect(repriced?.state).toBe('signed');
    expect(await transition(db, signed, 'sent', {}, NOW)).toBeNull();
    if (repriced === null) throw new Error('not repriced');
    expect((await transition(db, repriced, 'sent', {}, NOW))?.raw).toBe('0xdearer');
  });

  test('get nonces of their own, without gaps, however many are signed at once', async () => {
    const rows: OutboxRow[] = [];
    for (let i = 0; i < 12; i++) rows.push(await newRow());
    const taken = await Promise.all(
      rows.map(async (row) => {
        return await withNextNonce(db, SIGNER, async (tx, nonce) => {
          await sleep(2);
          const change = { signer: SIGNER, nonce, raw: `0x${nonce}`, transaction: '0x1' };
          return (await transition(tx, row, 'signed', change, NOW))?.nonce ?? -1;
        });
      }),
    );
    const sorted = [...taken].sort((a, b) => a - b);
    const first = sorted[0] ?? 0;
    expect(sorted).toEqual(rows.map((_, i) => first + i));
  });

  test('vanish with the transaction of the caller that put them in', async () => {
    const study = randomDigest();
    const failing = db.transaction().execute(async (tx) => {
      await insertMessage(tx, { study, kind: 'start', round: 0, calldata: '0xabcd' }, NOW);
      throw new Error('the caller failed');
    });
    await expect(failing).rejects.toThrow('the caller failed');
    expect((await unfinishedRows(db)).filter((row) => row.study === study)).toEqual([]);
  });
});
