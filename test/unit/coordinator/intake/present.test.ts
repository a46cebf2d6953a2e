import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Database } from '../../../../coordinator/db/connect.ts';
import type { HeldReceipt } from '../../../../coordinator/intake/port.ts';
import { sha256 } from '../../../../core/sha256.ts';
import { decodeReceipt, encodeReceipt } from '../../../../core/statements/documents.ts';
import { sign } from '../../../../core/statements/sign.ts';
import type { ReceiptMessage } from '../../../../core/statements/types.ts';
import { digest, instant, slot } from '../../../../core/values.ts';
import { testDatabase } from '../../../support/database.ts';
import { startPostgres, type TestPostgres } from '../../../support/postgres.ts';
import {
  DEADLINE,
  type Member,
  person,
  RECORD_BY,
  ROUND,
  type SentUpdate,
  T0,
} from '../../../support/testConsortium.ts';
import { IntakeWorld } from './harness.ts';

let postgres: TestPostgres;
let db: Database;
let world: IntakeWorld;
let member: Member;

beforeAll(async () => {
  postgres = await startPostgres();
  db = await testDatabase(postgres);
});
afterAll(async () => {
  await db?.destroy();
  await postgres?.stop();
});
beforeEach(async () => {
  world = await IntakeWorld.start(db);
  [member] = world.consortium.members;
});
afterEach(() => world.stop());

const taskRow = () => db.selectFrom('tasks').selectAll().where('id', '=', member.task).executeTakeFirstOrThrow();

const uploads = () => db.selectFrom('uploads').select('state').where('task', '=', member.task).execute();

/** Takes database rows back to before the update was accepted, as an old copy has them. */
async function forget(): Promise<void> {
  const none = { update: null, samples: null, statement: null, report: null, receipt: null, metrics: null };
  const leased = { ...none, state: 'leased' as const, lease_until: T0 + 60 };
  await db.updateTable('tasks').set(leased).where('id', '=', member.task).execute();
  await db.updateTable('uploads').set({ state: 'stored' }).where('task', '=', member.task).execute();
}

/** An update that was accepted, whose receipt only the member still knows of. */
async function lost(): Promise<{ sent: SentUpdate; held: HeldReceipt }> {
  const sent = world.consortium.update(member);
  const receipt = await world.send(member, sent);
  await forget();
  return { sent, held: { statement: sent.statement, report: sent.report, receipt } };
}

/** The receipt once more, with other words or another signature. */
function forged(
  held: HeldReceipt,
  change: Partial<ReceiptMessage>,
  key = world.consortium.coordinator.key,
): HeldReceipt {
  const message = { ...decodeReceipt(held.receipt).message, ...change };
  return {
    ...held,
    receipt: encodeReceipt({ message, signature: sign(key, world.consortium.domain, 'Receipt', message) }),
  };
}

const present = (...held: HeldReceipt[]) => world.intake.present(member.slot, held, true);
const stands = { fault: null, wanted: null };

async function round(change: object): Promise<void> {
  await db.updateTable('rounds').set(change).where('study', '=', world.consortium.study).execute();
}

