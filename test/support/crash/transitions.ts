import { OUTBOX } from '../../../coordinator/anchor/tables.ts';
import { type Machine, pointOf } from '../../../coordinator/db/transact.ts';
import { ROUND, STUDY, TASK, UPLOAD } from '../../../coordinator/studies/tables.ts';

/** Verdicts move by the outbox's table, too; `test/e2e/answers.test.ts` kills amid theirs. */
const TABLES: Readonly<Record<Exclude<Machine, 'verdict'>, Readonly<Record<string, object>>>> = {
  study: STUDY,
  round: ROUND,
  task: TASK,
  upload: UPLOAD,
  outbox: OUTBOX,
};

/** Every transition of the five machines, by the name of the point right after its commit. */
export const TRANSITIONS: readonly string[] = Object.entries(TABLES).flatMap(([machine, table]) =>
  Object.entries(table).flatMap(([state, events]) =>
    Object.keys(events).map((event) => pointOf(machine as Machine, state, event)),
  ),
);
