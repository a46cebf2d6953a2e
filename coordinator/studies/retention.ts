import type { Context } from './context.ts';
import { overtaken, tell, transition } from './move.sql.ts';
import {
  type ClosedStudy,
  holdUploads,
  lockWithUpdates,
  nextUpdates,
  studiesWithUpdates,
  UPDATES_DELETED,
} from './retention.sql.ts';

const DAY_SECONDS = 86_400;
/** Files deleted under one lock: few, as no upload begins meanwhile. */
const PAGE = 50;

/**
 * Deletes members' updates of the studies that have been closed for `plan.retainDays`. Their digests stay in records,
 * manifests and tables; plans, models and documents stay for ever. Idempotent: what a crash leaves undone, the next
 * call does, and only when every file is gone is it told.
 */
export async function deleteOldUpdates(context: Context): Promise<void> {
  for (const study of await studiesWithUpdates(context.db)) {
    const { retainDays } = await context.plan(study.plan);
    if (study.closed + retainDays * DAY_SECONDS <= context.clock.now()) await deleteUpdates(context, study);
  }
}

async function deleteUpdates(context: Context, { id }: ClosedStudy): Promise<void> {
  let deleted = 0;
  for (let after: string | null = ''; after !== null; ) after = await deletePage(after);
  await transition(context, UPDATES_DELETED, async (tx) => {
    if (!(await lockWithUpdates(tx, id))) overtaken();
    await tell(tx, context, { study: id, type: UPDATES_DELETED, data: { deleted } });
  });

  /** @returns the last digest looked at; null when there is none left */
  async function deletePage(after: string): Promise<string | null> {
    return await context.db.transaction().execute(async (tx) => {
      await holdUploads(tx);
      const page = await nextUpdates(tx, id, after, PAGE);
      for (const { update, needed } of page) {
        if (needed || (await context.models.size(update)) === null) continue;
        await context.models.delete(update);
        context.crash?.('update.deleted');
        deleted += 1;
      }
      return page.at(-1)?.update ?? null;
    });
  }
}
