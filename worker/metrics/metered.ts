import type { OutgoingUpdate, Session } from '../session/port.ts';
import type { Trainer } from '../training/port.ts';
import type { Metrics } from './port.ts';

/** The session as it is, with what goes over it counted. */
export function meteredSession(session: Session, metrics: Metrics): Session {
  return {
    get connected() {
      return session.connected;
    },
    tasks: (signal) => heard(session.tasks(signal), metrics),
    download: (digest, from, signal) => heard(session.download(digest, from, signal), metrics),
    async upload(update, signal) {
      const receipt = await session.upload(metered(update, metrics), signal);
      metrics.heard();
      metrics.accepted();
      return receipt;
    },
    async refuse(task, code, message) {
      metrics.refused(code);
      await session.refuse(task, code, message);
      metrics.heard();
    },
    async answer(verdict, signal) {
      const relayed = await session.answer(verdict, signal);
      metrics.heard();
      return relayed;
    },
    progress: (task, at) => session.progress(task, at),
    close: () => session.close(),
  };
}

export function meteredTrainer(trainer: Trainer, metrics: Metrics): Trainer {
  return {
    async train(job, options) {
      const start = performance.now();
      const result = await trainer.train(job, options);
      metrics.trained((performance.now() - start) / 1000);
      return result;
    },
    evaluate: (job, options) => trainer.evaluate(job, options),
    close: () => trainer.close(),
  };
}

async function* heard<T>(source: AsyncIterable<T>, metrics: Metrics): AsyncGenerator<T> {
  for await (const item of source) {
    metrics.heard();
    yield item;
  }
}

function metered(update: OutgoingUpdate, metrics: Metrics): OutgoingUpdate {
  async function* open(from: number): AsyncGenerator<Uint8Array> {
    for await (const chunk of update.open(from)) {
      metrics.sent(chunk.byteLength);
      yield chunk;
    }
  }
  return { ...update, open };
}
