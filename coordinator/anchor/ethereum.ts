import { toSyndicError } from '../../core/errors/SyndicError.ts';
import type { Address } from '../../core/values.ts';
import { noTraces } from '../../telemetry/noTraces.ts';
import type { Traces } from '../../telemetry/port.ts';
import { checkChainId, checkDeployed } from '../chain/checks.ts';
import { coalesce } from '../chain/coalesce.ts';
import { checkFinality, type Finality } from '../chain/finality.ts';
import { openRpc, type RpcOptions, wasAnswered } from '../chain/rpc.ts';
import type { Database } from '../db/connect.ts';
import type { Clock, Crash, Log } from '../modules.ts';
import { insertMessage, type OutboxRow, rowById, statusOf, unfinishedRows } from './outbox.sql.ts';
import type { Anchor, OutboxState } from './port.ts';
import { createSigner } from './signing.ts';
import { type Context, step } from './steps.ts';

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
  /** Called after each commit with `outbox.` and the state reached, and `outbox.broadcast` before a send is noted. */
  readonly crash?: Crash | undefined;
  readonly traces?: Traces;
}

export interface EthereumAnchor extends Anchor {
  /** Who sends. */
  readonly signer: Address;
  close(): Promise<void>;
}

/**
 * The outbox over an Ethereum node's JSON-RPC: pending → signed → sent → mined → final, or refused. Every arrow is one
 * commit, and whatever comes between two of them may happen twice without harm.
 *
 * @throws SyndicError CHAIN_MISMATCH, CONFIG_INVALID, CHAIN_UNAVAILABLE
 */
export async function createAnchor(options: AnchorOptions, modules: AnchorModules): Promise<EthereumAnchor> {
  const { ledger, finality, privateKey } = options;
  const signer = createSigner(privateKey);
  const rpc = openRpc(options);
  try {
    await checkChainId(rpc);
    await checkDeployed(rpc, { ledger });
    await checkFinality(rpc, finality);
  } catch (error) {
    rpc.close();
    throw error;
  }
  const context: Context = { rpc, ledger, finality, signer, ...modules };
  const { traces = noTraces } = modules;
  return {
    signer: signer.address,
    enqueue: async (tx, message) => await insertMessage(tx, message, modules.clock.now()),
    status: async (study, kind, round) => await statusOf(modules.db, study, kind, round),
    tick: coalesce(async () => await tick(context, traces)),
    close: async () => rpc.close(),
  };
}

/** One study's trouble does not hold up the others; a broken line holds up all, and is thrown. */
async function tick(context: Context, traces: Traces): Promise<void> {
  const rows = await unfinishedRows(context.db);
  for (const study of new Set(rows.map((row) => row.study))) {
    const own = rows.filter((row) => row.study === study);
    try {
      await walkStudy(context, own, traces);
    } catch (thrown) {
      if (!concernsOneStudy(thrown)) throw thrown;
      const { code, message } = toSyndicError(thrown);
      context.log.warn({ study, code, message }, 'the outbox cannot move on for now');
    }
  }
}

/** In order: what depends on an earlier message is judged only when that one is in a block, or refused. */
async function walkStudy(context: Context, rows: readonly OutboxRow[], traces: Traces): Promise<void> {
  for (const row of rows) {
    const { state } = await walk(context, row, traces);
    if (state === 'pending' || state === 'signed' || state === 'sent') return;
  }
}

async function walk(context: Context, row: OutboxRow, traces: Traces): Promise<OutboxRow> {
  // What a round's trace is not about is told in none.
  const { span } = row.kind === 'record' ? traces : noTraces;
  const forward = (at: OutboxRow) =>
    span(
      DOING[at.state],
      at,
      () => step(context, at),
      (next) => next !== null,
    );
  let at = row;
  for (let next = await forward(at); next !== null; next = await forward(at)) at = next;
  return await rowById(context.db, row.id);
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

function concernsOneStudy(thrown: unknown): boolean {
  const { code } = toSyndicError(thrown);
  return code === 'STATE_CONFLICT' || wasAnswered(thrown);
}
