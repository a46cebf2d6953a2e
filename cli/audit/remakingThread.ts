/** One thread that makes global models anew, one after the other, of the files of the places that it was given. */
import { parentPort, workerData } from 'node:worker_threads';
import { Files } from '../../audit/Files.ts';
import { type Remade, type RemakeJob, remake } from '../../audit/remake.ts';
import { type SyndicError, toSyndicError } from '../../core/errors/SyndicError.ts';
import { openPlace } from './options.ts';

export interface Asked {
  readonly id: number;
  readonly job: RemakeJob;
}

export type Answer =
  | { readonly id: number; readonly remade: Remade }
  | { readonly id: number; readonly fault: ReturnType<SyndicError['toJSON']> };

const port = parentPort;
if (port === null) throw new Error('remakingThread.ts runs as a worker thread only');

const files = new Files((workerData as readonly string[]).map(openPlace));
let last: Promise<void> = Promise.resolve();

async function answer({ id, job }: Asked): Promise<Answer> {
  try {
    return { id, remade: await remake(files, job) };
  } catch (thrown) {
    return { id, fault: toSyndicError(thrown).toJSON() };
  }
}

port.on('message', (asked: Asked) => {
  last = last.then(async () => port.postMessage(await answer(asked)));
});
