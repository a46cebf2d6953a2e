import { digest, type StudyId } from '../core/values.ts';
import { unfinishedRows } from './anchor/outbox.sql.ts';
import type { Anchor } from './anchor/port.ts';
import type { Database } from './db/connect.ts';

/** Moves the outbox on and wakes the studies that waited for what is over now. Asks the chain nothing while it is empty. */
export async function tickOutbox(
  db: Database,
  anchor: Pick<Anchor, 'tick'>,
  wake: (study: StudyId) => Promise<void>,
): Promise<void> {
  const before = await unfinishedRows(db);
  if (before.length === 0) return;
  await anchor.tick();
  const unfinished = new Set((await unfinishedRows(db)).map(({ id }) => id));
  const over = before.filter(({ id }) => !unfinished.has(id));
  for (const study of new Set(over.map((row) => row.study))) await wake(digest(study));
}