describe("a receipt of the coordinator's own that its database does not know", () => {
  test('is adopted, with an event, and wakes its study', async () => {
    const { sent, held } = await lost();
    const points: string[] = [];
    await world.restart((point) => points.push(point));
    expect(await present(held)).toEqual([stands]);
    expect(points).toEqual(['task.leased.adopted', 'upload.stored.adopted']);
    expect(await taskRow()).toMatchObject({
      state: 'accepted',
      lease_until: null,
      update: sent.update,
      samples: 200,
      statement: sha256(sent.statement),
      report: sha256(sent.report),
      receipt: sha256(held.receipt),
      metrics: { before: { loss: { value: 0.5 } } },
    });
    expect(await uploads()).toEqual([{ state: 'accepted' }]);
    expect((await world.events()).at(-1)).toMatchObject({ type: 'update.adopted', slot: 1, round: ROUND });
    expect(world.woken.at(-1)).toBe(world.consortium.study);
  });

  test('changes nothing when it is presented again, or was never lost', async () => {
    const { held } = await lost();
    await present(held);
    const before = [await world.snapshot(), await world.events()];
    expect(await present(held, held)).toEqual([stands, stands]);
    expect([await world.snapshot(), await world.events()]).toEqual(before);
  });

  test('is final: a second, different update for the round is refused, the same gets the same receipt', async () => {
    const { sent, held } = await lost();
    await present(held);
    await expect(world.begin(member, world.consortium.update(member))).rejects.toMatchObject({
      code: 'UPDATE_CONFLICT',
    });
    expect(Buffer.from(await world.send(member, sent))).toEqual(Buffer.from(held.receipt));
  });

  test.each([
    ['is', true],
    ['is not', false],
  ])('ends with its update when it is presented just before that comes again, which %s stored', async (_is, stored) => {
    const { sent, held } = await lost();
    if (!stored) await world.models.delete(sent.update);
    await db.deleteFrom('uploads').where('task', '=', member.task).execute();
    const { chain } = world.consortium;
    const grant = chain.grant.bind(chain);
    // Asked for when the task was found without a receipt, and no byte has been taken in.
    chain.grant = async (...of) => {
      chain.grant = grant;
      await present(held);
      return await grant(...of);
    };
    expect(Buffer.from(await world.send(member, sent))).toEqual(Buffer.from(held.receipt));
    expect(await uploads()).toEqual([{ state: 'accepted' }]);
    const { study } = world.consortium;
    expect(await db.selectFrom('awaited').selectAll().where('study', '=', study).execute()).toEqual([]);
  });

  test('gives way to no other: what was accepted first stays', async () => {
    const { held } = await lost();
    const receipt = await world.send(member, world.consortium.update(member));
    expect(await present(held)).toMatchObject([{ fault: { code: 'UPDATE_CONFLICT' }, wanted: null }]);
    expect((await taskRow()).receipt).toBe(sha256(receipt));
  });

  test('is adopted after the deadline, too: it proves that the update came in time', async () => {
    const { held } = await lost();
    world.consortium.now = instant(DEADLINE + 1000);
    expect(await present(held)).toEqual([stands]);
  });

  test('is adopted when the coordinator has rotated its key since', async () => {
    const { held } = await lost();
    const { chain, coordinator } = world.consortium;
    const known = chain.keys.get(coordinator.address);
    if (known === undefined) throw new Error('no key');
    chain.keys.set(coordinator.address, { ...known, validTo: instant(T0) });
    expect(await present(held)).toEqual([stands]);
    chain.keys.set(coordinator.address, { ...known, validTo: instant(T0), compromised: true });
    await forget();
    expect(await present(held)).toMatchObject([{ fault: { code: 'RECEIPT_INVALID' } }]);
  });

  test('tells a round that is opened anew when it had been opened', async () => {
    const { held } = await lost();
    await db.deleteFrom('uploads').where('task', '=', member.task).execute();
    await db.deleteFrom('tasks').where('study', '=', world.consortium.study).execute();
    await round({ state: 'open', opened: T0 + 5000, deadline: T0 + 5000, record_by: T0 + 5000 });
    expect(await present(held)).toEqual([stands]);
    const { study } = world.consortium;
    const row = await db.selectFrom('rounds').selectAll().where('study', '=', study).executeTakeFirstOrThrow();
    expect(row).toMatchObject({ state: 'open', opened: T0, deadline: DEADLINE, record_by: RECORD_BY });
  });
});

