import { isVerdict } from './kinds.ts';
import type { OutboxRow, Parcel } from './outbox.sql.ts';

/** What is on its way, as the transactions that carry it, in the order of their nonces. */
export function parcelsOf(rows: readonly OutboxRow[]): Parcel[] {
  const parcels = new Map<string, [OutboxRow, ...OutboxRow[]]>();
  for (const row of rows.filter(({ state }) => state !== 'pending')) {
    // What another program's transaction did is in none of ours.
    const name = row.nonce === null ? `row ${row.id}` : `${row.signer} ${row.nonce}`;
    const parcel = parcels.get(name);
    if (parcel === undefined) parcels.set(name, [row]);
    else parcel.push(row);
  }
  return [...parcels.values()].sort(([a], [b]) => (a.nonce ?? -1) - (b.nonce ?? -1) || a.id - b.id);
}

/**
 * Pending messages whose turn it is. What a study's coordinator says depends on what it said before, so it is judged
 * only when that is in a block, or refused; a verdict waits for nothing.
 */
export function readyRows(rows: readonly OutboxRow[]): OutboxRow[] {
  const held = new Set<string>();
  return rows.filter(({ study, kind, state }) => {
    if (isVerdict(kind)) return state === 'pending';
    if (state === 'mined' || held.has(study)) return false;
    held.add(study);
    return state === 'pending';
  });
}
