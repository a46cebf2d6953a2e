import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { crashAt } from '../../../coordinator/crashAt.ts';
import type { Database } from '../../../coordinator/db/connect.ts';
import { Ticker } from '../../../coordinator/Ticker.ts';
import { tickOutbox } from '../../../coordinator/tickOutbox.ts';
import { digest, type StudyId } from '../../../core/values.ts';
import { testDatabase } from '../../support/database.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { silentLog } from '../../support/silentLog.ts';
import { until } from '../../support/until.ts';

describe('a ticker', () => {
  test('goes on after a fault, logs the first of a row, and ends when its work has', async () => {
    const warned: string[] = [];
    let runs = 0;
    let ended = 0;
    const work = async () => {
      runs++;
      if (runs === 2 || runs === 3) throw new Error('the node is away');
      await new Promise((resolve) => setTimeout(resolve, 5));
      ended++;
    };
    const log = { ...silentLog, warn: (_facts: object, message: string) => void warned.push(message) };
    const ticker = new Ticker('the outbox', 0.001, work, log);
    await until(() => runs >= 5);
    await ticker.close();
    expect(ended).toBe(runs - 2);
    expect(warned).toEqual(['the outbox failed; it is tried again']);
    const before = runs;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(runs).toBe(before);
  });

  test('does its work at once when it is asked to, and once more when it is asked meanwhile', async () => {
    let runs = 0;
    const gate = Promise.withResolvers<void>();
    const work = async () => {
      runs++;
      if (runs === 2) await gate.promise;
    };
    const ticker = new Ticker('the outbox', 3600, work, silentLog);
    await until(() => runs === 1);
    ticker.soon();
    await until(() => runs === 2);
    ticker.soon();
    gate.resolve();
    await until(() => runs === 3);
    await ticker.close();
    expect(runs).toBe(3);
  });
});

describe('crashing on purpose', () => {
  test('happens at the point named, the first time or the n-th', () => {
    let killed = 0;
    const first = crashAt('round.closed', () => killed++);
    first('round.open');
    expect(killed).toBe(0);
    first('round.closed');
    first('round.closed');
    expect(killed).toBe(1);
    const third = crashAt('round.closed:3', () => killed++);
    for (let i = 0; i < 2; i++) third('round.closed');
    expect(killed).toBe(1);
    third('round.closed');
    expect(killed).toBe(2);
  });

  test('or stops there, at one point after another', () => {
    const sent: string[] = [];
    const crash = crashAt('stop@round.open.offered,stop@outbox.signed.sent:2,study.closed', (...what) => {
      sent.push(what.join(' '));
    });
    const reached = ['outbox.signed.sent', 'round.open.offered', 'outbox.signed.sent', 'round.open.offered'];
    for (const point of [...reached, 'study.closed']) crash(point);
    expect(sent).toEqual(['SIGSTOP round.open.offered', 'SIGSTOP outbox.signed.sent', 'SIGKILL study.closed']);
  });
});

describe('ticking the outbox', () => {
  let postgres: TestPostgres;
  let db: Database;
  beforeAll(async () => {
    postgres = await startPostgres();
    db = await testDatabase(postgres);
  });
  afterAll(async () => {
    await db.destroy();
    await postgres.stop();
  });

  test('asks the chain nothing while it is empty, and wakes whose message is over', async () => {
    const studies = ['11', '22', '33'].map((byte) => digest(`0x${byte.repeat(32)}`));
    const woken: StudyId[] = [];
    let ticks = 0;
    const wake = async (study: StudyId) => void woken.push(study);
    const finish = async () => {
      ticks++;
      for (const [i, state] of (['final', 'refused', 'sent'] as const).entries()) {
        await db
          .updateTable('outbox')
          .set({ state })
          .where('study', '=', studies[i] ?? '')
          .execute();
      }
    };
    await tickOutbox(db, { tick: finish }, wake);
    expect(ticks).toBe(0);
    const blank = {
      signer: null,
      nonce: null,
      transaction: null,
      block: null,
      block_hash: null,
      error: null,
    };
    const row = {
      ...blank,
      kind: 'start',
      round: 0,
      calldata: '0x00',
      state: 'pending',
      created: 1,
      updated: 1,
    } as const;
    await db
      .insertInto('outbox')
      .values(studies.map((study) => ({ ...row, study })))
      .execute();
    await tickOutbox(db, { tick: finish }, wake);
    expect(ticks).toBe(1);
    expect(woken.toSorted()).toEqual(studies.slice(0, 2));
  });
});
