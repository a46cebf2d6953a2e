import type { ClientWritableStream } from '@grpc/grpc-js';
import type { SyndicError } from '../../core/errors/SyndicError.ts';
import { fromGrpcError } from '../../proto/errors.ts';
import type { UploadRequest } from '../../proto/generated/syndic/v1/UploadRequest.ts';
import type { UploadResponse__Output } from '../../proto/generated/syndic/v1/UploadResponse.ts';
import type { UploadStateResponse__Output } from '../../proto/generated/syndic/v1/UploadStateResponse.ts';
import { toWire, wireCount } from '../../proto/wireValues.ts';
import { soon, unary } from './calls.ts';
import type { Line } from './Line.ts';
import type { Lines } from './Lines.ts';
import type { OutgoingUpdate } from './port.ts';

/** Bytes a message carries: enough that its frame costs nothing. The coordinator may ask for less. */
const CHUNK_BYTES = 1024 * 1024;
/** How often an upload is taken up anew after the two ends disagreed about what is held. */
const MOST_RESTARTS = 5;

/**
 * Sends an update until the coordinator has signed for it. Each attempt first asks how much is held, and goes on there.
 *
 * @returns the receipt document
 */
export async function upload(lines: Lines, update: OutgoingUpdate, signal: AbortSignal): Promise<Uint8Array> {
  for (let restarts = 0; ; restarts++) {
    let from = 0;
    try {
      return await lines.attempt(signal, async (line, alive) => {
        const state = await askState(line, update, signal);
        alive();
        if (state.receipt.byteLength > 0) return state.receipt;
        from = wireCount(state.received, 'received');
        return await send(line, update, from, signal);
      });
    } catch (thrown) {
      if (restarts === MOST_RESTARTS || !isWorthAnother(fromGrpcError(thrown), from)) throw thrown;
    }
  }
}

/** A coordinator whose machine lost power may hold bytes that were never written: sent from the start, they are right. */
function isWorthAnother({ code }: SyndicError, from: number): boolean {
  return code === 'CHUNK_OUT_OF_ORDER' || (code === 'DIGEST_MISMATCH' && from > 0);
}

function askState(line: Line, update: OutgoingUpdate, signal: AbortSignal): Promise<UploadStateResponse__Output> {
  const request = { task: update.task, update: toWire(update.update) };
  return unary<UploadStateResponse__Output>(
    (callback) => line.transfer.uploadState(request, line.metadata, soon(), callback),
    signal,
  );
}

async function send(line: Line, update: OutgoingUpdate, from: number, signal: AbortSignal): Promise<Uint8Array> {
  const answer = new Answer<UploadResponse__Output>();
  const call = line.transfer.upload(line.metadata, (error, response) => answer.settle(error, response));
  const cancel = () => call.cancel();
  signal.addEventListener('abort', cancel);
  // The answer has the error; a stream that fails besides must not end the process.
  call.on('error', () => undefined);
  try {
    const { task, statement, report, length } = update;
    const begin = { task, statement: Buffer.from(statement), report: Buffer.from(report), length, offset: from };
    await write(call, { begin }, answer);
    await sendChunks(call, update, from, Math.min(CHUNK_BYTES, line.maxChunkBytes), answer);
    call.end();
    return (await answer.promise).receipt;
  } finally {
    signal.removeEventListener('abort', cancel);
    cancel();
  }
}

async function sendChunks(
  call: ClientWritableStream<UploadRequest>,
  update: OutgoingUpdate,
  from: number,
  most: number,
  answer: Pending,
): Promise<void> {
  let offset = from;
  // While one message goes, the next is read.
  let before = Promise.resolve();
  for await (const part of update.open(from)) {
    for (let at = 0; at < part.byteLength; at += most) {
      if (answer.settled) return;
      const piece = part.subarray(at, at + most);
      const data = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
      const sent = write(call, { chunk: { data, offset } }, answer);
      await before;
      before = sent;
      offset += data.byteLength;
    }
  }
}

/** Waits until the message is on its way, or the coordinator has answered already. */
async function write(
  call: ClientWritableStream<UploadRequest>,
  message: UploadRequest,
  answer: Pending,
): Promise<void> {
  if (answer.settled) return;
  const written = new Promise<void>((resolve) => {
    call.write(message, () => resolve());
  });
  await Promise.race([written, answer.arrived]);
}

/** Whether an answer is there yet, for whoever is still writing. */
type Pending = Pick<Answer<never>, 'settled' | 'arrived'>;

/** A call's answer, which may come while its request is still being written. */
class Answer<A> {
  settled = false;
  readonly promise: Promise<A>;
  /** Resolves when there is an answer, good or bad. */
  readonly arrived: Promise<void>;
  private resolve: (value: A) => void = () => undefined;
  private reject: (error: unknown) => void = () => undefined;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.arrived = this.promise.then(
      () => undefined,
      () => undefined,
    );
  }

  settle(error: unknown, value: A | undefined): void {
    this.settled = true;
    if (error === null && value !== undefined) this.resolve(value);
    else this.reject(error);
  }
}
