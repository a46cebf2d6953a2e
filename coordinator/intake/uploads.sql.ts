import type { Digest, Instant } from '../../core/values.ts';
import type { Database } from '../db/connect.ts';
import type { UploadState } from '../db/schema.ts';
import { noteMove, transact } from '../db/transact.ts';
import type { Crash } from '../modules.ts';
import { nextState, UPLOAD, type UploadEventName } from '../studies/tables.ts';

export interface UploadRow {
  readonly task: string;
  readonly update: Digest;
  readonly partial: string;
  readonly length: number;
  readonly statement: Digest;
  readonly report: Digest;
}

export async function uploadState(db: Database, task: string, update: Digest): Promise<UploadState | null> {
  const row = await db
    .selectFrom('uploads')
    .select('state')
    .where('task', '=', task)
    .where('update', '=', update)
    .executeTakeFirst();
  return row?.state ?? null;
}

/**
 * Notes that bytes of this update are coming. A task has one upload at a time: those of other updates go.
 *
 * @returns how far this update got before, and the partials that nobody needs any more
 */
export async function beginUpload(
  db: Database,
  row: UploadRow,
  now: Instant,
): Promise<{ state: UploadState; dropped: string[] }> {
  return db.transaction().execute(async (tx) => {
    const dropped = await tx
      .deleteFrom('uploads')
      .where('task', '=', row.task)
      .where('update', '<>', row.update)
      .where('state', '<>', 'accepted')
      .returning('partial')
      .execute();
    const { state } = await tx
      .insertInto('uploads')
      .values({ ...row, state: 'receiving', touched: now })
      .onConflict((conflict) =>
        conflict
          .columns(['task', 'update'])
          .doUpdateSet({ touched: now, length: row.length, statement: row.statement, report: row.report }),
      )
      .returning('state')
      .executeTakeFirstOrThrow();
    return { state, dropped: dropped.map(({ partial }) => partial) };
  });
}

export async function touchUpload(db: Database, task: string, update: Digest, now: Instant): Promise<void> {
  await db
    .updateTable('uploads')
    .set({ touched: now })
    .where('task', '=', task)
    .where('update', '=', update)
    .where('state', '=', 'receiving')
    .execute();
}

/** Moves an upload on if it still is as `from` says. */
export async function moveUpload(
  modules: { readonly db: Database; readonly crash?: Crash | undefined },
  task: string,
  update: Digest,
  { from, event, now }: { from: UploadState; event: UploadEventName; now: Instant },
): Promise<void> {
  await transact(modules, async (tx) => {
    const moved = await tx
      .updateTable('uploads')
      .set({ state: nextState(UPLOAD, from, event), touched: now })
      .where('task', '=', task)
      .where('update', '=', update)
      .where('state', '=', from)
      .executeTakeFirst();
    if (moved.numUpdatedRows === 1n) noteMove(tx, 'upload', from, event);
  });
}

/** Forgets an upload that was refused. */
export async function dropUpload(db: Database, task: string, update: Digest): Promise<void> {
  await db
    .deleteFrom('uploads')
    .where('task', '=', task)
    .where('update', '=', update)
    .where('state', '<>', 'accepted')
    .execute();
}

/** Deletes uploads that stopped before `before`, then names the partials that are still wanted. */
export async function expireUploads(db: Database, before: Instant): Promise<Set<string>> {
  await db.deleteFrom('uploads').where('state', '=', 'receiving').where('touched', '<', before).execute();
  const rows = await db.selectFrom('uploads').select('partial').where('state', '=', 'receiving').execute();
  return new Set(rows.map(({ partial }) => partial));
}

/** Whether an accepted update is this file. */
export async function updateIsUsed(db: Database, update: Digest): Promise<boolean> {
  const task = await db.selectFrom('tasks').select('id').where('update', '=', update).executeTakeFirst();
  return task !== undefined;
}
