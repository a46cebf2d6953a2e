import type { Digest } from '../../core/values.ts';
import type { DatabaseTransaction } from '../db/connect.ts';
import { adoptUploads } from '../studies/adoptUploads.sql.ts';
import type { TaskFacts } from './tasks.sql.ts';

/** The bytes of an update are here whose receipt was adopted: its round need not wait for them. */
export async function endAwaitedBytes(
  tx: DatabaseTransaction,
  { id, study, round, slot }: Pick<TaskFacts, 'id' | 'study' | 'round' | 'slot'>,
  update: Digest,
): Promise<void> {
  const of = tx.deleteFrom('awaited').where('study', '=', study).where('round', '=', round);
  await of.where('slot', '=', slot).where('update', '=', update).execute();
  await adoptUploads(tx, id, update);
}
