import { setTimeout as sleep } from 'node:timers/promises';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Address } from '../../core/values.ts';
import { type Finality, finalBlock } from '../chain/finality.ts';
import { transactionCount } from '../chain/node.ts';
import { openRpc, type RpcOptions } from '../chain/openRpc.ts';
import type { Log } from '../modules.ts';

export interface SettledOptions extends RpcOptions {
  readonly finality: Finality;
  /** Seconds to wait. Default 20 minutes: public Ethereum takes 13 to make a block final. */
  readonly seconds?: number;
}

const LOOK_MILLISECONDS = 1000;

/**
 * Resolves once nothing that `signer` sent is still on its way: before that, what stands on chain says too little of
 * what a lost database had sent.
 *
 * @throws SyndicError STATE_CONFLICT when it does not come to rest, CHAIN_UNAVAILABLE
 */
export async function untilSettled(
  { finality, seconds = 1200, ...options }: SettledOptions,
  signer: Address,
  log: Log,
): Promise<void> {
  const rpc = openRpc(options, log);
  try {
    const deadline = Date.now() + seconds * 1000;
    for (let told = false; ; told = true) {
      const sent = await transactionCount(rpc, signer, 'pending');
      const final = await transactionCount(rpc, signer, (await finalBlock(rpc, finality)).number);
      if (final >= sent) return;
      if (Date.now() > deadline) throw unsettled(signer, sent - final);
      if (!told) log.info({ signer, waiting: sent - final }, 'waiting for transactions under way to become final');
      await sleep(LOOK_MILLISECONDS);
    }
  } finally {
    rpc.close();
  }
}

function unsettled(signer: Address, waiting: number): SyndicError {
  return new SyndicError(
    'STATE_CONFLICT',
    `${waiting} transaction(s) of ${signer} are on their way and do not become final: look at the node, then recover again`,
    { signer, waiting },
  );
}
