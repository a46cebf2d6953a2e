import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Address, StudyId } from '../../core/values.ts';
import type { StudyState } from '../db/schema.ts';
import type { Context } from './context.ts';
import { type StudyChange, tell, transition } from './move.sql.ts';
import { requireStudy, type StudyRow } from './rows.sql.ts';

/** Orders of an operator; whether `by` is one, the caller has checked. Each is put on record, and the same again is none. */

/** @throws SyndicError NOT_FOUND, STATE_CONFLICT */
export async function orderStart(context: Context, id: StudyId, by: Address): Promise<void> {
  const { min_included } = await requireStudy(context.db, id);
  const live = (await context.chain.study(id)) === null ? [] : await context.chain.roster(id);
  if (live.length < min_included) {
    throw new SyndicError(
      'STATE_CONFLICT',
      `${live.length} members hold live grants; a start needs ${min_included}: wait for more to join`,
      { live: live.length, needed: min_included },
    );
  }
  await order(context, id, by, {
    verb: 'start',
    type: 'study.start_ordered',
    change: { start_ordered_by: by },
    while: ['opening', 'open'],
    done: ({ start_ordered_by, state }) => start_ordered_by !== null || state === 'starting' || state === 'running',
  });
}

/** @throws SyndicError NOT_FOUND, STATE_CONFLICT */
export async function orderPause(context: Context, id: StudyId, by: Address): Promise<void> {
  await order(context, id, by, {
    verb: 'pause',
    type: 'study.paused',
    change: { paused: true },
    while: UNFINISHED,
    done: ({ paused }) => paused === true,
  });
}

/** @throws SyndicError NOT_FOUND, STATE_CONFLICT */
export async function orderResume(context: Context, id: StudyId, by: Address): Promise<void> {
  await order(context, id, by, {
    verb: 'resume',
    type: 'study.resumed',
    change: { paused: false },
    while: UNFINISHED,
    done: ({ paused }) => paused === false,
  });
}

/** @throws SyndicError NOT_FOUND, STATE_CONFLICT */
export async function orderAbort(context: Context, id: StudyId, by: Address, reason: string): Promise<void> {
  await order(context, id, by, {
    verb: 'abort',
    type: 'study.abort_ordered',
    change: { abort_reason: reason },
    while: UNFINISHED,
    done: ({ abort_reason }) => abort_reason !== null,
    data: { reason },
  });
}

const UNFINISHED: readonly StudyState[] = ['opening', 'open', 'starting', 'running'];

interface Order {
  readonly verb: string;
  readonly type: string;
  readonly change: StudyChange;
  readonly while: readonly StudyState[];
  /** Whether the study is already as ordered. */
  readonly done: (study: StudyRow) => boolean;
  readonly data?: object;
}

async function order(context: Context, id: StudyId, by: Address, what: Order): Promise<void> {
  await transition(context, what.type, async (tx) => {
    const study = await tx.selectFrom('studies').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
    if (study === undefined) throw new SyndicError('NOT_FOUND', `no study ${id} here: see the list of studies`);
    if (what.done(study)) return;
    if (!what.while.includes(study.state)) {
      throw new SyndicError('STATE_CONFLICT', `study ${id} is ${study.state}: it is too late to ${what.verb} it`, {
        state: study.state,
      });
    }
    await tx.updateTable('studies').set(what.change).where('id', '=', id).execute();
    await tell(tx, context, { study: id, type: what.type, data: { by, ...what.data } });
  });
  await context.queue.wake(id);
}
