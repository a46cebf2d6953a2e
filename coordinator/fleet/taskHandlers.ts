import { Metadata, type ServerWritableStream } from '@grpc/grpc-js';
import { isErrorCode, SyndicError } from '../../core/errors/SyndicError.ts';
import { bytesToHex, type Digest, round, type Signature, type Slot } from '../../core/values.ts';
import type { AnswerRequest__Output } from '../../proto/generated/syndic/v1/AnswerRequest.ts';
import type { Progress__Output } from '../../proto/generated/syndic/v1/Progress.ts';
import type { TaskEvent } from '../../proto/generated/syndic/v1/TaskEvent.ts';
import type { TaskServiceHandlers } from '../../proto/generated/syndic/v1/TaskService.ts';
import type { WatchRequest__Output } from '../../proto/generated/syndic/v1/WatchRequest.ts';
import { toWire, wireCount, wireDigest, wireValue } from '../../proto/wireValues.ts';
import type { MemberVerdict, OfferedTask, TaskProgress } from '../studies/port.ts';
import { failure, send, unary } from './calls.ts';
import type { HandlerModules } from './handlers.ts';
import type { WorkerSession } from './sessions.sql.ts';
import { Turns } from './Turns.ts';
import { taskStates } from './tasks.sql.ts';

/** Tasks that one heartbeat may name, and characters of a refusal's message or a phase's name that are kept. */
const MOST_TASKS = 1000;
const MOST_TEXT = 1000;
/** A worker that comes back has one for each round that it missed. */
const ANSWERS = { most: 600, what: 'rounds were answered' };

export interface TaskOptions {
  /** Milliseconds between two looks at the tasks when nothing rings. */
  readonly pollMilliseconds: number;
}

type WatchCall = ServerWritableStream<WatchRequest__Output, TaskEvent>;

export function taskHandlers({ pollMilliseconds }: TaskOptions, modules: HandlerModules): TaskServiceHandlers {
  const { db, studies, log, authenticate, bell, closing } = modules;
  const answers = new Turns(ANSWERS, modules.clock);
  const watching = new Map<Digest, AbortController>();

  /** One stream a session: a worker that watches anew has lost the stream before. */
  function takeOver(tokenHash: Digest): AbortController {
    watching.get(tokenHash)?.abort();
    const controller = new AbortController();
    watching.set(tokenHash, controller);
    return controller;
  }

  async function watch(call: WatchCall): Promise<void> {
    const { tokenHash, slot } = await authenticate.session(call.metadata);
    const controller = takeOver(tokenHash);
    // Tells the worker that it is heard, also while there is no task for it.
    call.sendMetadata(new Metadata());
    const signal = AbortSignal.any([controller.signal, closing]);
    call.on('cancelled', () => controller.abort());
    const sent = new Set<string>();
    try {
      while (!signal.aborted) {
        const { count } = bell;
        const [open] = await Promise.all([studies.tasksFor(slot), authenticate.again(tokenHash)]);
        for (const event of await news(slot, open, sent)) await send(call, event);
        await bell.wait(count, pollMilliseconds, signal);
      }
    } finally {
      if (watching.get(tokenHash) === controller) watching.delete(tokenHash);
    }
    if (closing.aborted) throw new SyndicError('COORDINATOR_UNAVAILABLE', 'the coordinator is closing: come back soon');
  }

  /** What changed since `sent`, which is brought up to date. */
  async function news(slot: Slot, open: readonly OfferedTask[], sent: Set<string>): Promise<TaskEvent[]> {
    const ids = new Set(open.map(({ id }) => id));
    const gone = [...sent].filter((id) => !ids.has(id));
    const states = await taskStates(db, slot, gone);
    for (const id of gone) sent.delete(id);
    const fresh = open.filter(({ id }) => !sent.has(id));
    for (const { id } of fresh) sent.add(id);
    return [
      // An accepted task is gone too, but its receipt may be on its way: that is no reason to stop.
      ...gone
        .filter((id) => states.get(id) !== 'accepted')
        .map((id) => ({ cancelled: { id, reason: `the task is ${states.get(id) ?? 'gone'}` } })),
      ...fresh.map((task) => ({ offered: taskMessage(task) })),
    ];
  }

  return {
    Watch: (call) => {
      watch(call).then(
        () => call.end(),
        (error: unknown) => call.emit('error', failure(log, call.getPath(), error)),
      );
    },

    Heartbeat: unary(log, async (request, metadata) => {
      const { slot } = await authenticate.session(metadata);
      const tasks = request.tasks.slice(0, MOST_TASKS).map(progressOf);
      const over = await studies.heartbeat(slot, tasks);
      const ids = over.map(({ id }) => id);
      const states = await taskStates(db, slot, ids);
      return { cancelled: over.filter(({ id }) => states.get(id) !== 'accepted') };
    }),

    Refuse: unary(log, async ({ id, code, message }, metadata) => {
      const { slot } = await authenticate.session(metadata);
      if (!isErrorCode(code))
        throw new SyndicError('DOCUMENT_INVALID', 'code is none of core/errors: send one of those');
      await studies.refuse(slot, id, code, message.slice(0, MOST_TEXT));
      return {};
    }),

    Answer: unary(log, async (request, metadata) => {
      const session = await authenticate.session(metadata);
      const verdict = verdictOf(request, session);
      const { state, error } = await answers.take(session.slot, () => studies.answer(verdict));
      return { state, error: error ?? '' };
    }),
  };
}

function verdictOf(request: AnswerRequest__Output, { slot, key }: WorkerSession): MemberVerdict {
  const { reason } = request;
  if (reason > 255) throw new SyndicError('DOCUMENT_INVALID', `reason ${reason} is not 0 … 255`, { reason });
  return {
    ...{ slot, key, reason },
    study: wireDigest(request.study, 'study'),
    round: wireValue('round', () => round(request.round)),
    recordHash: wireDigest(request.recordHash, 'record_hash'),
    // Its form is checked where it is recovered.
    signature: bytesToHex(request.signature) as Signature,
  };
}

function progressOf({ id, phase, done, total }: Progress__Output): TaskProgress {
  return {
    id,
    phase: phase.slice(0, MOST_TEXT),
    done: wireCount(done, 'done'),
    total: wireCount(total, 'total'),
  };
}

function taskMessage(task: OfferedTask): TaskEvent['offered'] {
  const { id, kind, round, slot, opened, deadline, recordBy } = task;
  const digests = { study: toWire(task.study), plan: toWire(task.plan), baseModel: toWire(task.baseModel) };
  return { id, kind, round, slot, ...digests, opened, deadline, recordBy };
}
