import type { Crash } from '../modules.ts';
import type { Database, DatabaseTransaction } from './connect.ts';

/** What moves through states by a table. */
export type Machine = 'study' | 'round' | 'task' | 'upload' | 'outbox' | 'verdict';

/** The point right after the commit of a transition, such as `round.collecting.closed`: the table names them all. */
export function pointOf(machine: Machine, state: string, event: string): string {
  return `${machine}.${state}.${event}`;
}

const pointsOf = new WeakMap<DatabaseTransaction, Set<string>>();

/** Notes that a transaction moves something; to be called where its state is written. */
export function noteMove(tx: DatabaseTransaction, machine: Machine, state: string, event: string): void {
  const points = pointsOf.get(tx) ?? new Set<string>();
  pointsOf.set(tx, points.add(pointOf(machine, state, event)));
}

/** Runs `work` in a transaction; once that is committed, every move that it noted is a point to crash at. */
export async function transact<T>(
  { db, crash }: { readonly db: Database; readonly crash?: Crash | undefined },
  work: (tx: DatabaseTransaction) => Promise<T>,
): Promise<T> {
  const { result, points } = await db.transaction().execute(async (tx) => {
    return { result: await work(tx), points: pointsOf.get(tx) };
  });
  for (const point of points ?? []) crash?.(point);
  return result;
}
