import { currentFees } from '../chain/fees.ts';
import { blockAt, transactionCount } from '../chain/node.ts';
import type { Context } from './context.ts';
import { insertOffer, offersOf, type Parcel } from './outbox.sql.ts';
import { feesOf } from './signing.ts';
import { broadcast, STUCK_BLOCKS } from './steps.ts';

/** Units that a transaction takes which does nothing. */
const NOTHING_GAS = 21_000;

/**
 * Another program's transaction, with the same key, was taken back by a reorg and lost: nobody uses its nonce any more,
 * and nothing above it can ever be mined. Such a nonce is used up by a transaction that does nothing. (Signing again
 * with the free nonce would leave the old bytes valid: a message could come to stand twice.)
 */
export async function fillGap(context: Context, parcels: readonly Parcel[]): Promise<void> {
  const { rpc, db, signer } = context;
  const nonces = parcels.flatMap(([{ signer: by, nonce }]) => (by === signer.address && nonce !== null ? [nonce] : []));
  if (nonces.length === 0) return;
  const lowest = Math.min(...nonces);
  const next = await transactionCount(rpc, signer.address, 'latest');
  if (next >= lowest) return;
  const latest = await blockAt(rpc, 'latest');
  const offered = (await offersOf(db, signer.address, lowest)).at(-1)?.offered ?? 0;
  if (latest.number - offered < STUCK_BLOCKS) return;
  // Something waits there: it may be mined yet.
  if ((await transactionCount(rpc, signer.address, 'pending')) > next) return;
  for (let nonce = next; nonce < lowest; nonce++) {
    context.log.warn(
      { signer: signer.address, nonce },
      'a nonce was lost to a reorg: using it up, so that the next count',
    );
    const before = (await offersOf(db, signer.address, nonce)).at(-1);
    const fees = await currentFees(
      rpc,
      signer.address,
      NOTHING_GAS,
      latest,
      before === undefined ? null : feesOf(before.raw),
    );
    const { raw, hash } = await signer.sign({
      ...{ chainId: rpc.chainId, nonce, to: signer.address, data: '0x', gasLimit: NOTHING_GAS, fees },
    });
    const offer = { hash, signer: signer.address, nonce, raw, offered: latest.number };
    await insertOffer(db, offer);
    await broadcast(context, offer);
  }
}
