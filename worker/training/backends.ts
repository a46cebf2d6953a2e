import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Report } from '../../core/manifest/Report.ts';
import type { BackendChoice } from './port.ts';

export type Runtime = Report['runtime'];

interface Backend {
  /** TensorFlow.js's name of it, and the report's. */
  readonly name: string;
  readonly library: string;
  readonly threads: number;
  /** Makes the backend known to TensorFlow.js. */
  readonly register: () => Promise<void>;
  /** Version of what computes below the library, where that is another's. */
  readonly engine?: () => string;
}

/** The backend that was taken, and for each one before it why it was not. */
export interface Loaded {
  readonly runtime: Runtime;
  readonly skipped: readonly string[];
}

const require = createRequire(import.meta.url);
const NATIVE_PACKAGE = '@tensorflow/tfjs-node';
const WASM_PACKAGE = '@tensorflow/tfjs-backend-wasm';
const CPU_PACKAGE = '@tensorflow/tfjs-backend-cpu';

const BACKENDS: Record<Exclude<BackendChoice, 'auto'>, (nativeThreads?: number) => Backend> = {
  native: (nativeThreads = availableParallelism()) => ({
    name: 'tensorflow',
    library: NATIVE_PACKAGE,
    threads: nativeThreads,
    register: async () => {
      // TensorFlow's own count differs under a container's quota; the report must name the one that sums depend on.
      process.env.TF_NUM_INTRAOP_THREADS = String(nativeThreads);
      // Else it writes about the processor, as plain text, where logs belong.
      process.env.TF_CPP_MIN_LOG_LEVEL ??= '1';
      await import(NATIVE_PACKAGE);
    },
    engine: tensorflowVersion,
  }),
  wasm: () => ({
    name: 'wasm',
    library: WASM_PACKAGE,
    threads: 1,
    register: async () => {
      const wasm = await import('@tensorflow/tfjs-backend-wasm');
      wasm.setWasmPaths(`${dirname(require.resolve(WASM_PACKAGE))}/`);
      // More threads would make sums depend on their number.
      wasm.setThreadsCount(1);
    },
  }),
  cpu: () => ({
    name: 'cpu',
    library: CPU_PACKAGE,
    threads: 1,
    register: async () => {
      await import('@tensorflow/tfjs-backend-cpu');
    },
  }),
};

/**
 * Loads a backend and makes it TensorFlow.js's current one.
 * @param nativeThreads threads for TensorFlow; by default as many as this process may use
 * @throws SyndicError BACKEND_UNAVAILABLE naming each backend that was tried and why it does not load
 */
export async function loadBackend(choice: BackendChoice, nativeThreads?: number): Promise<Loaded> {
  // Without it TensorFlow.js prints advertisements where logs belong.
  tf.enableProdMode();
  const wanted = choice === 'auto' ? (['native', 'wasm', 'cpu'] as const) : [choice];
  const reasons: string[] = [];
  for (const name of wanted) {
    const backend = BACKENDS[name](nativeThreads);
    try {
      await backend.register();
      if (!(await tf.setBackend(backend.name))) throw new Error('TensorFlow.js could not initialise it');
      await tf.ready();
      return { runtime: describe(backend), skipped: reasons };
    } catch (error) {
      reasons.push(`${name}: ${firstLine(error)}`);
    }
  }
  throw new SyndicError(
    'BACKEND_UNAVAILABLE',
    `no training backend loads here (${reasons.join('; ')}). npm run tfjs:native builds the native one; --backend wasm needs nothing.`,
    { choice, reasons },
  );
}

function describe(backend: Backend): Runtime {
  const { version }: { version: string } = require(`${backend.library}/package.json`);
  return {
    backend: backend.name,
    threads: backend.threads,
    library: [`${backend.library} ${version}`, ...(backend.engine === undefined ? [] : [backend.engine()])].join(', '),
    platform: `${process.platform}-${process.arch}`,
  };
}

/** tfjs-node computes with whatever TensorFlow it was built against. */
function tensorflowVersion(): string {
  const native = tf.backend() as tf.KernelBackend & { readonly binding: { readonly TF_Version: string } };
  return `TensorFlow ${native.binding.TF_Version}`;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
}
