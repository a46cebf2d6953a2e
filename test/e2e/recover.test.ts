import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import type { StudyDetail } from '../../coordinator/studies/port.ts';
import { decodeManifest } from '../../core/manifest/Manifest.ts';
import { decodeReceipt } from '../../core/statements/documents.ts';
import { OUTCOME, STATUS } from '../../core/statements/entries.ts';
import { type Digest, fileName, type StudyId } from '../../core/values.ts';
import { type Started, stop } from '../../embedded/processes.ts';
import { runSyndic } from '../../embedded/runSyndic.ts';
import { historyOf } from '../../embedded/study.ts';
import type { AcceptedEntry, JournalEntry } from '../../worker/journal/port.ts';
import { type StudyRun, TestConsortium } from '../support/consortium.ts';
import { replaceDatabase } from '../support/replaceDatabase.ts';
import { until } from '../support/until.ts';

const SLOTS = [1, 2];
const ROUNDS = 6;

let box: TestConsortium;
let plan: string;
let undisturbed: StudyRun;
/** Transactions that the coordinator needs for a whole study. */
let transactions: number;

beforeAll(async () => {
  const clocks = { POLL_SECONDS: '0.2', HEARTBEAT_SECONDS: '1', OUTBOX_SECONDS: '0.1' };
  box = await TestConsortium.start({ hospitals: SLOTS.length, coordinatorEnv: clocks });
  const { training } = JSON.parse(readFileSync(box.planFile, 'utf8')) as { training: object };
  const all = { startAt: SLOTS.length, quorum: SLOTS.length, roundSeconds: 3600 };
  plan = await box.writePlan({ ...all, rounds: ROUNDS, seed: 11, training: { ...training, localSteps: 5 } });
  const before = await sent();
  undisturbed = await box.runStudy(plan);
  transactions = (await sent()) - before;
});

afterAll(async () => {
  await box?.close();
});

describe('a coordinator that lost its database in the midst of a round, with receipts out,', () => {
  test('recovers from a copy three rounds old, itself of the midst of a round, then from none, and completes the study', async () => {
    const before = await sent();
    const closed = withoutProgress(await show(undisturbed.study));
    const study = await untilCrash('upload.accepted:3');
    await replaceDatabase(databaseUrl(), 'copy', 'syndic');
    await crashed('round.anchored:3');
    await untilReceiptIsOut(5);
    await replaceDatabase(databaseUrl(), 'syndic', 'copy');
    expect(await roundsOf(study)).toEqual([{ state: 'anchored' }, { state: 'collecting' }]);
    expect((await historyOf(box.consortium, study)).rounds).toHaveLength(4);
    await expect(box.startCoordinator()).rejects.toThrow(/CHAIN_AHEAD.*syndic coordinator recover/);
    expect(recoveredOf(study, await recover())).toMatchObject({ state: 'running', rounds: 3, open: 5 });

    // Only the second member's worker is away: the round waits for it.
    const doomed = await box.startCoordinator({ SYNDIC_CRASH_AT: 'round.anchored' });
    await box.startWorker(2);
    await killed(doomed);
    await untilReceiptIsOut(6);
    await replaceDatabase(databaseUrl(), 'syndic');
    const recovery = await recover();
    expect(recoveredOf(study, recovery)).toMatchObject({ state: 'running', rounds: 5, open: 6 });
    expect(recoveredOf(undisturbed.study, recovery)).toMatchObject({ state: 'closed', rounds: ROUNDS, open: null });

    await box.startCoordinator();
    await expect(recover()).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    await box.startWorker(2);
    expectLike(await box.follow(study));
    expect((await sent()) - before).toBe(transactions);
    expect(withoutProgress(await show(undisturbed.study))).toEqual(closed);
  });
});

/** Opens a study with a coordinator that kills itself at `point`; resolves when it is dead. */
async function untilCrash(point: string): Promise<StudyId> {
  await box.stopCoordinator();
  const doomed = await box.startCoordinator({ SYNDIC_CRASH_AT: point });
  const study = await box.openStudy(plan);
  await killed(doomed);
  return study;
}

async function crashed(point: string): Promise<void> {
  await killed(await box.startCoordinator({ SYNDIC_CRASH_AT: point }));
}

/** Lets only the first member answer in the round that opens, and kills the coordinator once it holds its receipt. */
async function untilReceiptIsOut(round: number): Promise<void> {
  await stop(box.worker(2));
  const last = await box.startCoordinator();
  await until(() => accepted(1).at(-1)?.round === round);
  last.child.kill('SIGKILL');
  await last.ended;
}

async function killed(doomed: Started): Promise<void> {
  expect(await doomed.ended).toEqual({ code: null, signal: 'SIGKILL' });
}

interface Recovery {
  readonly studies: readonly { study: StudyId; state: string; rounds: number; open: number | null }[];
}

