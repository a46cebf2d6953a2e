import type { Digest } from '../../core/values.ts';
import type { DatabaseTransaction } from '../db/connect.ts';
import { noteMove } from '../db/transact.ts';
import { nextState, UPLOAD } from './tables.ts';

/** Ends a task's uploads: what came of `update` is accepted, everything else is forgotten, and swept from the store. */
export async function adoptUploads(tx: DatabaseTransaction, task: string, update: Digest | null): Promise<void> {
  for (const state of ['receiving', 'stored'] as const) {
    const moved = await tx
      .updateTable('uploads')
      .set({ state: nextState(UPLOAD, state, 'adopted') })
      .where('task', '=', task)
      .where('update', '=', update ?? '')
      .where('state', '=', state)
      .executeTakeFirst();
    if (moved.numUpdatedRows > 0n) noteMove(tx, 'upload', state, 'adopted');
  }
  await tx.deleteFrom('uploads').where('task', '=', task).where('state', '<>', 'accepted').execute();
}
