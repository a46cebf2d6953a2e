import { setTimeout as sleep } from 'node:timers/promises';
import { address } from '../../core/values.ts';
import { arePaid, currentFees, priceOf } from '../chain/fees.ts';
import { finalBlock } from '../chain/finality.ts';
import {
  type Block,
  blockAt,
  getBlock,
  getReceipt,
  knowsTransaction,
  type Receipt,
  transactionCount,
} from '../chain/node.ts';
import { wasAnswered } from '../chain/rpc.ts';
import { type Context, move } from './context.ts';
import { machineOf } from './kinds.ts';
import { type NewOffer, type Offer, offersOf, type Parcel, UNSIGNED } from './outbox.sql.ts';
import { feesOf, isUnderpriced, requestOf } from './signing.ts';
import { SKEW_SECONDS } from './troubles.ts';

/** Milliseconds between looks for the receipt of what was just sent, where blocks are made at once. */
const PATIENCE = [2, 5, 10, 20, 40, 80];
/** Blocks that an offer may wait for, when its nonce is next, before more is offered: about a minute of Ethereum's. */
export const STUCK_BLOCKS = 5;

/** Moves a signed parcel one state on. False when it cannot move now, or another process moved it. */
export async function step(context: Context, parcel: Parcel): Promise<boolean> {
  switch (parcel[0].state) {
    case 'signed':
      return await stepSigned(context, parcel);
    case 'sent':
      return await stepSent(context, parcel);
    case 'mined':
      return await stepMined(context, parcel);
    default:
      return false;
  }
}

async function stepSigned(context: Context, parcel: Parcel): Promise<boolean> {
  const offers = await knownOffers(context, parcel);
  if (await reprice(context, parcel, offers.newest)) return true;
  await broadcast(context, offers.newest);
  context.crash?.(`${machineOf(parcel[0].kind)}.broadcast`);
  const sent = await move(context, parcel, 'sent');
  if (sent !== null && context.finality.kind === 'instant') await awaitReceipt(context, offers.all);
  return sent !== null;
}

async function stepSent(context: Context, parcel: Parcel): Promise<boolean> {
  const { rpc, finality } = context;
  const { all, newest } = await knownOffers(context, parcel);
  const final = await finalBlock(rpc, finality);
  // Asked before the receipts: a nonce used up by then has its receipt by now, if one of these used it.
  const usedUp = await isUsedUp(context, newest, final);
  const receipt = await receiptOf(context, all);
  if (receipt === null) return usedUp ? await displaced(context, parcel) : await sendAgain(context, parcel, newest);
  const { transactionHash: transaction, blockNumber: block, blockHash: block_hash } = receipt;
  if (receipt.status === 1) return (await move(context, parcel, 'mined', { transaction, block, block_hash })) !== null;
  // Until its block is final, another order of transactions may still let it succeed.
  if (block > final.number) return false;
  context.log.warn({ transaction, block, messages: parcel.length }, 'a transaction of the outbox reverted');
  return (await move(context, parcel, 'reverted', UNSIGNED)) !== null;
}

async function stepMined(context: Context, parcel: Parcel): Promise<boolean> {
  const { rpc, finality } = context;
  const [{ id, study, block: number, block_hash, nonce, created }] = parcel;
  if (number === null) throw new RangeError(`outbox row ${id} is mined and names no block`);
  const final = await finalBlock(rpc, finality);
  const block = await getBlock(rpc, number);
  if (block?.hash !== block_hash) {
    context.log.warn({ outbox: id, study, block: number }, 'a reorg took a transaction of the outbox back');
    if (nonce === null) return (await move(context, parcel, 'vanished', UNSIGNED)) !== null;
    return (await move(context, parcel, 'reorged', { block: null, block_hash: null })) !== null;
  }
  if (nonce !== null && block.timestamp < created - SKEW_SECONDS) context.troubles.met('clock_skew');
  return final.number >= number && (await move(context, parcel, 'final')) !== null;
}

