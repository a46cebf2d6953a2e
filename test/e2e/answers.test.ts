import { readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeManifest } from '../../core/manifest/Manifest.ts';
import { sha256 } from '../../core/sha256.ts';
import { type Digest, fileName, type StudyId } from '../../core/values.ts';
import { attestedOf } from '../../embedded/attested.ts';
import type { Started } from '../../embedded/processes.ts';
import type { JournalEntry } from '../../worker/journal/port.ts';
import { type StudyRun, TestConsortium } from '../support/consortium.ts';
import { until } from '../support/until.ts';

const SLOTS = [1, 2, 3];
const ROUNDS = 2;
/** Seconds, on a machine that is busy with other tests. */
const PATIENCE = 240;

let box: TestConsortium;
let plan: string;
let run: StudyRun;

beforeAll(async () => {
  const clocks = { POLL_SECONDS: '0.2', HEARTBEAT_SECONDS: '1', OUTBOX_SECONDS: '0.1' };
  box = await TestConsortium.start({ hospitals: SLOTS.length, coordinatorEnv: clocks });
  const { training } = JSON.parse(readFileSync(box.planFile, 'utf8')) as { training: object };
  const all = { startAt: SLOTS.length, quorum: SLOTS.length, roundSeconds: 3600 };
  plan = await box.writePlan({ ...all, rounds: ROUNDS, training: { ...training, localSteps: 5 } });
  run = await box.runStudy(plan);
});

afterAll(async () => {
  await box?.close();
});

const workerFolder = (slot: number) => join(box.member(slot).dir, 'worker');

function journalOf(slot: number, study: StudyId): JournalEntry[] {
  const lines = readFileSync(join(workerFolder(slot), 'journal', 'journal.jsonl'), 'utf8')
    .split('\n')
    .slice(0, -1);
  return lines.map((line) => JSON.parse(line) as JournalEntry).filter((entry) => entry.study === study);
}

/** Every member attested every round, and each of them knows it. */
async function expectAnswered({ study, history }: StudyRun): Promise<void> {
  const { rounds, final } = await attestedOf(box.consortium, study, history.rounds, PATIENCE);
  expect([...rounds]).toEqual(Array.from({ length: ROUNDS }, (_, i) => [i + 1, SLOTS.length]));
  expect(final).toBe(true);
  const answeredBy = (slot: number) => journalOf(slot, study).filter(({ type }) => type === 'answered');
  await until(() => SLOTS.every((slot) => answeredBy(slot).length === ROUNDS), PATIENCE);
  for (const slot of SLOTS) {
    const said = journalOf(slot, study).flatMap((entry) =>
      entry.type === 'verdict' ? [[entry.round, entry.reason, entry.recordHash]] : [],
    );
    expect(said).toEqual(history.rounds.map(({ round, recordHash }) => [round, 0, recordHash]));
  }
}

/** Starts a coordinator that kills itself at `point`, which may be before it is ready. */
async function startDoomed(point: string): Promise<Started> {
  await box.startCoordinator({ SYNDIC_CRASH_AT: point }).catch(() => undefined);
  return box.coordinator;
}

async function killed(doomed: Started): Promise<void> {
  expect(await doomed.ended).toEqual({ code: null, signal: 'SIGKILL' });
}

describe('after a study', () => {
  test('every member has attested every round on chain, and the study is final', async () => {
    expect(run.detail).toMatchObject({ state: 'closed', completed: ROUNDS });
    await expectAnswered(run);
  });

  test('so it is when coordinator and workers are killed amid their answers, and no verdict is given twice', async () => {
    await box.stopCoordinator();
    const first = await startDoomed('verdict.pending.signed');
    const study = await box.openStudy(plan);
    await killed(first);
    const victim = box.worker(2);
    victim.child.kill('SIGKILL');
    await victim.ended;
    await killed(await startDoomed('verdict.broadcast'));
    const third = await startDoomed('verdict.taken:2');
    await box.startWorker(2);
    await killed(third);
    await box.startCoordinator();
    await expectAnswered(await box.follow(study));
  });

  test('the history outlives the coordinator: each member has every document of every round', async () => {
    await expectAnswered(run);
    await box.stopCoordinator();
    await rm(box.consortium.modelsDir, { recursive: true });
    for (const slot of SLOTS) {
      const folder = join(workerFolder(slot), 'records');
      const read = (of: Digest) => {
        const bytes = readFileSync(join(folder, fileName(of)));
        expect(sha256(bytes)).toBe(of);
        return bytes;
      };
      read(run.history.plan);
      for (const { manifest } of run.history.rounds) {
        const { entries } = decodeManifest(read(manifest));
        expect(entries.map((entry) => entry.slot)).toEqual(SLOTS);
        for (const { statement, receipt, report } of entries) {
          for (const name of [statement, receipt, report]) read(name as Digest);
        }
      }
      expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    }
  });
});
