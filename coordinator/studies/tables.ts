import type { RoundState, StudyState, TaskState, UploadState } from '../db/schema.ts';

/** State × event → state; what is not here cannot happen. */
export type Table<S extends string, E extends string> = Readonly<Record<S, Readonly<Partial<Record<E, S>>>>>;

/**
 * opened: the ledger has the study. rejected: it refused to open it. starting: enough grants are live, the start is in
 * the outbox. startRefused: too few were when it arrived. started: the ledger says so. ended: done, failed or aborted,
 * the close is in the outbox. closed: the ledger says so. adopted: recovery found it closed on the ledger.
 */
export type StudyEventName =
  | 'opened'
  | 'rejected'
  | 'starting'
  | 'startRefused'
  | 'started'
  | 'ended'
  | 'closed'
  | 'adopted';

export const STUDY: Table<StudyState, StudyEventName> = {
  opening: { opened: 'open', rejected: 'closed' },
  // An operator may start a study on chain by itself.
  open: { starting: 'starting', started: 'running', ended: 'closing', adopted: 'closed' },
  starting: { started: 'running', startRefused: 'open', adopted: 'closed' },
  running: { ended: 'closing', adopted: 'closed' },
  closing: { closed: 'closed', adopted: 'closed' },
  closed: {},
};

/**
 * offered: tasks are there for the members. closed: nothing more is taken in. decided: who is included, and the model
 * that comes of it. queued: the record is in the outbox. refused: the ledger refused it, for one member's grant ended.
 * anchored: it is final. adopted: recovery found its record on the ledger.
 */
export type RoundEventName = 'offered' | 'closed' | 'decided' | 'queued' | 'refused' | 'anchored' | 'adopted';

export const ROUND: Table<RoundState, RoundEventName> = {
  open: { offered: 'collecting', closed: 'closed', adopted: 'anchored' },
  collecting: { closed: 'closed', adopted: 'anchored' },
  closed: { decided: 'aggregated', adopted: 'anchored' },
  aggregated: { queued: 'recorded', adopted: 'anchored' },
  recorded: { refused: 'closed', anchored: 'anchored', adopted: 'anchored' },
  anchored: {},
};

/**
 * leased: a session of the member works on it, or still does. released: it stopped, or was not heard of. accepted: the
 * receipt is issued. adopted: the member, or a manifest, showed a receipt that this database did not know. refused: the
 * member will not. expired: the round closed without it. cancelled: it was aborted.
 */
export type TaskEventName = 'leased' | 'released' | 'accepted' | 'adopted' | 'refused' | 'expired' | 'cancelled';

const AT_WORK = {
  leased: 'leased',
  accepted: 'accepted',
  adopted: 'accepted',
  refused: 'refused',
  expired: 'expired',
  cancelled: 'cancelled',
} as const;

export const TASK: Table<TaskState, TaskEventName> = {
  offered: AT_WORK,
  leased: { ...AT_WORK, released: 'offered' },
  accepted: {},
  refused: {},
  cancelled: {},
  expired: {},
};

/**
 * stored: update, statement and report are durable. accepted: so is the receipt. lost: the store lacks the file again.
 * adopted: its receipt came back.
 */
export type UploadEventName = 'stored' | 'accepted' | 'lost' | 'adopted';

export const UPLOAD: Table<UploadState, UploadEventName> = {
  receiving: { stored: 'stored', adopted: 'accepted' },
  stored: { accepted: 'accepted', lost: 'receiving', adopted: 'accepted' },
  accepted: {},
};

/** Whoever is in one of these may still deliver. */
export const TASK_AT_WORK: readonly TaskState[] = ['offered', 'leased'];

/** @throws RangeError when `event` cannot happen in `state`: a fault of ours */
export function nextState<S extends string, E extends string>(table: Table<S, E>, state: S, event: E): S {
  const next = table[state][event];
  if (next === undefined) throw new RangeError(`${event} cannot happen to what is ${state}`);
  return next;
}
