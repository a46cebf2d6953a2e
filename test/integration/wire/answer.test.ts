import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Database } from '../../../coordinator/db/connect.ts';
import { SyndicError } from '../../../core/errors/SyndicError.ts';
import { sha256 } from '../../../core/sha256.ts';
import { domain } from '../../../core/statements/types.ts';
import { signVerdict } from '../../../core/statements/verdict.ts';
import { type Digest, digest, type Signature } from '../../../core/values.ts';
import type { SignedVerdict } from '../../../worker/session/port.ts';
import { testDatabase } from '../../support/database.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { VERDICTS } from '../../support/studies/FakeAnchor.ts';
import { type Member, ROUND, randomDigest } from '../../support/testConsortium.ts';
import { collect, WireWorld } from './world.ts';

let postgres: TestPostgres;
let db: Database;
let world: WireWorld;
let member: Member;
let stop: AbortController;

beforeAll(async () => {
  postgres = await startPostgres();
  db = await testDatabase(postgres);
});
afterAll(async () => {
  await db?.destroy();
  await postgres?.stop();
});
beforeEach(async () => {
  world = await WireWorld.start(db, 1000);
  [member] = world.consortium.members;
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await world.stop();
});

function signed(change: Partial<SignedVerdict> = {}): SignedVerdict {
  const { study, chain } = world.consortium;
  const verdict = { study, round: ROUND, slot: member.slot, recordHash: randomDigest(), reason: 0 };
  const signature = signVerdict(member.key, domain(chain.chainId, VERDICTS), verdict);
  return { ...verdict, signature, ...change };
}

describe('an answer', () => {
  test("arrives as it was signed, with the session's slot and key, and brings back what became of it", async () => {
    const session = world.dial(member);
    const attest = signed();
    expect(await session.answer(attest, stop.signal)).toEqual({ state: 'taken', error: '' });
    world.studies.relayed = { state: 'refused', error: 'NotTheMember(1)' };
    const dispute = signed({ reason: 255 });
    expect(await session.answer(dispute, stop.signal)).toEqual({ state: 'refused', error: 'NotTheMember(1)' });
    expect(world.studies.answered).toEqual([attest, dispute].map((verdict) => ({ ...verdict, key: member.address })));
  });

  test('may claim no slot but that of its session', async () => {
    await world.dial(member).answer(signed({ slot: 2 }), stop.signal);
    expect(world.studies.answered.map(({ slot }) => slot)).toEqual([member.slot]);
  });

  test.each<[string, Partial<SignedVerdict>]>([
    ['a reason over 255', { reason: 256 }],
    ['a study of another length', { study: '0x12' as Digest }],
    ['round 0', { round: 0 }],
    ['a record of another length', { recordHash: '0x' as Digest }],
  ])('with %s is refused before anybody looks at it', async (_what, change) => {
    const answer = world.dial(member).answer(signed(change), stop.signal);
    await expect(answer).rejects.toMatchObject({ code: 'DOCUMENT_INVALID' });
    expect(world.studies.answered).toEqual([]);
  });

  test('that is refused tells its code', async () => {
    world.studies.answer = async () => {
      throw new SyndicError('VERDICT_CONFLICT', 'another was given: the first counts');
    };
    const answer = world.dial(member).answer(signed({ signature: '0x12' as Signature }), stop.signal);
    await expect(answer).rejects.toMatchObject({
      code: 'VERDICT_CONFLICT',
      message: 'another was given: the first counts',
    });
  });
});

describe('documents that a manifest names', () => {
  test('are read by members of the study, and by nobody else', async () => {
    const { study } = world.consortium;
    const put = async (text: string) => (await world.models.put([Buffer.from(text)], 1000)).digest;
    const manifest = await put(`manifest ${study}`);
    const [statement, receipt, report] = await Promise.all(
      ['statement', 'receipt', 'report'].map((what) => put(`${what} ${study}`)),
    );
    await db.updateTable('rounds').set({ manifest }).where('study', '=', study).execute();
    const [, other] = world.consortium.members;
    const named = { statement, receipt, report } as Record<string, Digest>;
    await db.updateTable('tasks').set(named).where('id', '=', other.task).execute();
    const session = world.dial(member);
    const of = async (file: string) => sha256(await collect(session.download(digest(file), 0, stop.signal)));
    for (const file of [manifest, ...Object.values(named)]) expect(await of(file)).toBe(file);
    await db.deleteFrom('tasks').where('id', '=', member.task).execute();
    world.consortium.chain.grants.delete(`${study}/${member.slot}`);
    for (const file of [manifest, ...Object.values(named)]) {
      await expect(of(file)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    }
  });
});
