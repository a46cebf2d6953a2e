import type { ErrorCode } from '../../core/errors/codes.ts';
import type { Verdict } from '../../core/statements/verdict.ts';
import type { Address, Digest, Instant, Round, Signature, Slot, StudyId } from '../../core/values.ts';
import type { RoundState, StudyState, TaskState } from '../db/schema.ts';

/** The state machines of study, round and task. */
export interface Studies {
  /** Moves the study as far as it can go now. Idempotent; safe from several processes at once. @returns whether it moved */
  advance(study: StudyId): Promise<boolean>;
  /** Every study that is not closed, so that a start can wake them all. */
  unfinished(): Promise<StudyId[]>;

  /** An operator's order, its typed signature checked; stores plan and initial model, relays `openStudyFor`. Repeatable. */
  open(order: OpenOrder): Promise<StudyId>;
  /** Starts before `plan.startAt` grants are live, never under `minIncluded`. */
  start(study: StudyId, by: Address): Promise<void>;
  /** Lets the open round finish and opens no other. */
  pause(study: StudyId, by: Address): Promise<void>;
  resume(study: StudyId, by: Address): Promise<void>;
  /** Records the open round as aborted, then closes the study. */
  abort(study: StudyId, by: Address, reason: string): Promise<void>;

  list(): Promise<StudySummary[]>;
  show(study: StudyId): Promise<StudyDetail>;
  /** Events after `after`, oldest first, at most `limit`. */
  events(study: StudyId, after: number, limit: number): Promise<StudyEvent[]>;

  /** Tasks of a member that it may work on now. */
  tasksFor(slot: Slot): Promise<OfferedTask[]>;
  /** Extends leases and notes progress; returns those named that are no longer wanted. */
  heartbeat(slot: Slot, tasks: readonly TaskProgress[]): Promise<{ id: string; reason: string }[]>;
  /** The member will not do it: on record, and the task is over. */
  refuse(slot: Slot, task: string, code: ErrorCode, message: string): Promise<void>;
  /** Relays what a member says of an anchored round. Repeatable; another verdict is refused with VERDICT_CONFLICT. */
  answer(verdict: MemberVerdict): Promise<Relayed>;
}

/** A verdict as a member's session handed it over. */
export interface MemberVerdict extends Verdict {
  readonly slot: Slot;
  /** The session's, which is the member's current one. */
  readonly key: Address;
  readonly signature: Signature;
}

/** What became of a verdict so far. */
export interface Relayed {
  /**
   * waiting: no record of the round is final here yet, and nothing was taken. refused: the chain said no when it was
   * tried last; it is tried again.
   */
  readonly state: 'waiting' | 'taken' | 'final' | 'refused';
  /** The contract's, with its arguments, of what was refused. */
  readonly error: string | null;
}

export interface OpenOrder {
  readonly operator: Address;
  /** A normalised plan's RFC 8785 bytes. */
  readonly plan: Uint8Array;
  readonly initialModel: Digest;
  readonly coordinator: Address;
  readonly minIncluded: number;
  readonly salt: Digest;
  readonly signature: Signature;
}

export interface OfferedTask {
  readonly id: string;
  readonly kind: string;
  readonly study: StudyId;
  readonly round: Round;
  readonly slot: Slot;
  readonly plan: Digest;
  readonly baseModel: Digest;
  readonly opened: Instant;
  readonly deadline: Instant;
  readonly recordBy: Instant;
}

export interface TaskProgress {
  readonly id: string;
  readonly phase: string;
  readonly done: number;
  readonly total: number;
}

export interface StudySummary {
  readonly id: StudyId;
  readonly name: string;
  readonly state: StudyState;
  readonly paused: boolean;
  readonly plan: Digest;
  readonly operator: Address;
  /** Completed rounds, of `rounds` wanted. */
  readonly completed: number;
  readonly rounds: number;
  readonly openedAt: Instant;
}

export interface StudyDetail extends StudySummary {
  readonly coordinator: Address;
  readonly minIncluded: number;
  readonly initialModel: Digest;
  /** Global model of the newest anchored round. */
  readonly model: Digest;
  readonly attempts: readonly RoundDetail[];
}

export interface RoundDetail {
  readonly round: Round;
  readonly state: RoundState;
  readonly outcome: number | null;
  readonly base: Digest;
  readonly global: Digest | null;
  readonly manifest: Digest | null;
  readonly transaction: Digest | null;
  readonly block: number | null;
  readonly opened: Instant;
  readonly deadline: Instant;
  readonly closed: Instant | null;
  readonly tasks: readonly TaskDetail[];
}

export interface TaskDetail {
  readonly slot: Slot;
  readonly state: TaskState;
  readonly phase: string | null;
  readonly done: number;
  readonly total: number;
  readonly update: Digest | null;
  readonly samples: number | null;
  /** As the report says; null until the update is accepted. */
  readonly metrics: { readonly before: unknown; readonly after: unknown } | null;
  readonly refusal: { readonly code: string; readonly message: string } | null;
}

export interface StudyEvent {
  readonly id: number;
  readonly at: Instant;
  readonly study: StudyId;
  readonly round: number | null;
  readonly slot: number | null;
  readonly type: string;
  readonly data: unknown;
}
