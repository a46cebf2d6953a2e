import type { StudyId } from '../../../core/values.ts';
import type { CrashBox, Third } from './CrashBox.ts';
import type { CourseName } from './courses.ts';

/** What a scenario works with. */
export interface Stage {
  readonly box: CrashBox;
  /** The plan file of the study. */
  readonly plan: string;
  /** Opens the study; resolves once it stands on chain. */
  open(): Promise<StudyId>;
  /** Resolves once so many updates of the study's first round are accepted. */
  untilAccepted(study: StudyId, updates: number): Promise<void>;
  /** Resolves once so many members hold a receipt of the study. */
  untilHeld(study: StudyId, members: number): Promise<void>;
  abort(study: StudyId): Promise<void>;
  /** Begins another process in place of one that was killed: it goes on to the stops that are left. */
  startCoordinator(): void;
  /** The same, of one whose database is an old copy now: a process recovers it first. */
  recoverCoordinator(): void;
}

/** A point before the one of interest, where the coordinator stands still while something happens around it. */
export interface Stop {
  /** `point`, or `point:n` for the n-th time that one process comes to it. */
  readonly at: string;
  readonly meanwhile: (stage: Stage) => Promise<void>;
}

/** How a transition is brought about, and how the study ends whoever is killed at it. */
export interface Scenario {
  /** What the study comes to. */
  readonly course: CourseName;
  /** Which time of the transition is meant; left out: the first. */
  readonly nth?: number;
  /** Changes to the course's plan. */
  readonly plan?: object;
  /** More environment of the coordinator, also of the one after the crash. */
  readonly env?: Readonly<Record<string, string>>;
  /** How the third worker is when the study begins, if not well. */
  readonly third?: Third;
  /** How it is after the crash, if not as it was. */
  readonly thirdAfter?: Third;
  /** Before the coordinator starts. */
  readonly before?: (stage: Stage) => Promise<void>;
  readonly stops?: readonly Stop[];
  /** Opens the study and does what its people do; left out: all three grant their datasets. */
  readonly act?: (stage: Stage) => Promise<void>;
  /** While the killed are still dead. */
  readonly mend?: (stage: Stage) => Promise<void>;
}
