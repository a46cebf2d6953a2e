import { setTimeout as sleep } from 'node:timers/promises';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { type Address, address, type Digest, digest } from '../../core/values.ts';
import { currentFees, priceOf } from '../chain/fees.ts';
import { type Finality, finalBlock } from '../chain/finality.ts';
import {
  type Block,
  blockAt,
  call,
  getBlock,
  getReceipt,
  knowsTransaction,
  type Receipt,
  transactionCount,
} from '../chain/node.ts';
import { type ContractError, contractErrorOf } from '../chain/revert.ts';
import { type Rpc, wasAnswered } from '../chain/rpc.ts';
import type { Database } from '../db/connect.ts';
import { pointOf } from '../db/transact.ts';
import type { Clock, Crash, Log } from '../modules.ts';
import { findEffect } from './effect.ts';
import { lastBlock, type OutboxChange, type OutboxRow, transition, UNSIGNED, withNextNonce } from './outbox.sql.ts';
import { feesOf, gasLimitOf, isUnderpriced, priceCall, type Signer } from './signing.ts';
import type { OutboxEvent } from './tables.ts';

export interface Context {
  readonly rpc: Rpc;
  readonly ledger: Address;
  readonly finality: Finality;
  readonly signer: Signer;
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly crash?: Crash | undefined;
}

/** Milliseconds between looks for the receipt of what was just sent, where blocks are made at once. */
const PATIENCE = [2, 5, 10, 20, 40, 80];

/** Moves a row one state on. Null when it cannot move now, or another process moved it. */
export async function step(context: Context, row: OutboxRow): Promise<OutboxRow | null> {
  switch (row.state) {
    case 'pending':
      return await stepPending(context, row);
    case 'signed':
      return await stepSigned(context, row);
    case 'sent':
      return await stepSent(context, row);
    case 'mined':
      return await stepMined(context, row);
    case 'final':
    case 'refused':
      return null;
  }
}

async function stepPending(context: Context, row: OutboxRow): Promise<OutboxRow | null> {
  const { rpc, ledger, signer } = context;
  const latest = await blockAt(rpc, 'latest');
  await refuseLaggard(context, row, latest);
  // A note is the one call that the ledger takes twice.
  if (row.kind === 'note') {
    const noted = await moveIfFound(context, row);
    if (noted !== null) return noted;
  }
  const request = { from: signer.address, to: ledger, data: row.calldata };
  try {
    await call(rpc, request, latest.number);
    const { gasLimit, fees } = await priceCall(rpc, request, latest);
    return await sign(context, row, async (nonce) => {
      return await signer.sign({ chainId: rpc.chainId, nonce, to: ledger, data: row.calldata, gasLimit, fees });
    });
  } catch (thrown) {
    const error = contractErrorOf(thrown);
    if (error === null) throw thrown;
    return (await moveIfFound(context, row)) ?? (await move(context, row, 'refused', { error }));
  }
}

/** Nonce and signed bytes are stored together: after a crash these bytes are sent again, never others. */
async function sign(
  context: Context,
  row: OutboxRow,
  make: (nonce: number) => Promise<{ raw: string; hash: Digest }>,
): Promise<OutboxRow | null> {
  const { rpc, db, signer, clock } = context;
  const onChain = await transactionCount(rpc, signer.address, 'pending');
  const moved = await withNextNonce(db, signer.address, async (tx, next) => {
    const nonce = Math.max(next, onChain);
    const { raw, hash } = await make(nonce);
    const change = { signer: signer.address, nonce, raw, transaction: hash, block: null, block_hash: null };
    return await transition(tx, row, 'signed', change, clock.now());
  });
  return report(context, moved, row, 'signed');
}

async function stepSigned(context: Context, row: OutboxRow): Promise<OutboxRow | null> {
  const { finality } = context;
  const repriced = await reprice(context, row);
  if (repriced !== null) return repriced;
  await broadcast(context, row);
  context.crash?.('outbox.broadcast');
  const sent = await move(context, row, 'sent');
  if (sent !== null && finality.kind === 'instant') await awaitReceipt(context, sent);
  return sent;
}

async function stepSent(context: Context, row: OutboxRow): Promise<OutboxRow | null> {
  const { rpc, finality } = context;
  const { transaction } = signedParts(row);
  const final = await finalBlock(rpc, finality);
  // Asked before the receipt: a nonce used up by then has its receipt by now, if the row's own transaction used it.
  const usedUp = await isUsedUp(context, row, final);
  const receipt = await getReceipt(rpc, transaction);
  if (receipt === null) return usedUp ? await displaced(context, row) : await sendAgain(context, row);
  if (receipt.status === 1) {
    return await move(context, row, 'mined', { block: receipt.blockNumber, block_hash: receipt.blockHash });
  }
  // Until its block is final, another order of transactions may still let it succeed.
  if (receipt.blockNumber > final.number) return null;
  return (await moveIfFound(context, row)) ?? (await refuseReverted(context, row, receipt));
}

async function stepMined(context: Context, row: OutboxRow): Promise<OutboxRow | null> {
  const { rpc, finality } = context;
  const number = row.block;
  if (number === null) throw new RangeError(`outbox row ${row.id} is mined and names no block`);
  const final = await finalBlock(rpc, finality);
  const block = await getBlock(rpc, number);
  if (block?.hash !== row.block_hash) {
    const event = row.raw === null ? 'vanished' : 'reorged';
    const change = row.raw === null ? UNSIGNED : { block: null, block_hash: null };
    context.log.warn(
      { outbox: row.id, study: row.study, block: number },
      'a reorg took a transaction of the outbox back',
    );
    return await move(context, row, event, change);
  }
  return final.number >= number ? await move(context, row, 'final') : null;
}

