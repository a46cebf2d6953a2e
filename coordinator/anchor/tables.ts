import type { OutboxState } from './port.ts';

/**
 * What happens to an outbox row.
 *
 * signed: nonce and signed bytes are stored. sent: a node took them. repriced: the offer was too low, so the same nonce
 * was signed again with more. mined: the receipt is there and says success. found: the chain has the same
 * effect from another transaction. reorged: the block of the row's own transaction is no longer on the chain;
 * vanished: that of a found one. displaced: another transaction used the nonce up, for good. reverted: its transaction
 * did, for good; whether the reason holds for this message, and still, is judged anew. refused: the contract says no. final: the block is final.
 */
export type OutboxEvent =
  | 'signed'
  | 'sent'
  | 'repriced'
  | 'mined'
  | 'found'
  | 'reorged'
  | 'vanished'
  | 'displaced'
  | 'reverted'
  | 'refused'
  | 'final'
  | 'renewed';

/** State × event → state; what is not here cannot happen. `renewed`: the sender put another message in its place. */
export const OUTBOX: Readonly<Record<OutboxState, Partial<Record<OutboxEvent, OutboxState>>>> = {
  pending: { signed: 'signed', found: 'mined', refused: 'refused' },
  signed: { sent: 'sent', repriced: 'signed' },
  sent: {
    repriced: 'signed',
    mined: 'mined',
    displaced: 'pending',
    reverted: 'pending',
  },
  mined: { reorged: 'sent', vanished: 'pending', final: 'final' },
  final: {},
  refused: { renewed: 'pending' },
};

/** @throws RangeError when `event` cannot happen in `state`: a fault of ours */
export function afterEvent(state: OutboxState, event: OutboxEvent): OutboxState {
  const next = OUTBOX[state][event];
  if (next === undefined) throw new RangeError(`outbox: ${event} cannot happen to a row that is ${state}`);
  return next;
}