/** The same nonce once more with a better offer, when the old one is too low. False when it is good enough. */
async function reprice(context: Context, parcel: Parcel, newest: Offer): Promise<boolean> {
  const { rpc, signer } = context;
  if (newest.signer !== signer.address) return false;
  const latest = await blockAt(rpc, 'latest');
  if (!isUnderpriced(newest.raw, latest) && !(await isStuck(context, newest, latest))) return false;
  const request = requestOf(newest.raw);
  const offered = feesOf(newest.raw);
  const fees = await currentFees(rpc, signer.address, request.gasLimit, latest, offered);
  if (priceOf(fees) <= priceOf(offered)) return false;
  const { raw, hash } = await signer.sign({ ...request, fees });
  const offer = { hash, signer: signer.address, nonce: newest.nonce, raw, offered: latest.number };
  context.log.info(
    { nonce: newest.nonce, offered: String(priceOf(offered)), now: String(priceOf(fees)) },
    'offering more for a transaction that no block takes',
  );
  return (await move(context, parcel, 'repriced', { transaction: hash, offer })) !== null;
}

async function isStuck({ rpc }: Context, newest: Offer, latest: Block): Promise<boolean> {
  if (latest.number - newest.offered < STUCK_BLOCKS || !(await arePaid(rpc, latest))) return false;
  return (await transactionCount(rpc, address(newest.signer), 'latest')) === newest.nonce;
}

/**
 * Hands the signed bytes to the node. That it knows them already, or that their nonce is used, is no fault: the
 * receipt tells.
 */
export async function broadcast({ rpc }: Context, { raw, hash, nonce, signer }: NewOffer): Promise<void> {
  try {
    await rpc.request('eth_sendRawTransaction', [raw]);
  } catch (thrown) {
    if (!wasAnswered(thrown)) throw thrown;
    if (await knowsTransaction(rpc, hash)) return;
    if ((await transactionCount(rpc, address(signer), 'latest')) > nonce) return;
    throw thrown;
  }
}

async function awaitReceipt(context: Context, offers: readonly Offer[]): Promise<void> {
  for (const pause of PATIENCE) {
    if ((await receiptOf(context, offers)) !== null) return;
    await sleep(pause);
  }
}

/** Of whichever offer a block took: each is asked for. */
async function receiptOf({ rpc }: Context, offers: readonly Offer[]): Promise<Receipt | null> {
  for (const { hash } of offers.toReversed()) {
    const receipt = await getReceipt(rpc, hash);
    if (receipt !== null) return receipt;
  }
  return null;
}

async function isUsedUp({ rpc }: Context, { signer, nonce }: Offer, final: Block): Promise<boolean> {
  return (await transactionCount(rpc, address(signer), final.number)) > nonce;
}

async function displaced(context: Context, parcel: Parcel): Promise<boolean> {
  const [{ id, signer, nonce }] = parcel;
  context.log.warn(
    { outbox: id, signer, nonce },
    'another transaction used the nonce: does another program have the key?',
  );
  return (await move(context, parcel, 'displaced', UNSIGNED)) !== null;
}

/** A node forgets what waits when it starts again or reorganises. */
async function sendAgain(context: Context, parcel: Parcel, newest: Offer): Promise<boolean> {
  if (await reprice(context, parcel, newest)) return true;
  if (!(await knowsTransaction(context.rpc, newest.hash))) await broadcast(context, newest);
  return false;
}

/** What a signed parcel always has: offers, of which the newest is the one to send. */
async function knownOffers({ db }: Context, [row]: Parcel): Promise<{ all: readonly Offer[]; newest: Offer }> {
  const { id, state, signer, nonce } = row;
  const all = signer === null || nonce === null ? [] : await offersOf(db, signer, nonce);
  const newest = all.at(-1);
  if (newest === undefined) throw new RangeError(`outbox row ${id} is ${state} and lacks signed bytes or nonce`);
  return { all, newest };
}