async function recover(): Promise<Recovery> {
  const env = box.consortium.coordinatorEnv();
  await runSyndic(['coordinator', 'migrate'], env);
  return await runSyndic<Recovery>(['coordinator', 'recover'], env);
}

function recoveredOf(study: StudyId, { studies }: Recovery) {
  return studies.find((one) => one.study === study);
}

/** The study came to what it comes to undisturbed, and every receipt that a member holds is honoured. */
function expectLike({ study, detail, history }: StudyRun): void {
  expect(detail).toMatchObject({ state: 'closed', completed: ROUNDS });
  expect(history).toMatchObject({ verified: true, faults: [] });
  expect(history.rounds.map(({ round, outcome }) => [round, outcome])).toEqual(
    Array.from({ length: ROUNDS }, (_, i) => [i + 1, OUTCOME.COMPLETED]),
  );
  const { rounds, totals } = undisturbed.history;
  expect(history.rounds.map(({ globalModel }) => globalModel)).toEqual(rounds.map(({ globalModel }) => globalModel));
  expect(history.totals).toEqual(totals);
  for (const slot of SLOTS) expectHonoured(slot, study, history);
}

/** Each receipt in the member's journal is in the record of its round; one of each round at least. */
function expectHonoured(slot: number, study: StudyId, { rounds }: StudyRun['history']): void {
  const held = accepted(slot, study);
  expect([...new Set(held.map(({ round }) => round))]).toEqual(rounds.map(({ round }) => round));
  for (const { round, receipt } of held) {
    const { message } = decodeReceipt(journalFile(slot, receipt));
    const record = rounds[round - 1];
    const entry = record?.entries.find((one) => one.slot === slot);
    expect(entry).toMatchObject({ status: STATUS.INCLUDED, update: message.update, samples: message.samples });
    expect(message.recordBy).toBeGreaterThanOrEqual(record?.time ?? Number.POSITIVE_INFINITY);
    const manifest = decodeManifest(stored(record?.manifest as Digest));
    expect(manifest.entries.find((one) => one.slot === slot)?.receipt).toBe(receipt);
  }
}

async function show(study: StudyId): Promise<StudyDetail> {
  return await (await box.client()).show(study);
}

/** How far a task's worker had said it was is told by nobody any more, nor when the order came that is on chain. */
function withoutProgress({ openedAt, ...detail }: StudyDetail) {
  const attempts = detail.attempts.map(({ tasks, ...attempt }) => ({
    ...attempt,
    tasks: tasks.map(({ phase, done, total, ...task }) => task),
  }));
  return { ...detail, attempts };
}

/** Transactions that the coordinator's key has sent to the ledger: verdicts share theirs as it happens. */
async function sent(): Promise<number> {
  const file = join(box.dir, 'coordinator', 'coordinator-key.json');
  const { address } = JSON.parse(readFileSync(file, 'utf8')) as { address: string };
  const from = `0x${address.replace(/^0x/, '').toLowerCase()}`;
  const { ledger } = box.consortium.deployment;
  let count = 0;
  for (let block = Number(await rpc<string>('eth_blockNumber', [])); block > 0; block--) {
    const { transactions } = await rpc<{ transactions: { from: string; to: string | null }[] }>(
      'eth_getBlockByNumber',
      [`0x${block.toString(16)}`, true],
    );
    count += transactions.filter((one) => one.from === from && one.to === ledger).length;
  }
  return count;
}

async function rpc<T>(method: string, params: unknown[]): Promise<T> {
  const response = await fetch(box.consortium.rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  return ((await response.json()) as { result: T }).result;
}

function databaseUrl(): string {
  return box.consortium.services.database.url;
}

async function roundsOf(study: StudyId): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: databaseUrl() });
  await client.connect();
  try {
    return (await client.query('SELECT state FROM rounds WHERE study = $1 ORDER BY round', [study])).rows;
  } finally {
    await client.end();
  }
}

function accepted(slot: number, study?: StudyId): AcceptedEntry[] {
  const text = readFileSync(join(box.member(slot).dir, 'worker', 'journal', 'journal.jsonl'), 'utf8');
  const entries = text.split('\n').slice(0, -1);
  return entries
    .map((line) => JSON.parse(line) as JournalEntry)
    .filter((entry): entry is AcceptedEntry => entry.type === 'accepted')
    .filter((entry) => study === undefined || entry.study === study);
}

function journalFile(slot: number, digest: Digest): Uint8Array {
  return new Uint8Array(readFileSync(join(box.member(slot).dir, 'worker', 'journal', 'files', fileName(digest))));
}

function stored(digest: Digest): Uint8Array {
  return new Uint8Array(readFileSync(join(box.consortium.modelsDir, fileName(digest))));
}
