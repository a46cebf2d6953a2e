import { SyndicError } from '../../core/errors/SyndicError.ts';
import { type Block, type BlockTag, blockAt, getBlock } from './node.ts';
import { type Rpc, wasAnswered } from './rpc.ts';

/**
 * When a block counts as final. instant: at once (QBFT, the embedded chain). blocks: when `n` others stand on it
 * (Clique). finalized: when the node says so (public Ethereum).
 */
export type Finality =
  | { readonly kind: 'instant' }
  | { readonly kind: 'blocks'; readonly n: number }
  | { readonly kind: 'finalized' };

/** `instant`, `blocks:N` or `finalized`. @throws SyndicError CONFIG_INVALID */
export function parseFinality(text: string): Finality {
  if (text === 'instant' || text === 'finalized') return { kind: text };
  const n = Number(/^blocks: ?([1-9]\d{0,5})$/.exec(text)?.[1]);
  if (Number.isInteger(n)) return { kind: 'blocks', n };
  throw new SyndicError(
    'CONFIG_INVALID',
    `finality ${JSON.stringify(text)} is unknown: give instant, blocks:N (N from 1) or finalized`,
  );
}

/** The last final block. @throws SyndicError CHAIN_UNAVAILABLE */
export async function finalBlock(rpc: Rpc, finality: Finality): Promise<Block> {
  if (finality.kind === 'instant') return await blockAt(rpc, 'latest');
  if (finality.kind === 'finalized') return await blockAt(rpc, 'finalized');
  const latest = await blockAt(rpc, 'latest');
  return await blockAt(rpc, Math.max(0, latest.number - finality.n));
}

/** What to read state at, to see what is final. */
export async function finalTag(rpc: Rpc, finality: Finality): Promise<BlockTag> {
  if (finality.kind === 'instant') return 'latest';
  if (finality.kind === 'finalized') return 'finalized';
  return (await finalBlock(rpc, finality)).number;
}

/** @throws SyndicError CONFIG_INVALID when the node cannot serve this kind of finality */
export async function checkFinality(rpc: Rpc, finality: Finality): Promise<void> {
  if (finality.kind !== 'finalized' || (await servesFinalized(rpc))) return;
  throw new SyndicError(
    'CONFIG_INVALID',
    "the chain's node knows no finalized block: set the finality that this network has (instant for QBFT, blocks:N for Clique)",
  );
}

async function servesFinalized(rpc: Rpc): Promise<boolean> {
  try {
    return (await getBlock(rpc, 'finalized')) !== null;
  } catch (thrown) {
    if (wasAnswered(thrown)) return false;
    throw thrown;
  }
}
