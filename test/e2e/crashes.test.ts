import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import type { TaskDetail } from '../../coordinator/studies/port.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { decodeManifest } from '../../core/manifest/Manifest.ts';
import { decodeReceipt } from '../../core/statements/documents.ts';
import { OUTCOME, STATUS } from '../../core/statements/entries.ts';
import { type Digest, fileName, type StudyId } from '../../core/values.ts';
import type { Started } from '../../embedded/processes.ts';
import { historyOf } from '../../embedded/study.ts';
import type { AcceptedEntry, JournalEntry, PreparedEntry } from '../../worker/journal/port.ts';
import { type StudyRun, TestConsortium } from '../support/consortium.ts';
import { until } from '../support/until.ts';

const SLOTS = [1, 2];
/** Enough that a heartbeat, a second apart, finds training under way. */
const MANY_STEPS = 2000;
/** What a kill leaves in the store's folder of temporaries. */
const STRAY = 'put-00000000000000000000000000000000';

/** A plan, and what it comes to when nobody is killed. */
interface Course {
  readonly plan: string;
  readonly undisturbed: StudyRun;
}

let box: TestConsortium;
/** Two rounds of little work. */
let short: Course;
/** One round of much. */
let long: Course;

beforeAll(async () => {
  box = await TestConsortium.start({
    hospitals: SLOTS.length,
    coordinatorEnv: { POLL_SECONDS: '0.2', HEARTBEAT_SECONDS: '1', OUTBOX_SECONDS: '0.1' },
  });
  short = await course({ rounds: 2, localSteps: 20 });
  long = await course({ rounds: 1, localSteps: MANY_STEPS });
});

afterAll(async () => {
  await box?.close();
});

describe('a study goes on and records every round once after kill -9 of the coordinator', () => {
  test('while it collects updates', async () => {
    const study = await crash('round.collecting');
    const left = await rows('SELECT round, state FROM rounds WHERE study = $1', study);
    expectLike(await recover(study), short);
    expect(left).toEqual([{ round: '1', state: 'collecting' }]);
  });

  test('after it has aggregated', async () => {
    const study = await crash('round.aggregated');
    const left = await rows('SELECT round, state, global_model FROM rounds WHERE study = $1', study);
    expectLike(await recover(study), short);
    const global_model = short.undisturbed.history.rounds[0]?.globalModel;
    expect(left).toEqual([{ round: '1', state: 'aggregated', global_model }]);
  });

  test('between storing the signed bytes of a record and seeing them mined: the same bytes are sent', async () => {
    // Before it come the opening and the start of the study.
    const study = await crash('outbox.signed:3');
    const [left] = await rows(`SELECT state, transaction FROM outbox WHERE study = $1 AND kind = 'record'`, study);
    const before = await historyOf(box.consortium, study);
    const run = await recover(study);
    expectLike(run, short);
    expect(before.rounds).toEqual([]);
    expect(left).toEqual({ state: 'signed', transaction: run.history.rounds[0]?.transaction });
  });

  test('at one point after another, all in one study', async () => {
    const study = await crash('study.running');
    await kills(['upload.stored', 'upload.accepted:2', 'round.recorded', 'outbox.broadcast', 'round.anchored']);
    expectLike(await recover(study), short);
  });
});

describe('a study goes on and records every round once after kill -9 of a worker', () => {
  test('in the midst of its training, and between its signing and its sending: the same bytes are sent', async () => {
    const study = await box.openStudy(long.plan);
    await untilTraining(study, 1);
    await killed(box.worker(1));
    expect(prepared(1, study)).toEqual([]);
    // Asleep, the coordinator takes nothing in: what is signed now stays where it is.
    process.kill(box.coordinator.pid, 'SIGSTOP');
    try {
      await until(() => prepared(2, study).length === 1);
      await killed(box.worker(2));
    } finally {
      process.kill(box.coordinator.pid, 'SIGCONT');
    }
    const [signed] = prepared(2, study);
    expect(accepted(2, study)).toEqual([]);

    await Promise.all(SLOTS.map((slot) => box.startWorker(slot)));
    const run = await box.follow(study);
    const recorded = run.history.rounds[0]?.entries.find(({ slot }) => slot === 2);
    expect(recorded?.update).toBe(signed?.update);
    expectLike(run, long);
  });
});

async function course({ rounds, localSteps }: { rounds: number; localSteps: number }): Promise<Course> {
  const standard = JSON.parse(readFileSync(box.planFile, 'utf8')) as { training: object };
  const training = { ...standard.training, localSteps };
  const plan = await box.writePlan({ rounds, seed: 11, startAt: SLOTS.length, quorum: SLOTS.length, training });
  return { plan, undisturbed: await box.runStudy(plan) };
}

/** Opens a study with a coordinator that kills itself at `point`; resolves when it is dead. */
async function crash(point: string): Promise<StudyId> {
  await box.stopCoordinator();
  const doomed = await box.startCoordinator({ SYNDIC_CRASH_AT: point });
  const study = await box.openStudy(short.plan);
  expect(await doomed.ended).toEqual({ code: null, signal: 'SIGKILL' });
  return study;
}

