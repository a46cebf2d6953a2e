import { SyndicError } from '../../../core/errors/SyndicError.ts';
import type { Digest } from '../../../core/values.ts';
import type { RecoveryContext } from './context.ts';
import type { Loss } from './lossOf.ts';
import { readManifest } from './readManifest.ts';

/** Missing files that a message names. */
const MOST_NAMED = 10;

/**
 * Whether the store has every file that recovering these studies, and going on with them, needs.
 *
 * @throws SyndicError NOT_FOUND, DIGEST_MISMATCH
 */
export async function checkFiles(context: RecoveryContext, losses: readonly Loss[]): Promise<void> {
  const missing: Digest[] = [];
  const need = async (...digests: readonly (Digest | undefined)[]) => {
    for (const digest of digests) {
      if (digest !== undefined && (await context.models.size(digest)) === null) missing.push(digest);
    }
  };
  for (const { chain, records } of losses) {
    await need(chain.plan, chain.model);
    for (const record of records) {
      await need(record.manifest);
      if (missing.includes(record.manifest)) continue;
      const { entries } = await readManifest(context, record);
      for (const { statement, receipt, report } of entries) await need(statement, receipt, report);
    }
  }
  if (missing.length === 0) return;
  throw new SyndicError(
    'NOT_FOUND',
    `the store lacks ${missing.length} file(s) that the ledger's studies need: ${missing.slice(0, MOST_NAMED).join(', ')}` +
      `${missing.length > MOST_NAMED ? ', …' : ''}; restore the store from a copy, then recover`,
    { missing: missing.slice(0, MOST_NAMED), count: missing.length },
  );
}
