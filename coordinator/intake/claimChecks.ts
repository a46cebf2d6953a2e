import type { ErrorCode } from '../../core/errors/codes.ts';
import type { Claim } from './facts.ts';

/** One thing that must hold of an upload before its first byte; the first that does not is the refusal. */
export interface Check<T> {
  readonly code: ErrorCode;
  /** Why it is refused and what to do; null when it holds. */
  readonly fault: (subject: T) => string | null;
}

/** Checks of the documents against the coordinator's own books, in the order in which they are made. */
export const claimChecks: readonly Check<Claim>[] = [
  {
    code: 'WRONG_STUDY',
    fault: ({ statement: { message }, task }) =>
      message.study === task.study ? null : `statement is of study ${message.study}; the task is of ${task.study}`,
  },
  {
    code: 'ROUND_NOT_OPEN',
    fault: ({ statement: { message }, task }) =>
      message.round === task.round ? null : `statement is of round ${message.round}; the task is of ${task.round}`,
  },
  {
    code: 'WRONG_SLOT',
    fault: ({ statement: { message }, task }) =>
      message.slot === task.slot ? null : `statement is of slot ${message.slot}; the task is slot ${task.slot}'s`,
  },
  {
    code: 'WRONG_PLAN',
    fault: ({ statement: { message }, task }) =>
      message.plan === task.plan ? null : `statement names plan ${message.plan}; the study's is ${task.plan}`,
  },
  {
    code: 'WRONG_BASE',
    fault: ({ statement: { message }, task }) =>
      message.baseModel === task.baseModel
        ? null
        : `statement names base ${message.baseModel}; the round's is ${task.baseModel}: train from that`,
  },
  {
    code: 'ROUND_NOT_OPEN',
    fault: ({ task }) =>
      task.roundState === 'collecting' ? null : `round ${task.round} is ${task.roundState}: it takes no updates now`,
  },
  {
    code: 'DEADLINE_PASSED',
    fault: ({ task, now }) =>
      now <= task.deadline ? null : `round ${task.round} ended at ${task.deadline}; it is ${now}: wait for the next`,
  },
  {
    code: 'STATE_CONFLICT',
    fault: ({ task }) =>
      task.state === 'offered' || task.state === 'leased' ? null : `the task is ${task.state}: wait for the next`,
  },
  {
    code: 'DOCUMENT_INVALID',
    fault: ({ statement: { message }, reportDigest }) =>
      message.report === reportDigest
        ? null
        : `statement names report ${message.report}; the report sent is ${reportDigest}: send the one that was signed`,
  },
  {
    code: 'DOCUMENT_INVALID',
    fault: ({ report, task }) =>
      report.study === task.study && report.round === task.round && report.slot === task.slot
        ? null
        : 'report is of another study, round or slot than its statement',
  },
  {
    code: 'DOCUMENT_INVALID',
    fault: ({ statement: { message } }) =>
      message.samples > 0 ? null : 'statement declares no samples: a site without rows has no update to send',
  },
];
