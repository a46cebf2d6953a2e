import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Partial } from '../models/port.ts';
import type { Upload } from './port.ts';
import type { UpdateChecker } from './UpdateChecker.ts';

/** An upload under way, as the intake itself needs it. */
export interface ActiveUpload extends Upload {
  readonly received: number;
  /** A newer stream of the same task takes over: waits for the step under way, then lets go of the bytes. */
  supersede(): Promise<void>;
}

/** Where bytes go: a partial, or nowhere when all of them are stored already. */
export type Receiver = Pick<Partial, 'received' | 'append' | 'close' | 'discard'>;

export interface ReceivingOptions {
  /** Exact bytes of the file. */
  readonly length: number;
  readonly receiver: Receiver;
  readonly checker: UpdateChecker;
  /** Makes everything durable and signs, once every byte is in. */
  readonly complete: () => Promise<Uint8Array>;
  /** The upload failed; `final` when going on with these bytes is of no use. */
  readonly failed: (error: unknown, final: boolean) => Promise<void>;
  /** The bytes are let go of, for whatever reason; called once. */
  readonly released: () => Promise<void>;
}

/** Takes chunks in order; each step waits for the one before it, and the first failure ends all. */
export function receiveUpload({ length, receiver, checker, ...options }: ReceivingOptions): ActiveUpload {
  let last: Promise<unknown> = Promise.resolve();
  let over: SyndicError | null = null;

  function inTurn<T>(action: () => Promise<T>): Promise<T> {
    const mine = last.then(action);
    last = mine.catch(() => undefined);
    return mine;
  }

  function step<T>(action: () => Promise<T>): Promise<T> {
    return inTurn(async () => {
      if (over !== null) throw over;
      try {
        return await action();
      } catch (error) {
        const final = isFinal(error);
        await end(asFailure(error), () => (final ? receiver.discard() : receiver.close()));
        await options.failed(error, final);
        throw error;
      }
    });
  }

  async function end(why: SyndicError, letGo: () => Promise<void>): Promise<void> {
    if (over !== null) return;
    over = why;
    await letGo();
    await options.released();
  }

  const stop = (why: string) => inTurn(() => end(new SyndicError('CHUNK_OUT_OF_ORDER', why), () => receiver.close()));

  return {
    get received() {
      return receiver.received;
    },

    chunk: (offset, data) =>
      step(async () => {
        if (offset !== receiver.received) throw outOfOrder(offset, receiver.received);
        if (offset + data.byteLength > length) throw wrongLength(offset + data.byteLength, length);
        checker.push(data);
        await receiver.append(data);
      }),

    finish: () =>
      step(async () => {
        // A line that breaks can look like one that was ended: what is missing may still come.
        if (receiver.received !== length) throw outOfOrder(length, receiver.received);
        const receipt = await options.complete();
        await end(new SyndicError('CHUNK_OUT_OF_ORDER', 'the upload is complete'), () => receiver.close());
        return receipt;
      }),

    suspend: () => stop('the upload was let go of: begin again where it stopped'),
    supersede: () => stop('a newer stream sends this update: begin again where it stopped'),
  };
}

/** An update that was accepted before: whatever is sent again, the answer is the same receipt. */
export function acceptedUpload(length: number, receipt: () => Promise<Uint8Array>): ActiveUpload {
  const nothing = async () => undefined;
  return { received: length, chunk: nothing, finish: receipt, suspend: nothing, supersede: nothing };
}

/** The receiver of an update whose every byte was stored before. */
export function storedBytes(length: number): Receiver {
  const nothing = async () => undefined;
  return {
    received: length,
    append: async () => {
      throw outOfOrder(length, length);
    },
    close: nothing,
    discard: nothing,
  };
}

/** Whether the update itself is refused, so that going on with its bytes is of no use. */
export function isFinal(error: unknown): boolean {
  if (!(error instanceof SyndicError) || error.retryable) return false;
  return error.code !== 'CHUNK_OUT_OF_ORDER' && error.code !== 'INTERNAL';
}

export function outOfOrder(got: number, want: number): SyndicError {
  return new SyndicError('CHUNK_OUT_OF_ORDER', `byte ${got} is not next; ${want} are held: go on from there`, {
    got,
    want,
  });
}

function wrongLength(got: number, want: number): SyndicError {
  return new SyndicError('LENGTH_MISMATCH', `update comes to ${got} bytes; the base model makes it ${want}`, {
    got,
    want,
  });
}

function asFailure(error: unknown): SyndicError {
  if (error instanceof SyndicError) return error;
  return new SyndicError('INTERNAL', 'the upload failed at an earlier step: begin again', {}, { cause: error });
}
