import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { createLogUpdate } from 'log-update';
import type { StudyDetail, StudyEvent } from '../../coordinator/studies/port.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { StudyId } from '../../core/values.ts';
import { withConnectionOptions } from '../http/Connection.ts';
import { type CoordinatorClient, inSession } from '../http/CoordinatorClient.ts';
import { drawTable, isoTime, isTerminal, printable, printLine, printNote } from '../output.ts';
import { resolveStudy } from './resolveStudy.ts';
import { ROUND_HEAD, roundRows, stateOf, TASK_HEAD, taskRows } from './rows.ts';

/** Rounds shown at once on a terminal. */
const ROUNDS_SHOWN = 8;
const FRAME_MILLISECONDS = 1000;
const WAIT_SECONDS = 20;
/** A coordinator that restarts is back within this; then the watching goes on where it was. */
const PATIENCE_SECONDS = 120;

export function watchCommand(): Command {
  const command = new Command('watch')
    .description('follow a study until it is closed: a live view on a terminal, else one line an event')
    .argument('<study>', 'id of the study, or its beginning')
    .option('--json', 'one JSON object a line, an event each');
  return withConnectionOptions(command).action(async (text: string, flags: Readonly<Record<string, unknown>>) => {
    await inSession(flags, async (client) => {
      const study = await resolveStudy(client, text);
      const json = flags.json === true;
      const closed = isTerminal() && !json ? await view(client, study) : await follow(client, study, json);
      if (closed.completed < closed.rounds) {
        const remark = `the study closed after ${closed.completed} of ${closed.rounds} rounds`;
        throw new SyndicError('RUN_FAILED', `${remark}: see syndic study show ${study}`);
      }
    });
  });
}

/** Redraws until the study is closed; the last frame stays. */
async function view(client: CoordinatorClient, study: StudyId): Promise<StudyDetail> {
  const draw = createLogUpdate(process.stdout);
  for (;;) {
    const detail = await patiently(true, () => client.show(study));
    draw(frame(detail));
    if (detail.state === 'closed') {
      draw.done();
      return detail;
    }
    await sleep(FRAME_MILLISECONDS);
  }
}

function frame(study: StudyDetail): string {
  const head = `${printable(study.name)}  ${stateOf(study)}  ${study.completed}/${study.rounds} rounds\n${study.id}`;
  const newest = study.attempts.at(-1);
  if (newest === undefined) return head;
  const rounds = drawTable(ROUND_HEAD, roundRows(study).slice(-ROUNDS_SHOWN));
  return [head, rounds, drawTable(TASK_HEAD, taskRows(newest))].join('\n');
}

/** Prints every event, those from before included, until the study is closed. */
async function follow(client: CoordinatorClient, study: StudyId, json: boolean): Promise<StudyDetail> {
  let last = 0;
  for (;;) {
    // Read before the events: what is closed by now has no event that the next call would miss.
    const detail = await patiently(!json, () => client.show(study));
    const closed = detail.state === 'closed';
    const events = await patiently(!json, () => client.events(study, last, closed ? 0 : WAIT_SECONDS));
    for (const event of events) printLine(json ? JSON.stringify(event) : line(event));
    last = events.at(-1)?.id ?? last;
    if (closed && events.length === 0) return detail;
  }
}

function line({ at, round, slot, type, data }: StudyEvent): string {
  const place = [round === null ? '' : `round ${round}`, slot === null ? '' : `slot ${slot}`];
  return printable([isoTime(at), type, ...place, JSON.stringify(data)].join('\t'));
}

/** Tries again while the coordinator is away, with a remark where a person reads it. */
async function patiently<T>(remark: boolean, action: () => Promise<T>): Promise<T> {
  for (let waited = 0; ; waited += 2) {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof SyndicError) || !error.retryable || waited >= PATIENCE_SECONDS) throw error;
      if (remark && waited === 0) printNote(`${error.message}; trying again`);
      await sleep(2000);
    }
  }
}