describe('a receipt is not adopted', () => {
  test.each<[what: string, code: string, change: (held: HeldReceipt) => HeldReceipt]>([
    ['signed by a stranger', 'RECEIPT_INVALID', (held) => forged(held, {}, person().key)],
    [
      'that names another update',
      'RECEIPT_INVALID',
      (held) => forged(held, { update: digest(`0x${'11'.repeat(32)}`) }),
    ],
    ['that names more samples', 'RECEIPT_INVALID', (held) => forged(held, { samples: 201 })],
    ['with the report of another statement', 'DOCUMENT_INVALID', (held) => ({ ...held, report: otherReport() })],
    ['longer than any is', 'TOO_LARGE', (held) => ({ ...held, receipt: new Uint8Array(65 * 1024) })],
    ['that is no document', 'DOCUMENT_INVALID', (held) => ({ ...held, receipt: Buffer.from('{}') })],
  ])('%s', async (_what, code, change) => {
    const { held } = await lost();
    const before = await world.snapshot();
    expect(await present(change(held))).toMatchObject([{ fault: { code }, wanted: null }]);
    expect(await world.snapshot()).toEqual(before);
    expect(await present(change(held), held)).toMatchObject([{ fault: { code } }, stands]);
  });

  const otherReport = () => world.consortium.update(member).report;

  test("of another member's", async () => {
    const { held } = await lost();
    expect(await world.intake.present(slot(2), [held], true)).toMatchObject([{ fault: { code: 'WRONG_SLOT' } }]);
  });

  test('whose statement is signed by no key of the member', async () => {
    const { held } = await lost();
    world.consortium.chain.keys.delete(member.address);
    expect(await present(held)).toMatchObject([{ fault: { code: 'KEY_INVALID' } }]);
  });

  test('for a round that closed without it, or one of another base', async () => {
    const { held } = await lost();
    await round({ base_model: `0x${'22'.repeat(32)}` });
    expect(await present(held)).toMatchObject([{ fault: { code: 'WRONG_BASE' } }]);
    await round({ base_model: world.consortium.base, state: 'closed', closed: T0 });
    expect(await present(held)).toMatchObject([{ fault: { code: 'ROUND_NOT_OPEN' } }]);
    expect(await taskRow()).toMatchObject({ state: 'leased' });
  });

  test('while the chain does not answer: what a retry may mend is no verdict', async () => {
    const { held } = await lost();
    world.consortium.chain.failure = new Error('away');
    await expect(present(held)).rejects.toThrow('away');
  });
});

describe('an adopted receipt whose update the store lost', () => {
  test('is accepted at once, and its bytes, sent again, get the same receipt', async () => {
    const { sent, held } = await lost();
    await world.models.delete(sent.update);
    const { study } = world.consortium;
    expect(await present(held)).toEqual([{ fault: null, wanted: member.task }]);
    expect(await taskRow()).toMatchObject({ state: 'accepted', receipt: sha256(held.receipt) });
    const awaited = () => db.selectFrom('awaited').select(['slot', 'update']).where('study', '=', study).execute();
    expect(await awaited()).toEqual([{ slot: 1, update: sent.update }]);
    const state = await world.intake.state(member.slot, member.task, sent.update);
    expect(state).toEqual({ received: 0, receipt: null });

    const upload = await world.begin(member, sent);
    await upload.chunk(0, sent.file.subarray(0, 100));
    await upload.suspend();
    expect(await world.intake.state(member.slot, member.task, sent.update)).toMatchObject({ received: 100 });
    const points: string[] = [];
    await world.restart((point) => points.push(point));
    const rest = await world.begin(member, sent, { offset: 100 });
    await rest.chunk(100, sent.file.subarray(100));
    expect(Buffer.from(await rest.finish())).toEqual(Buffer.from(held.receipt));
    expect(points).toEqual(['upload.receiving.adopted']);
    expect(await awaited()).toEqual([]);
    expect(await world.models.size(sent.update)).toBe(sent.file.length);
    expect(await present(held)).toEqual([stands]);
  });

  test('takes no other bytes than those', async () => {
    const { sent, held } = await lost();
    await world.models.delete(sent.update);
    await present(held);
    const other = world.consortium.updateFile();
    const upload = await world.begin(member, sent);
    await upload.chunk(0, other);
    await expect(upload.finish()).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(await taskRow()).toMatchObject({ state: 'accepted', receipt: sha256(held.receipt) });
    expect(Buffer.from(await world.send(member, sent))).toEqual(Buffer.from(held.receipt));
  });
});

describe('a member that has told all it holds', () => {
  test('is waited for no longer, in any study; one that has more to tell still is', async () => {
    const { study } = world.consortium;
    const row = { study, round: ROUND, update: null, until: null };
    await db
      .insertInto('awaited')
      .values([
        { ...row, slot: 1 },
        { ...row, slot: 2 },
      ])
      .execute();
    const slots = async () =>
      (await db.selectFrom('awaited').select('slot').where('study', '=', study).execute()).length;
    await world.intake.present(member.slot, [], false);
    expect(await slots()).toBe(2);
    await world.intake.present(member.slot, [], true);
    expect(await slots()).toBe(1);
    expect(world.woken).toEqual([study]);
  });
});
