import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { SyndicError, toSyndicError } from '../../core/errors/SyndicError.ts';
import { loadBackend, type Runtime } from './backends.ts';
import { evaluateLocally, trainLocally } from './localTraining.ts';
import type { Reply, Request, ThreadOptions } from './messages.ts';
import type { TrainingResult } from './port.ts';

/** Most often that progress is told, in milliseconds. */
const PROGRESS_EVERY = 200;

async function answer(request: Request, runtime: Runtime, post: (reply: Reply) => void): Promise<Reply> {
  if (request.kind === 'evaluate') return { kind: 'evaluated', metrics: await evaluateLocally(request.job) };
  let told = 0;
  const trained = await trainLocally(request.job, (step, total) => {
    const now = performance.now();
    if (step < total && now - told < PROGRESS_EVERY) return;
    told = now;
    post({ kind: 'progress', step, total });
  });
  return { kind: 'trained', result: { ...trained, runtime } };
}

function failed(thrown: unknown): Reply {
  const error = toSyndicError(translated(thrown));
  return { kind: 'failed', ...error.toJSON() };
}

/** TensorFlow.js says only in words that a backend lacks an operation. */
function translated(thrown: unknown): unknown {
  if (thrown instanceof SyndicError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const kernel = /Kernel '(\w+)' not registered for backend '(\w+)'/.exec(message);
  if (kernel !== null) {
    return new SyndicError(
      'BACKEND_UNAVAILABLE',
      `backend ${kernel[2]} cannot train this model (it lacks ${kernel[1]}): use --backend native, which npm run tfjs:native builds, or cpu, which is slow`,
      { kernel: kernel[1], backend: kernel[2] },
    );
  }
  return new SyndicError('TRAINING_FAILED', `training failed: ${message}`, {}, { cause: thrown });
}

/** What of a result goes over to the other thread without being copied. */
function buffersOf({ local }: TrainingResult): ArrayBuffer[] {
  return local.flatMap(({ data }) => (data.buffer instanceof ArrayBuffer ? [data.buffer] : []));
}

async function serve(port: MessagePort, options: ThreadOptions): Promise<void> {
  const post = (reply: Reply): void => port.postMessage(reply, reply.kind === 'trained' ? buffersOf(reply.result) : []);
  // Requests wait in the port until somebody listens, so none is lost while the backend loads.
  const loaded = await loadBackend(options.backend, options.nativeThreads).catch(toSyndicError);
  if (!(loaded instanceof SyndicError)) post({ kind: 'loaded', loaded });
  port.on('message', (request: Request) => {
    const work = loaded instanceof SyndicError ? Promise.reject(loaded) : answer(request, loaded.runtime, post);
    void work.catch(failed).then(post);
  });
}

if (parentPort === null) throw new Error('trainingThread.ts is started by tfjs.ts as a worker thread, not by itself');
const options: ThreadOptions = workerData;
await serve(parentPort, options);
