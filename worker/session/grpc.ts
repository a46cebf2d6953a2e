import { inTurn } from '../../core/inTurn.ts';
import type { Digest } from '../../core/values.ts';
import type { AnswerResponse__Output } from '../../proto/generated/syndic/v1/AnswerResponse.ts';
import type { LogoutResponse__Output } from '../../proto/generated/syndic/v1/LogoutResponse.ts';
import type { RefuseResponse__Output } from '../../proto/generated/syndic/v1/RefuseResponse.ts';
import { toWire } from '../../proto/wireValues.ts';
import { soon, unary } from './calls.ts';
import { download } from './download.ts';
import { startHeart } from './heartbeat.ts';
import { Lines } from './Lines.ts';
import type { SessionModules, SessionOptions } from './modules.ts';
import { OfferQueue } from './OfferQueue.ts';
import type { OutgoingUpdate, Session, TaskOffer } from './port.ts';
import { present } from './present.ts';
import { TaskBook } from './TaskBook.ts';
import { upload } from './upload.ts';
import { followTasks } from './watch.ts';

/** Milliseconds that a closing worker waits for its goodbye to be heard. */
const GOODBYE_MS = 2000;

/** A session over gRPC. Nothing is dialled before the first call that needs the coordinator. */
export function createSession(options: SessionOptions, modules: SessionModules): Session {
  const { log, held } = modules;
  const closing = new AbortController();
  // Two streams of the same update would take it from each other: the second waits, and then finds the receipt there.
  const oneAtATime = inTurn<Digest>();
  const send = (update: OutgoingUpdate, signal: AbortSignal) =>
    oneAtATime(update.update, () => upload(lines, update, signal));
  const lines = new Lines(options, modules, (line) => {
    if (held !== undefined) void present(line, closing.signal, { lines, held, send, log });
  });
  const book = new TaskBook();
  const beatNow = startHeart(
    { seconds: options.heartbeatSeconds ?? null, signal: closing.signal },
    { lines, book, log },
  );

  const untilClosed = (signal: AbortSignal) => AbortSignal.any([signal, closing.signal]);

  async function* tasks(signal: AbortSignal): AsyncGenerator<TaskOffer> {
    const left = new AbortController();
    const over = AbortSignal.any([signal, closing.signal, left.signal]);
    const offers = new OfferQueue<TaskOffer>();
    const following = followTasks({ lines, book, log }, offers, over).catch((error: unknown) => {
      offers.end(over.aborted ? null : error);
    });
    try {
      yield* offers;
    } finally {
      left.abort();
      await following;
    }
  }

  async function sayGoodbye(): Promise<void> {
    const line = await lines.close(GOODBYE_MS);
    if (line === null) return;
    try {
      const deadline = Date.now() + GOODBYE_MS;
      await unary<LogoutResponse__Output>((callback) => line.session.logout({}, line.metadata, { deadline }, callback));
    } catch (error) {
      // The session ends by itself a little later.
      log.debug({ error: String(error) }, 'the coordinator did not hear the goodbye');
    }
    line.close();
  }

  return {
    get connected() {
      return lines.current !== null;
    },
    tasks,
    download: (digest, from, signal) => download(lines, digest, from, untilClosed(signal)),
    upload: (update, signal) => send(update, untilClosed(signal)),

    async refuse(id, code, message) {
      await lines.attempt(closing.signal, (line) =>
        unary<RefuseResponse__Output>(
          (callback) => line.tasks.refuse({ id, code, message }, line.metadata, soon(), callback),
          closing.signal,
        ),
      );
    },

    async answer({ study, round, recordHash, reason, signature }, signal) {
      const request = {
        study: toWire(study),
        round,
        recordHash: toWire(recordHash),
        reason,
        signature: toWire(signature),
      };
      const over = untilClosed(signal);
      return await lines.attempt(over, (line) =>
        unary<AnswerResponse__Output>((callback) => line.tasks.answer(request, line.metadata, soon(), callback), over),
      );
    },

    progress(task, at) {
      if (book.progress(task, at)) beatNow();
    },

    async close() {
      if (closing.signal.aborted) return;
      closing.abort();
      await sayGoodbye();
    },
  };
}
