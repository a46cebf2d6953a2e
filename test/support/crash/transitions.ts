import { OUTBOX } from '../../../coordinator/anchor/tables.ts';
import { type Machine, pointOf } from '../../../coordinator/db/transact.ts';
import { ROUND, STUDY, TASK, UPLOAD } from '../../../coordinator/studies/tables.ts';

const TABLES: Readonly<Record<Machine, Readonly<Record<string, object>>>> = {
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
