import { toSyndicError } from '../../core/errors/SyndicError.ts';
import { wasAnswered } from '../chain/rpc.ts';

/** Whether a fault is of one message, or of one account's money, and no broken line: others may go on. */
export function concernsTheMessage(thrown: unknown): boolean {
  const { code } = toSyndicError(thrown);
  return code === 'STATE_CONFLICT' || code === 'CHAIN_REVERTED' || wasAnswered(thrown);
}
