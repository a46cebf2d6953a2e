import type { Address } from '../../core/values.ts';
import type { Finality } from '../chain/finality.ts';
import type { Rpc } from '../chain/rpc.ts';
import type { Database } from '../db/connect.ts';
import { pointOf } from '../db/transact.ts';
import type { Clock, Crash, Log } from '../modules.ts';
import { isVerdict, machineOf } from './kinds.ts';
import { attempt, type OutboxChange, type OutboxRow, type Parcel, transition } from './outbox.sql.ts';
import type { OutboxKind } from './port.ts';
import type { Signer } from './signing.ts';
import type { OutboxEvent } from './tables.ts';
import type { Troubles } from './troubles.ts';

export interface Context {
  readonly rpc: Rpc;
  readonly ledger: Address;
  readonly verdicts: Address;
  readonly finality: Finality;
  readonly signer: Signer;
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly crash?: Crash | undefined;
  readonly troubles: Troubles;
}

/** The contract that a message is for. */
export function contractFor({ ledger, verdicts }: Context, kind: OutboxKind): Address {
  return isVerdict(kind) ? verdicts : ledger;
}

/** Moves a parcel on in a transaction of its own; null when another process was faster. */
export async function move(
  context: Context,
  parcel: Parcel,
  event: OutboxEvent,
  change: OutboxChange = {},
): Promise<Parcel | null> {
  const { db, clock } = context;
  const moved = await attempt(db, async (tx) => await transition(tx, parcel, event, change, clock.now()));
  return report(context, moved, parcel[0], event);
}

/** To be called after the commit: what moved is told row by row, and is a point to crash at. */
export function report(
  { log, crash }: Context,
  moved: Parcel | null,
  { state: before }: OutboxRow,
  event: OutboxEvent,
): Parcel | null {
  if (moved === null) return null;
  for (const { id, study, kind, round, slot, state, transaction, block, error } of moved) {
    const whose = slot === 0 ? {} : { slot };
    const facts = { outbox: id, study, kind, round, ...whose, state, transaction, block };
    if (state === 'refused') log.warn({ ...facts, error }, 'the chain refused a message');
    else log.debug(facts, 'outbox moved on');
  }
  const machine = machineOf(moved[0].kind);
  crash?.(pointOf(machine, before, event));
  crash?.(`${machine}.${moved[0].state}`);
  return moved;
}
