import { type Address, address } from '../../core/values.ts';
import { noTraces } from '../../telemetry/noTraces.ts';
import type { Traces } from '../../telemetry/port.ts';
import { ledgerAbi } from '../chain/abi.ts';
import { checkChainId, checkDeployed } from '../chain/checks.ts';
import { coalesce } from '../chain/coalesce.ts';
import { checkFinality, type Finality } from '../chain/finality.ts';
import { call } from '../chain/node.ts';
import { openRpc, type RpcOptions } from '../chain/openRpc.ts';
import type { ChainTrouble } from '../chain/port.ts';
import type { Rpc } from '../chain/rpc.ts';
import type { Database } from '../db/connect.ts';
import type { Clock, Crash, Log } from '../modules.ts';
import type { Context } from './context.ts';
import { fillGap } from './gap.ts';
import { insertMessage, type OutboxRow, statusOf, unfinishedRows } from './outbox.sql.ts';
import { parcelsOf, readyRows } from './parcels.ts';
import { apart, signPending } from './pending.ts';
import type { Anchor, OutboxState } from './port.ts';
import { createSigner } from './signing.ts';
import { step } from './steps.ts';
import { Troubles } from './troubles.ts';

export interface AnchorOptions extends RpcOptions {
  readonly ledger: Address;
  readonly finality: Finality;
  /** The coordinator's current key, 32 bytes as 0x-hex. */
  readonly privateKey: string;
}

export interface AnchorModules {
  readonly db: Database;
  readonly log: Log;
  readonly clock: Clock;
  /**
   * Called after each commit with `outbox.` and the state reached, and `outbox.broadcast` before a send is noted; for
   * verdicts with `verdict.` in its place.
   */
  readonly crash?: Crash | undefined;
  readonly traces?: Traces;
  /** Called after each tick, for each kind. */
  readonly trouble?: (kind: ChainTrouble, there: boolean) => void;
}

export interface EthereumAnchor extends Anchor {
  /** Who sends. */
  readonly signer: Address;
  close(): Promise<void>;
}

/**
 * The outbox over an Ethereum node's JSON-RPC: pending → signed → sent → mined → final, or refused. Every arrow is one
 * commit, and whatever comes between two of them may happen twice without harm. Messages that wait at the same time
 * share a transaction; of what was offered for one nonce, whichever a block takes counts.
 *
 * @throws SyndicError CHAIN_MISMATCH, CONFIG_INVALID, CHAIN_UNAVAILABLE
 */
export async function createAnchor(options: AnchorOptions, modules: AnchorModules): Promise<EthereumAnchor> {
  const { ledger, finality, privateKey } = options;
  const signer = createSigner(privateKey);
  const { traces = noTraces, trouble = () => {} } = modules;
  const troubles = new Troubles(modules.log, trouble);
  const left = () => troubles.met('node_left');
  const rpc = openRpc(options, modules.log, left);
  let verdicts: Address;
  try {
    await checkChainId(rpc);
    await checkDeployed(rpc, { ledger });
    await checkFinality(rpc, finality);
    verdicts = await verdictsOf(rpc, ledger);
  } catch (error) {
    rpc.close();
    throw error;
  }
  const context: Context = { rpc, ledger, verdicts, finality, signer, troubles, ...modules };
  return {
    signer: signer.address,
    verdicts,
    enqueue: async (tx, message) => await insertMessage(tx, message, modules.clock.now()),
    status: async (study, kind, round, slot) => await statusOf(modules.db, study, kind, round, slot),
    tick: coalesce(async () => await troubles.during(async () => await tick(context, traces))),
    close: async () => rpc.close(),
  };
}

async function verdictsOf(rpc: Rpc, ledger: Address): Promise<Address> {
  const answer = await call(rpc, { to: ledger, data: ledgerAbi.encodeFunctionData('verdicts') }, 'latest');
  return address(ledgerAbi.decodeFunctionResult('verdicts', answer)[0]);
}

/**
 * Everything as far as it goes: first what is on its way, by nonce, then what waits. One message's trouble does not
 * hold up the others; a broken line holds up all, and is thrown.
 */
async function tick(context: Context, traces: Traces): Promise<void> {
  for (let moved = true; moved; ) {
    moved = false;
    const rows = await unfinishedRows(context.db);
    for (const parcel of parcelsOf(rows)) {
      await apart(context, parcel[0], async () => {
        moved = (await traced(traces, parcel, () => step(context, parcel))) || moved;
      });
    }
    const ready = readyRows(moved ? await unfinishedRows(context.db) : rows);
    moved = (await traced(traces, ready, () => signPending(context, ready))) || moved;
    const [first] = rows;
    if (!moved && first !== undefined) await apart(context, first, () => fillGap(context, parcelsOf(rows)));
  }
}

/** What no other transaction's work is about is told in no trace. */
async function traced(traces: Traces, rows: readonly OutboxRow[], work: () => Promise<boolean>): Promise<boolean> {
  const records = rows.filter(({ kind }) => kind === 'record');
  const inner = records.reduce<() => Promise<boolean>>(
    (within, { study, round, state }) =>
      () =>
        traces.span(DOING[state], { study, round }, within, (moved) => moved),
    work,
  );
  return await inner();
}

/** What a step of a row in each state does, as the round's trace calls it. */
const DOING: Readonly<Record<OutboxState, string>> = {
  pending: 'sign transaction',
  signed: 'send transaction',
  sent: 'see it mined',
  mined: 'see it final',
  final: 'rest',
  refused: 'rest',
};
