import { instant } from '../../core/values.ts';
import type { Database } from '../db/connect.ts';
import type { ModelStore } from '../models/port.ts';
import type { Clock } from '../modules.ts';
import { expireUploads } from './uploads.sql.ts';

/**
 * Forgets uploads that stopped longer than `keepSeconds` ago and deletes every temporary that belongs to none. For the
 * start and now and then; an upload under way in this process is never touched.
 *
 * @returns how many files went
 */
export async function sweepUploads(
  { keepSeconds }: { readonly keepSeconds: number },
  { db, models, clock }: { readonly db: Database; readonly models: ModelStore; readonly clock: Clock },
): Promise<number> {
  const wanted = await expireUploads(db, instant(Math.max(0, clock.now() - keepSeconds)));
  return models.sweep((name) => wanted.has(name));
}
