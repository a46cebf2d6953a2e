import type { Machine } from '../db/transact.ts';
import type { OutboxKind, VerdictKind } from './port.ts';

export const VERDICT_KINDS: readonly VerdictKind[] = ['attest', 'dispute'];

export function isVerdict(kind: OutboxKind): boolean {
  return VERDICT_KINDS.some((verdict) => verdict === kind);
}

/** What points to crash at are called after: verdicts come when their members please, and shift no count of the rest. */
export function machineOf(kind: OutboxKind): Machine {
  return isVerdict(kind) ? 'verdict' : 'outbox';
}
