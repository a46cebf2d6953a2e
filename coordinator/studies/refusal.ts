import type { OutboxMessage, OutboxStatus } from '../anchor/port.ts';
import type { Context } from './context.ts';
import { tell, transition } from './move.sql.ts';
import { type EventRow, eventsOfType } from './rows.sql.ts';
import { idle, type Step } from './Step.ts';

/** Seconds between two tries of a message that the ledger refuses for a reason which somebody must mend. */
const AGAIN_SECONDS = 30;

/**
 * The ledger refused what the state machines hold to be right, such as for a coordinator's key that is no longer
 * current. The same message is tried again, not too often, until somebody mended it; each refusal is an event.
 */
export async function tryAgain(context: Context, message: OutboxMessage, status: OutboxStatus): Promise<Step> {
  const { study, kind } = message;
  const round = message.round === 0 ? null : message.round;
  const type = `${kind}.refused`;
  const last = (await eventsOfType(context.db, { study, round, type })).at(-1);
  const left = secondsLeft(context, last);
  if (left > 0) return { wait: left };
  context.log.error({ study, kind, round, error: status.error }, 'the ledger refused a message; it is tried again');
  await transition(context, 'outbox.renewed', async (tx) => {
    const data = { error: status.error, transaction: status.transaction };
    await tell(tx, context, { study, ...(round === null ? {} : { round }), type, data });
    // The first refusal only starts the waiting: trying again at once would meet the same answer.
    if (last !== undefined) await context.anchor.enqueue(tx, message);
  });
  return last === undefined ? { wait: AGAIN_SECONDS } : idle;
}

function secondsLeft({ clock }: Context, last: EventRow | undefined): number {
  return last === undefined ? 0 : Math.max(0, last.at + AGAIN_SECONDS - clock.now());
}
