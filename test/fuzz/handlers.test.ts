import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Database } from '../../coordinator/db/connect.ts';
import { isErrorCode } from '../../core/errors/SyndicError.ts';
import { sha256 } from '../../core/sha256.ts';
import { addressOf } from '../../core/statements/sign.ts';
import { hexToBytes, type StudyId, slot } from '../../core/values.ts';
import { loadWire } from '../../proto/load.ts';
import { CompatCoordinator, SLOTS } from '../compat/CompatCoordinator.ts';
import { startWorkers } from '../compat/startWorkers.ts';
import { testDatabase } from '../support/database.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';
import { spoilt } from './arbitraries.ts';
import { RawClient } from './RawClient.ts';
import { runs } from './runs.ts';
import { type AnyCall, anyMessage, calls } from './wireArbitrary.ts';

const TOKEN = 'f0'.repeat(32);
const wire = loadWire();

let postgres: TestPostgres;
let db: Database;
let coordinator: CompatCoordinator;
let client: RawClient;
let study: StudyId;
/** What means something to the coordinator: ids of its tasks, digests of its files. */
const words: string[] = ['1', 'train', 'POLICY_REFUSED'];
const known: Uint8Array[] = [];
const failures: string[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
  db = await testDatabase(postgres);
  const quiet = () => undefined;
  const error = (facts: object, message: string) => void failures.push(`${message}: ${JSON.stringify(facts)}`);
  coordinator = await CompatCoordinator.start(db, {}, { debug: quiet, info: quiet, warn: quiet, error });
  study = await coordinator.run('f2');
  const { target, certificate, key } = coordinator.worker(1);
  client = new RawClient(target, certificate, TOKEN);
  const [mine] = await coordinator.studies.tasksFor(slot(1));
  const [theirs] = await coordinator.studies.tasksFor(slot(2));
  if (mine === undefined || theirs === undefined) throw new Error('the round did not open');
  words.push(mine.id, mine.id, theirs.id, addressOf(key));
  known.push(...[mine.study, mine.plan, mine.baseModel].map(hexToBytes));
});
afterAll(async () => {
  client.close();
  await coordinator.close();
  await db.destroy();
  await postgres.stop();
});

/** The bytes of a message as a client that keeps to the protos would send it. */
function encode({ service, method }: AnyCall, message: object): Uint8Array {
  // biome-ignore lint/suspicious/noExplicitAny: looked up by name, since methods are added
  const services: any = wire;
  const serialised = services[service].service[method].requestSerialize(message);
  const bytes = Buffer.alloc(serialised.byteLength);
  serialised.copy(bytes);
  return bytes;
}

/** Logging out is one of the calls. */
async function logIn(): Promise<void> {
  const { key } = coordinator.worker(1);
  const session = { token_hash: sha256(Buffer.from(TOKEN)), role: 'worker', slot: 1, expires: 2 ** 40 } as const;
  await db
    .insertInto('sessions')
    .values({ ...session, key: addressOf(key), capabilities: '[]' })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

async function expectCode(call: AnyCall, messages: readonly Uint8Array[]): Promise<void> {
  failures.length = 0;
  await logIn();
  const answer = await client.send(call, messages);
  if (answer === 'OK') return;
  const code = 'code' in answer ? answer.code : `no code, gRPC status ${answer.bare}: ${answer.details}`;
  expect({ code, failures }).toEqual({ code: expect.anything(), failures: [] });
  expect(isErrorCode(code) ? '' : code).toBe('');
  expect(code).not.toBe('INTERNAL');
}

describe.each(calls.map((call) => [`${call.service}/${call.method}`, call] as const))('%s', (_, call) => {
  const streamed = call.requestStream ? { minLength: 0, maxLength: 4 } : { minLength: 1, maxLength: 1 };
  const good = () => anyMessage(call.request, words, known).map((message) => encode(call, message));

  test('answers any message of its type with a code of the table, never INTERNAL', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(good(), streamed), (messages) => expectCode(call, messages)),
      runs(10),
    );
  });

  test('answers bytes that may be no message with a code of the table, never INTERNAL', async () => {
    const bytes = fc.oneof(spoilt(good()), fc.uint8Array({ maxLength: 100 }));
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, streamed), (messages) => expectCode(call, messages)),
      runs(10),
    );
  });
});

test('after all that, the members finish their study', async () => {
  await db.deleteFrom('nonces').execute();
  const workers = await startWorkers('v0.1', coordinator, SLOTS);
  const over = until(async () => {
    await coordinator.settle(study);
    return (await coordinator.studies.show(study)).state === 'closed';
  });
  await Promise.race([over, workers.failed]);
  expect(await coordinator.studies.show(study)).toMatchObject({ state: 'closed', completed: 2 });
  await workers.stop();
});
