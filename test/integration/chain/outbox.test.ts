import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  attempt,
  insertMessage,
  type OutboxChange,
  type OutboxRow,
  offersOf,
  type Parcel,
  transition,
  unfinishedRows,
  withNextNonce,
} from '../../../coordinator/anchor/outbox.sql.ts';
import type { OutboxEvent } from '../../../coordinator/anchor/tables.ts';
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

/** Signed bytes of no meaning, each others than all before. */
function offer(nonce: number) {
  const hash = randomDigest();
  return { hash, signer: SIGNER, nonce, raw: `0x${hash.slice(-6)}`, offered: 1 };
}

function signature(nonce: number): OutboxChange {
  const made = offer(nonce);
  return { signer: SIGNER, nonce, transaction: made.hash, offer: made };
}

async function sign(parcel: Parcel): Promise<Parcel> {
  const signed = await withNextNonce(db, SIGNER, async (tx, nonce) => {
    return await transition(tx, parcel, 'signed', signature(nonce), NOW);
  });
  if (signed === null) throw new Error('not signed');
  return signed;
}

async function move(parcel: Parcel, event: OutboxEvent, change: OutboxChange = {}): Promise<Parcel | null> {
  return await attempt(db, async (tx) => await transition(tx, parcel, event, change, NOW));
}

describe('outbox rows', () => {
  test('move on only from the state in which they were seen', async () => {
    const signed = await sign([await newRow()]);
    expect((await move(signed, 'sent'))?.map(({ state }) => state)).toEqual(['sent']);
    expect(await move(signed, 'sent')).toBeNull();
    expect(await move(signed, 'repriced', signature(99))).toBeNull();
  });

  test('move on only with the transaction with which they were seen, and keep every offer', async () => {
    const signed = await sign([await newRow()]);
    const nonce = signed[0].nonce ?? -1;
    const dearer = offer(nonce);
    const repriced = await move(signed, 'repriced', { transaction: dearer.hash, offer: dearer });
    expect(repriced?.[0].state).toBe('signed');
    expect(await move(signed, 'sent')).toBeNull();
    if (repriced === null) throw new Error('not repriced');
    expect((await move(repriced, 'sent'))?.[0].transaction).toBe(dearer.hash);
    expect((await offersOf(db, SIGNER, nonce)).map(({ hash }) => hash)).toEqual([signed[0].transaction, dearer.hash]);
  });

  test('of one transaction move together or, when one of them was moved by another process, not at all', async () => {
    const [one, two, three] = [await newRow(), await newRow(), await newRow()];
    const both = await sign([one, two]);
    expect(both.map(({ id, state }) => [id, state])).toEqual([
      [one.id, 'signed'],
      [two.id, 'signed'],
    ]);
    const late = signature(99);
    expect(await move([three, two], 'signed', late)).toBeNull();
    expect(await offersOf(db, SIGNER, 99)).toEqual([]);
    const left = (await unfinishedRows(db)).find(({ id }) => id === three.id);
    expect(left).toMatchObject({ state: 'pending', nonce: null, transaction: null });
  });

  test('get nonces of their own, without gaps, however many are signed at once', async () => {
    const rows: OutboxRow[] = [];
    for (let i = 0; i < 12; i++) rows.push(await newRow());
    const taken = await Promise.all(
      rows.map(async (row) => {
        return await withNextNonce(db, SIGNER, async (tx, nonce) => {
          await sleep(2);
          return (await transition(tx, [row], 'signed', signature(nonce), NOW))[0].nonce ?? -1;
        });
      }),
    );
    const sorted = taken.map((nonce) => nonce ?? -1).sort((a, b) => a - b);
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
