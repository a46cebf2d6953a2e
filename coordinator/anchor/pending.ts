import { SyndicError, toSyndicError } from '../../core/errors/SyndicError.ts';
import { digest } from '../../core/values.ts';
import { currentFees, gasLimitFor, TRANSACTION_GAS } from '../chain/fees.ts';
import { finalBlock } from '../chain/finality.ts';
import { type Block, blockAt, type Call, call, estimateGas, transactionCount } from '../chain/node.ts';
import { contractErrorOf } from '../chain/revert.ts';
import { encodeMulticall } from './calldata.ts';
import { type Context, contractFor, move, report } from './context.ts';
import { findEffect } from './effect.ts';
import { concernsTheMessage } from './errors.ts';
import {
  hasUnfinishedBefore,
  lastBlock,
  type OutboxRow,
  type Parcel,
  transition,
  UNSIGNED,
  withNextNonce,
} from './outbox.sql.ts';
import { SKEW_SECONDS } from './troubles.ts';

/** go-ethereum takes no transaction above 128 KiB; calldata of one call has some words around it. */
const PARCEL_BYTES = 100_000;

/** A message that the chain would take now. */
interface Ready {
  readonly row: OutboxRow;
  /** Units, as the node estimates them. */
  readonly gas: number;
}

/**
 * Judges pending messages, each by itself, and signs those that the chain would take now: as many as fit into one
 * transaction together. True when anything moved.
 */
export async function signPending(context: Context, rows: readonly OutboxRow[]): Promise<boolean> {
  if (rows.length === 0) return false;
  const latest = await blockAt(context.rpc, 'latest');
  if (latest.timestamp > context.clock.now() + SKEW_SECONDS) context.troubles.met('clock_skew');
  const ready: Ready[] = [];
  let moved = false;
  for (const row of rows) {
    await apart(context, row, async () => {
      const judged = await judge(context, row, latest);
      if (judged === 'moved') moved = true;
      else if (judged !== null) ready.push(judged);
    });
  }
  for (const group of groups(context, ready, latest)) {
    await apart(context, group[0].row, async () => {
      moved = (await signTogether(context, group, latest)) || moved;
    });
  }
  return moved;
}

/** What `work` meets with one message holds up no other; a broken line holds up all, and is thrown. */
export async function apart(context: Context, { study }: OutboxRow, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    if (!concernsTheMessage(thrown)) throw thrown;
    context.troubles.metIn(thrown);
    const { code, message } = toSyndicError(thrown);
    context.log.warn({ study, code, message }, 'the outbox cannot move on for now');
  }
}

/** Null when another process was faster. */
async function judge(context: Context, row: OutboxRow, latest: Block): Promise<Ready | 'moved' | null> {
  const { rpc, signer } = context;
  await refuseLaggard(context, row, latest);
  // A note is the one call that the ledger takes twice.
  if (row.kind === 'note' && (await moveIfFound(context, row))) return 'moved';
  const request = { from: signer.address, to: contractFor(context, row.kind), data: row.calldata };
  try {
    await call(rpc, request, latest.number);
    return { row, gas: await estimateGas(rpc, request) };
  } catch (thrown) {
    const error = contractErrorOf(thrown);
    if (error === null) throw thrown;
    if (await moveIfFound(context, row)) return 'moved';
    if (!(await isForGood(context, row, request))) return null;
    return (await move(context, [row], 'refused', { error })) === null ? null : 'moved';
  }
}

/** Whether a refusal rests on nothing that a reorg may still take back. */
async function isForGood({ rpc, db, finality }: Context, row: OutboxRow, request: Call): Promise<boolean> {
  if (await hasUnfinishedBefore(db, row)) return false;
  const final = await finalBlock(rpc, finality);
  try {
    await call(rpc, request, final.number);
    return false;
  } catch (thrown) {
    if (contractErrorOf(thrown) === null) throw thrown;
    return true;
  }
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

/** Whether the chain has the message's effect already; the row is then as good as mined. */
async function moveIfFound(context: Context, row: OutboxRow): Promise<boolean> {
  const { rpc, ledger, verdicts } = context;
  const effect = await findEffect(rpc, { ledger, verdicts }, { study: digest(row.study), calldata: row.calldata });
  return effect !== null && (await move(context, [row], 'found', { ...UNSIGNED, ...effect })) !== null;
}

type Group = readonly [Ready, ...Ready[]];

/**
 * In order, of one contract each. A block over half full lifts the base fee: on a free network it would never come
 * back to zero.
 */
function groups(context: Context, ready: readonly Ready[], latest: Block): Group[] {
  const most = Math.min(TRANSACTION_GAS, latest.gasLimit / 2);
  const out: [Ready, ...Ready[]][] = [];
  for (const one of ready) {
    const last = out.at(-1);
    const fits =
      last !== undefined &&
      contractFor(context, last[0].row.kind) === contractFor(context, one.row.kind) &&
      sum(last, ({ gas }) => gas) + one.gas <= most &&
      sum(last, bytesOf) + bytesOf(one) <= PARCEL_BYTES;
    if (fits) last.push(one);
    else out.push([one]);
  }
  return out;
}

/** All in one transaction or, when that would revert or is too much for the node, each in its own. */
async function signTogether(context: Context, group: Group, latest: Block): Promise<boolean> {
  const [first, ...others] = group;
  if (others.length === 0) return (await sign(context, [first.row], first.row.calldata, first.gas, latest)) !== null;
  const { rpc, signer } = context;
  const data = encodeMulticall(group.map(({ row }) => row.calldata));
  const request = { from: signer.address, to: contractFor(context, first.row.kind), data };
  try {
    await call(rpc, request, latest.number);
    const gas = await estimateGas(rpc, request);
    const parcel: Parcel = [first.row, ...others.map(({ row }) => row)];
    return (await sign(context, parcel, data, gas, latest)) !== null;
  } catch (thrown) {
    if (!concernsTheMessage(thrown)) throw thrown;
    context.log.info({ messages: group.length }, 'these messages do not go together: sending each by itself');
  }
  let moved = false;
  for (const one of group) {
    await apart(context, one.row, async () => {
      moved = (await sign(context, [one.row], one.row.calldata, one.gas, latest)) !== null || moved;
    });
  }
  return moved;
}

/** Nonce and signed bytes are stored together: after a crash these bytes are sent again, never others. */
async function sign(
  context: Context,
  parcel: Parcel,
  data: string,
  gas: number,
  latest: Block,
): Promise<Parcel | null> {
  const { rpc, db, signer, clock } = context;
  const to = contractFor(context, parcel[0].kind);
  const gasLimit = gasLimitFor(gas);
  const fees = await currentFees(rpc, signer.address, gasLimit, latest);
  const onChain = await transactionCount(rpc, signer.address, 'pending');
  const moved = await withNextNonce(db, signer.address, async (tx, next) => {
    const nonce = Math.max(next, onChain);
    const { raw, hash } = await signer.sign({ chainId: rpc.chainId, nonce, to, data, gasLimit, fees });
    const offer = { hash, signer: signer.address, nonce, raw, offered: latest.number };
    const change = { signer: signer.address, nonce, transaction: hash, block: null, block_hash: null, offer };
    return await transition(tx, parcel, 'signed', change, clock.now());
  });
  return report(context, moved, parcel[0], 'signed');
}

function bytesOf({ row }: Ready): number {
  return (row.calldata.length - 2) / 2;
}

function sum<T>(of: readonly T[], value: (one: T) => number): number {
  return of.reduce((total, one) => total + value(one), 0);
}