/** One coordinator after the other, each killed at its point. */
async function kills(points: readonly string[]): Promise<void> {
  for (const point of points) {
    try {
      const doomed = await box.startCoordinator({ SYNDIC_CRASH_AT: point });
      expect(await doomed.ended).toEqual({ code: null, signal: 'SIGKILL' });
    } catch (error) {
      // Some reach their point before they are ready.
      if (!(error instanceof SyndicError) || error.code !== 'DEPENDENCY_UNAVAILABLE') throw error;
    }
  }
}

/** Starts the coordinator again, as it was, and follows the study to its end. */
async function recover(study: StudyId): Promise<StudyRun> {
  writeFileSync(join(temporaries(), STRAY), 'half a file');
  await box.startCoordinator();
  return await box.follow(study);
}

/** The study came to what it comes to undisturbed: every round once, in each every member once. */
function expectLike({ study, detail, history }: StudyRun, { undisturbed }: Course): void {
  const { rounds, totals } = undisturbed.history;
  expect(detail).toMatchObject({ state: 'closed', completed: rounds.length });
  expect(history).toMatchObject({ verified: true, faults: [] });
  expect(history.rounds.map(({ round, outcome }) => [round, outcome])).toEqual(
    rounds.map((_, i) => [i + 1, OUTCOME.COMPLETED]),
  );
  expect(history.rounds.map(({ globalModel }) => globalModel)).toEqual(rounds.map(({ globalModel }) => globalModel));
  for (const { entries } of history.rounds) {
    expect(entries.map(({ slot, status }) => [slot, status])).toEqual(SLOTS.map((slot) => [slot, STATUS.INCLUDED]));
  }
  const updates = history.rounds.flatMap(({ entries }) => entries.map(({ update }) => update));
  expect(new Set(updates).size).toBe(rounds.length * SLOTS.length);
  expect(history.totals).toEqual(totals);
  for (const slot of SLOTS) expectHonoured(slot, study, history);
  expect(readdirSync(temporaries())).toEqual([]);
}

/** Every receipt that a member holds, or that was ever issued to it, is in the record of its round. */
function expectHonoured(slot: number, study: StudyId, { rounds }: StudyRun['history']): void {
  expect(prepared(slot, study).map(({ round }) => round)).toEqual(rounds.map(({ round }) => round));
  const held = accepted(slot, study);
  expect(held.map(({ round }) => round)).toEqual(rounds.map(({ round }) => round));
  for (const [i, { receipt: digest, update }] of held.entries()) {
    const { message } = decodeReceipt(journalFile(slot, digest));
    const record = rounds[i];
    const entry = record?.entries.find((one) => one.slot === slot);
    expect(message).toMatchObject({
      study,
      slot,
      round: record?.round,
      update: entry?.update,
      samples: entry?.samples,
    });
    expect(update).toBe(entry?.update);
    expect(message.recordBy).toBeGreaterThanOrEqual(record?.time ?? Number.POSITIVE_INFINITY);
    const manifest = decodeManifest(stored(record?.manifest as Digest));
    expect(manifest.entries.find((one) => one.slot === slot)?.receipt).toBe(digest);
  }
}

async function killed(process: Started): Promise<void> {
  process.child.kill('SIGKILL');
  await process.ended;
}

async function untilTraining(study: StudyId, slot: number): Promise<void> {
  const client = await box.client();
  let seen: TaskDetail | undefined;
  await until(async () => {
    const { attempts } = await client.show(study);
    seen = attempts[0]?.tasks.find((one) => one.slot === slot);
    return seen?.phase === 'training' || seen?.state === 'accepted';
  });
  expect(seen).toMatchObject({ state: 'leased', phase: 'training', total: MANY_STEPS });
}

async function rows(sql: string, study: StudyId): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: box.consortium.services.database.url });
  await client.connect();
  try {
    return (await client.query(sql, [study])).rows;
  } finally {
    await client.end();
  }
}

function journal(slot: number, study: StudyId): JournalEntry[] {
  const text = readFileSync(join(box.member(slot).dir, 'worker', 'journal', 'journal.jsonl'), 'utf8');
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as JournalEntry).filter((entry) => entry.study === study);
}

function prepared(slot: number, study: StudyId): PreparedEntry[] {
  return journal(slot, study).filter((entry) => entry.type === 'prepared');
}

function accepted(slot: number, study: StudyId): AcceptedEntry[] {
  return journal(slot, study).filter((entry) => entry.type === 'accepted');
}

function journalFile(slot: number, digest: Digest): Uint8Array {
  return new Uint8Array(readFileSync(join(box.member(slot).dir, 'worker', 'journal', 'files', fileName(digest))));
}

function stored(digest: Digest): Uint8Array {
  return new Uint8Array(readFileSync(join(box.consortium.modelsDir, fileName(digest))));
}

function temporaries(): string {
  return join(box.consortium.modelsDir, 'tmp');
}
