import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeManifest } from '../../../core/manifest/Manifest.ts';
import { decodeReceipt } from '../../../core/statements/documents.ts';
import { STATUS } from '../../../core/statements/entries.ts';
import { type Digest, fileName, type StudyId } from '../../../core/values.ts';
import { historyOf } from '../../../embedded/study.ts';
import type { StudyRun } from '../consortium.ts';
import { until } from '../until.ts';
import { type CrashBox, SLOTS } from './CrashBox.ts';
import type { Course } from './courses.ts';

type History = StudyRun['history'];

/** Everything about a closed study that is not as it is when nobody was killed. */
export async function findings(box: CrashBox, study: StudyId, course: Course): Promise<string[]> {
  const found: string[] = [];
  const check = (what: string, got: unknown, want: unknown) => {
    const [is, should] = [JSON.stringify(got), JSON.stringify(want)];
    if (is !== should) found.push(`${what}: ${is}, not ${should}`);
  };
  const [row] = await box.sql('SELECT outcome FROM studies WHERE id = $1', study);
  check('outcome of the study', Number(row?.outcome), course.outcome);
  await checkLeftovers(box, study, check);
  if (!course.onChain) return found;
  const history = await historyOf(box.box.consortium, study);
  checkHistory(history, course, check);
  for (const slot of SLOTS) checkReceipts(box, slot, study, history, check);
  return found;
}

type Check = (what: string, got: unknown, want: unknown) => void;

/** Nothing is under way any more, and nobody's half-written file is left. */
async function checkLeftovers(box: CrashBox, study: StudyId, check: Check): Promise<void> {
  const tasks = `SELECT id FROM tasks WHERE study = $1`;
  const open = await box.sql(`${tasks} AND (state IN ('offered', 'leased') OR lease_until IS NOT NULL)`, study);
  check('tasks still leased or on offer', open.length, 0);
  const uploads = await box.sql(`SELECT FROM uploads WHERE state <> 'accepted' AND task IN (${tasks})`, study);
  check('uploads under way', uploads.length, 0);
  // The study is closed once the chain says so, and the message about it final a little later.
  const messages = `SELECT kind, round, state FROM outbox WHERE study = $1 AND state NOT IN ('final', 'refused')`;
  check('messages under way', await untilGone(() => box.sql(messages, study)), []);
  const rounds = await box.sql(`SELECT round, state FROM rounds WHERE study = $1 AND state <> 'anchored'`, study);
  check('rounds under way', rounds, []);
  check('temporary files of the coordinator', await untilGone(() => readdirSync(box.temporaries)), []);
  check('temporary files of the workers', await untilGone(() => box.workersTemporaries()), []);
}

/**
 * What is left after a while. Workers go on answering the last record, so between two looks another document or verdict
 * of theirs may be under way: one look at which nothing is suffices, because what got lost shows at every one.
 */
async function untilGone<T>(look: () => T[] | Promise<T[]>): Promise<T[]> {
  let left: T[] = [];
  await until(async () => {
    left = await look();
    return left.length === 0;
  }, 120).catch(() => undefined);
  return left;
}

/** Every round once, in each every member once, and the models of an undisturbed run. */
function checkHistory(history: History, course: Course, check: Check): void {
  check('faults of the history', history.faults, []);
  check(
    'rounds on chain',
    history.rounds.map(({ round, outcome }) => [round, outcome]),
    Array.from({ length: course.rounds }, (_, i) => [i + 1, course.roundOutcome]),
  );
  if (course.globals.length > 0) {
    check(
      'global models',
      history.rounds.map(({ globalModel }) => globalModel),
      course.globals,
    );
  }
  for (const { round, entries } of history.rounds) {
    const slots = entries.map(({ slot }) => slot);
    check(`entries of round ${round}`, slots, [...new Set(slots)]);
    const included = entries.filter(({ status }) => status === STATUS.INCLUDED).map(({ slot }) => slot);
    check(`included in round ${round}`, included, course.included);
  }
  const updates = history.rounds.flatMap(({ entries }) =>
    entries.filter(({ status }) => status === STATUS.INCLUDED).map(({ update }) => update),
  );
  check('updates counted twice', updates.length - new Set(updates).size, 0);
  check(
    'rounds counted by member',
    history.totals.filter(({ rounds }) => rounds > 0).map(({ slot, rounds }) => [slot, rounds]),
    course.rounds === 0 ? [] : course.included.map((slot) => [slot, course.rounds]),
  );
}

/** Every receipt that a member holds names an update that the record of its round names, included or with a reason. */
function checkReceipts(box: CrashBox, slot: number, study: StudyId, history: History, check: Check): void {
  const entries = box.journal(slot, study);
  const signed = entries.filter((entry) => entry.type === 'prepared').map(({ round }) => round);
  check(`updates signed by slot ${slot}`, signed, [...new Set(signed)]);
  for (const entry of entries) {
    if (entry.type !== 'accepted') continue;
    const { message } = decodeReceipt(
      new Uint8Array(readFileSync(join(box.journalDir(slot), 'files', fileName(entry.receipt)))),
    );
    const record = history.rounds.find(({ round }) => round === message.round);
    const recorded = record?.entries.find((one) => one.slot === slot);
    const what = `the receipt of slot ${slot} in round ${message.round}`;
    check(`${what}, update`, recorded?.update, message.update);
    check(`${what}, samples`, recorded?.samples, message.samples);
    check(`${what}, in time`, (record?.time ?? Number.POSITIVE_INFINITY) <= message.recordBy, true);
    const manifest = decodeManifest(storedAt(box, record?.manifest as Digest));
    const named = manifest.entries.find((one) => one.slot === slot);
    check(`${what}, manifest`, named?.receipt, entry.receipt);
  }
}

function storedAt(box: CrashBox, digest: Digest): Uint8Array {
  return new Uint8Array(readFileSync(join(box.box.consortium.modelsDir, fileName(digest))));
}