/** A node behind what the outbox knows of this study would refuse what is right. */
async function refuseLaggard({ rpc, db }: Context, row: OutboxRow, latest: Block): Promise<void> {
  const known = await lastBlock(db, row.study);
  if (latest.number >= known) return;
  throw new SyndicError(
    'CHAIN_UNAVAILABLE',
    `the chain's node is at block ${latest.number} and the outbox at ${known}: waiting for the node to catch up`,
    { chain: rpc.chainId },
  );
}

async function moveIfFound(context: Context, row: OutboxRow): Promise<OutboxRow | null> {
  const effect = await findEffect(context.rpc, context.ledger, { study: digest(row.study), calldata: row.calldata });
  if (effect === null) return null;
  return await move(context, row, 'found', { ...UNSIGNED, ...effect });
}

/** The same nonce once more with a better offer, when the base fee outgrew the old one. Null when it did not. */
async function reprice(context: Context, row: OutboxRow): Promise<OutboxRow | null> {
  const { rpc, ledger, signer } = context;
  const { raw, nonce } = signedParts(row);
  const latest = await blockAt(rpc, 'latest');
  if (!isUnderpriced(raw, latest) || row.signer !== signer.address) return null;
  const gasLimit = gasLimitOf(raw);
  const fees = await currentFees(rpc, signer.address, gasLimit, latest);
  if (priceOf(fees) <= priceOf(feesOf(raw))) return null;
  const again = await signer.sign({ chainId: rpc.chainId, nonce, to: ledger, data: row.calldata, gasLimit, fees });
  return await move(context, row, 'repriced', { raw: again.raw, transaction: again.hash });
}

/**
 * Hands the signed bytes to the node. That it knows them already, or that their nonce is used, is no fault: the
 * receipt tells.
 */
async function broadcast(context: Context, row: OutboxRow): Promise<void> {
  const { rpc } = context;
  const { raw, transaction, nonce, account } = signedParts(row);
  try {
    await rpc.request('eth_sendRawTransaction', [raw]);
  } catch (thrown) {
    if (!wasAnswered(thrown)) throw thrown;
    if (await knowsTransaction(rpc, transaction)) return;
    if ((await transactionCount(rpc, account, 'latest')) > nonce) return;
    throw thrown;
  }
}

async function awaitReceipt({ rpc }: Context, row: OutboxRow): Promise<void> {
  const { transaction } = signedParts(row);
  for (const pause of PATIENCE) {
    if ((await getReceipt(rpc, transaction)) !== null) return;
    await sleep(pause);
  }
}

async function isUsedUp({ rpc }: Context, row: OutboxRow, final: Block): Promise<boolean> {
  const { account, nonce } = signedParts(row);
  return (await transactionCount(rpc, account, final.number)) > nonce;
}

async function displaced(context: Context, row: OutboxRow): Promise<OutboxRow | null> {
  const { signer, nonce } = row;
  context.log.warn(
    { outbox: row.id, signer, nonce },
    'another transaction used the nonce: does another program have the key?',
  );
  return await move(context, row, 'displaced', UNSIGNED);
}

/** A node forgets what waits when it starts again or reorganises. */
async function sendAgain(context: Context, row: OutboxRow): Promise<OutboxRow | null> {
  const { transaction } = signedParts(row);
  const repriced = await reprice(context, row);
  if (repriced !== null) return repriced;
  if (!(await knowsTransaction(context.rpc, transaction))) await broadcast(context, row);
  return null;
}

async function refuseReverted(context: Context, row: OutboxRow, receipt: Receipt): Promise<OutboxRow | null> {
  const error = await reasonAt(context, row, receipt);
  const change = { error, block: receipt.blockNumber, block_hash: receipt.blockHash };
  return await move(context, row, 'refused', change);
}

/** Receipts carry no reason: the same call on its block's state has it. */
async function reasonAt({ rpc, ledger }: Context, row: OutboxRow, receipt: Receipt): Promise<ContractError> {
  const { account } = signedParts(row);
  try {
    await call(rpc, { from: account, to: ledger, data: row.calldata }, receipt.blockNumber);
  } catch (thrown) {
    const error = contractErrorOf(thrown);
    if (error === null) throw thrown;
    return error;
  }
  return { name: 'Reverted', args: [`gas used ${receipt.gasUsed}`] };
}

async function move(
  context: Context,
  row: OutboxRow,
  event: OutboxEvent,
  change: OutboxChange = {},
): Promise<OutboxRow | null> {
  return report(context, await transition(context.db, row, event, change, context.clock.now()), row, event);
}

function report(
  { log, crash }: Context,
  row: OutboxRow | null,
  before: OutboxRow,
  event: OutboxEvent,
): OutboxRow | null {
  if (row === null) return null;
  const { id, study, kind, round, state, transaction, block, error } = row;
  const facts = { outbox: id, study, kind, round, state, transaction, block, ...(error === null ? {} : { error }) };
  if (state === 'refused') log.warn(facts, 'the ledger refused a message');
  else log.debug(facts, 'outbox moved on');
  crash?.(pointOf('outbox', before.state, event));
  crash?.(`outbox.${state}`);
  return row;
}

/** What a signed row always has. */
function signedParts(row: OutboxRow): { raw: string; transaction: Digest; nonce: number; account: Address } {
  const { raw, transaction, nonce, signer } = row;
  if (raw === null || transaction === null || nonce === null || signer === null) {
    throw new RangeError(`outbox row ${row.id} is ${row.state} and lacks signed bytes or nonce`);
  }
  return { raw, transaction: digest(transaction), nonce, account: address(signer) };
}
