import type { Journal } from './journal/port.ts';
import type { SiteChain } from './policy/ethereum.ts';
import type { HeldReceipt } from './session/port.ts';

/**
 * The newest receipt of every study that is still open on chain: earlier rounds stand there already. The newest may,
 * too, and is shown all the same: this hospital's node may have seen a block that does not last.
 *
 * @throws SyndicError CHAIN_UNAVAILABLE, NOT_FOUND
 */
export async function heldReceipts(journal: Journal, chain: Pick<SiteChain, 'study'>): Promise<HeldReceipt[]> {
  const held: HeldReceipt[] = [];
  for (const { study, round, receipt } of journal.newestAccepted()) {
    const prepared = journal.prepared(study, round);
    const onChain = await chain.study(study);
    if (prepared === null || onChain === null || !onChain.open || onChain.lastRound > round) continue;
    held.push({
      statement: await journal.read(prepared.statement),
      report: await journal.read(prepared.report),
      receipt: await journal.read(receipt),
      update: prepared.update,
      length: prepared.length,
      open: (from) => journal.open(prepared.update, from),
    });
  }
  return held;
}
