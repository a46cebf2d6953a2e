import type { Machine } from '../db/transact.ts';
import type { OutboxKind } from './port.ts';

export function isVerdict(kind: OutboxKind): boolean {
  return kind === 'attest' || kind === 'dispute';
}

/** What points to crash at are called after: verdicts come when their members please, and shift no count of the rest. */
export function machineOf(kind: OutboxKind): Machine {
  return isVerdict(kind) ? 'verdict' : 'outbox';
}
