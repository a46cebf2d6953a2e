import { decodeStatement } from '../../core/statements/documents.ts';
import { REASON, type Reason } from '../../core/statements/entries.ts';
import { recover } from '../../core/statements/sign.ts';
import { type Digest, digest, type Slot } from '../../core/values.ts';
import type { Context } from './context.ts';
import { inParallel } from './inParallel.ts';
import { type EventRow, eventsOfType, type RoundRow, type StudyRow, type TaskRow } from './rows.sql.ts';
import { standing } from './standing.ts';

/** What is known of one roster slot when its round is decided. */
export interface Judgement {
  readonly slot: Slot;
  /** There when the slot's update was accepted. */
  readonly task: AcceptedTask | null;
  /** Why the update does not count, or why there is none; `REASON.NONE`: it counts. */
  readonly reason: Reason;
}

export interface AcceptedTask {
  readonly update: Digest;
  readonly samples: number;
  readonly statement: Digest;
  readonly report: Digest;
  readonly receipt: Digest;
}

/** One judgement a roster slot, ascending. Whoever holds a receipt is judged on it, whatever else happened. */
export async function judge(context: Context, study: StudyRow, round: RoundRow, tasks: readonly TaskRow[]) {
  const id = digest(study.id);
  const facts = await factsOf(context, round);
  const bySlot = new Map(tasks.map((task) => [task.slot, task]));
  const roster = (await context.chain.roster(id)).toSorted((a, b) => a - b);
  const strays = tasks.filter(({ state, slot }) => state === 'accepted' && !roster.some((of) => of === slot));
  if (strays.length > 0) {
    throw new RangeError(`accepted slots ${strays.map((task) => task.slot)} are not on the roster of ${id}`);
  }
  return inParallel(roster, (of) => judgeSlot(context, study, of, bySlot.get(of) ?? null, facts));
}

interface Facts {
  /** Slots for which the ledger refused an earlier record of this round. */
  readonly denied: ReadonlySet<number>;
  /** Slots whose receipt was presented and whose update, lost here, was not sent again in time. */
  readonly unsent: ReadonlySet<number>;
  /** Code of the last refusal at intake, by slot. */
  readonly refusals: ReadonlyMap<number, string>;
}

async function factsOf({ db }: Context, { study, round }: RoundRow): Promise<Facts> {
  const denied = await eventsOfType(db, { study, round, type: 'round.refused' });
  const unsent = await eventsOfType(db, { study, round, type: 'update.given_up' });
  const refusals = await eventsOfType(db, { study, round, type: 'update.refused' });
  return {
    denied: slotsOf(denied),
    unsent: slotsOf(unsent),
    refusals: new Map(refusals.flatMap(({ slot, data }) => (slot === null ? [] : [[slot, codeOf(data)] as const]))),
  };
}

function slotsOf(events: readonly EventRow[]): Set<number> {
  return new Set(events.flatMap(({ slot }) => (slot === null ? [] : [slot])));
}

function codeOf(data: unknown): string {
  return typeof data === 'object' && data !== null && 'code' in data ? String(data.code) : '';
}

async function judgeSlot(
  context: Context,
  study: StudyRow,
  of: Slot,
  task: TaskRow | null,
  { denied, unsent, refusals }: Facts,
): Promise<Judgement> {
  const stands = await standing(context, digest(study.id), of);
  const lost = stands === 'suspended' ? REASON.KEY_REVOKED : REASON.GRANT_ENDED;
  const gone = stands !== 'good' || denied.has(of);
  const accepted = task === null ? null : acceptedOf(task);
  if (accepted === null) {
    return { slot: of, task: null, reason: gone || task === null ? lost : absentReason(refusals.get(of)) };
  }
  if (gone) return { slot: of, task: accepted, reason: lost };
  if (unsent.has(of) && (await context.models.size(accepted.update)) === null) {
    return { slot: of, task: accepted, reason: REASON.NO_ANSWER };
  }
  const compromised = await signedByCompromisedKey(context, accepted);
  return { slot: of, task: accepted, reason: compromised ? REASON.KEY_REVOKED : REASON.NONE };
}

function acceptedOf(task: TaskRow): AcceptedTask | null {
  const { state, update, samples, statement, report, receipt } = task;
  if (state !== 'accepted') return null;
  if (update === null || samples === null || statement === null || report === null || receipt === null) {
    throw new RangeError(`task ${task.id} is accepted and lacks its receipt`);
  }
  return {
    update: digest(update),
    samples,
    statement: digest(statement),
    report: digest(report),
    receipt: digest(receipt),
  };
}

/** Nothing of the member was accepted. That it said no by itself is no answer, too; the event has its words. */
function absentReason(refusal: string | undefined): Reason {
  if (refusal === undefined) return REASON.NO_ANSWER;
  return refusal === 'DEADLINE_PASSED' || refusal === 'ROUND_NOT_OPEN'
    ? REASON.AFTER_DEADLINE
    : REASON.REFUSED_AT_INTAKE;
}

/** A key rotated in the meantime still counts for what it signed; one revoked as compromised does not. */
async function signedByCompromisedKey(context: Context, { statement }: AcceptedTask): Promise<boolean> {
  const { message, signature } = decodeStatement(await context.document(statement));
  const key = await context.chain.key(recover(context.domain, 'Update', message, signature));
  return key === null || key.compromised;
}
