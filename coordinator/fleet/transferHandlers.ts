import type { ServerReadableStream, ServerWritableStream } from '@grpc/grpc-js';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Digest, Slot } from '../../core/values.ts';
import type { Chunk } from '../../proto/generated/syndic/v1/Chunk.ts';
import type { DownloadRequest__Output } from '../../proto/generated/syndic/v1/DownloadRequest.ts';
import type { TransferServiceHandlers } from '../../proto/generated/syndic/v1/TransferService.ts';
import type { UploadRequest__Output } from '../../proto/generated/syndic/v1/UploadRequest.ts';
import type { UploadResponse } from '../../proto/generated/syndic/v1/UploadResponse.ts';
import { wireCount, wireDigest } from '../../proto/wireValues.ts';
import type { Presented, Upload } from '../intake/port.ts';
import { failure, send, unary } from './calls.ts';
import type { HandlerModules } from './handlers.ts';
import { hadTask, originsOf } from './readable.sql.ts';
import { Turns } from './Turns.ts';

/** Receipts that one call may present; a worker with more calls again. */
const MOST_HELD = 16;
/** Each presentation may cost signatures to check and documents to store. */
const PRESENTATIONS = { most: 30, what: 'receipts were presented' };

export interface TransferOptions {
  readonly maxChunkBytes: number;
  /** Seconds between two messages of an upload after which it is given up. */
  readonly stallSeconds: number;
}

type DownloadCall = ServerWritableStream<DownloadRequest__Output, Chunk>;
type UploadCall = ServerReadableStream<UploadRequest__Output, UploadResponse>;

export function transferHandlers(options: TransferOptions, modules: HandlerModules): TransferServiceHandlers {
  const { maxChunkBytes, stallSeconds } = options;
  const { db, chain, models, intake, log, authenticate } = modules;
  const presentations = new Turns(PRESENTATIONS, modules.clock);

  /** Members that joined a study read its plan, its global models and its documents. @throws SyndicError NOT_FOUND, FORBIDDEN */
  async function mayRead(slot: Slot, file: Digest): Promise<void> {
    const origins = await originsOf(db, file);
    if (origins.length === 0) throw new SyndicError('NOT_FOUND', `no study has a plan, model or document ${file}`);
    if (await hadTask(db, slot, origins)) return;
    for (const study of origins) {
      if ((await chain.grant(study, slot)) !== null) return;
    }
    throw new SyndicError('FORBIDDEN', `slot ${slot} never joined a study that ${file} belongs to`);
  }

  async function download(call: DownloadCall): Promise<void> {
    const { slot } = await authenticate.session(call.metadata);
    const file = wireDigest(call.request.digest, 'digest');
    let offset = wireCount(call.request.offset, 'offset');
    await mayRead(slot, file);
    const length = await models.size(file);
    if (length === null) throw new SyndicError('NOT_FOUND', `the store has no file ${file}`);
    if (offset > length) throw new SyndicError('CHUNK_OUT_OF_ORDER', `${file} has ${length} bytes: ask for fewer`);
    if (offset === length) await send(call, { data: Buffer.alloc(0), offset, length });
    // While one message goes, the next is read.
    let before = Promise.resolve();
    for await (const part of models.open(file, offset)) {
      for (const data of slices(part, maxChunkBytes)) {
        if (call.cancelled) return;
        const sent = send(call, { data, offset, length });
        await before;
        before = sent;
        offset += data.byteLength;
      }
    }
  }

  async function upload(call: UploadCall): Promise<Uint8Array> {
    const { slot } = await authenticate.session(call.metadata);
    let begun: Upload | null = null;
    try {
      for await (const message of requests(call, stallSeconds)) {
        if (begun === null) begun = await begin(slot, message);
        else await chunk(begun, message);
      }
      if (begun === null) throw malformed('the upload ended before it began');
      return await begun.finish();
    } catch (error) {
      await begun?.suspend();
      if (call.cancelled) throw new SyndicError('COORDINATOR_UNAVAILABLE', 'the line broke, or the worker stopped');
      throw error;
    }
  }

  async function begin(slot: Slot, { begin: first }: UploadRequest__Output): Promise<Upload> {
    if (first === null || first === undefined) throw malformed('the first message is not `begin`');
    const length = wireCount(first.length, 'length');
    const offset = wireCount(first.offset, 'offset');
    return intake.begin(slot, { task: first.task, statement: first.statement, report: first.report, length, offset });
  }

  async function chunk(begun: Upload, { chunk: part }: UploadRequest__Output): Promise<void> {
    if (part === null || part === undefined) throw malformed('a message after the first is not `chunk`');
    if (part.data.byteLength > maxChunkBytes) {
      throw new SyndicError(
        'TOO_LARGE',
        `a chunk has ${part.data.byteLength} bytes; at most ${maxChunkBytes} are taken`,
      );
    }
    await begun.chunk(wireCount(part.offset, 'offset'), part.data);
  }

  return {
    Download: (call) => {
      download(call).then(
        () => call.end(),
        (error: unknown) => call.emit('error', failure(log, call.getPath(), error)),
      );
    },

    Upload: (call, callback) => {
      upload(call).then(
        (receipt) => callback(null, { receipt: Buffer.from(receipt) }),
        (error: unknown) => callback(failure(log, call.getPath(), error)),
      );
    },

    UploadState: unary(log, async (request, metadata) => {
      const { slot } = await authenticate.session(metadata);
      const { received, receipt } = await intake.state(slot, request.task, wireDigest(request.update, 'update'));
      return { received, receipt: receipt === null ? Buffer.alloc(0) : Buffer.from(receipt) };
    }),

    Present: unary(log, async ({ held, complete }, metadata) => {
      const { slot } = await authenticate.session(metadata);
      if (held.length > MOST_HELD) {
        throw new SyndicError('TOO_LARGE', `${held.length} receipts at once; at most ${MOST_HELD} are taken`);
      }
      const presented = await presentations.take(slot, () => intake.present(slot, held, complete));
      return { presented: presented.map(presentedMessage) };
    }),
  };
}

/**
 * The messages of a call, whose iteration throws when the line breaks or the next message is too long in coming; each
 * is asked for when the one before is done.
 */
async function* requests(call: UploadCall, stallSeconds: number): AsyncGenerator<UploadRequest__Output> {
  // destroyOnReturn would end the response along with the reading.
  const messages: AsyncIterator<UploadRequest__Output> = call.iterator({ destroyOnReturn: false });
  for (;;) {
    const next = await unlessStalled(messages.next(), stallSeconds);
    if (next.done === true) return;
    yield next.value;
  }
}

/** @throws SyndicError UPLOAD_STALLED */
async function unlessStalled<T>(message: Promise<T>, seconds: number): Promise<T> {
  const stalled = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const why = `nothing came for ${seconds} s: go on from what is held`;
    stalled.reject(new SyndicError('UPLOAD_STALLED', why, { seconds }));
  }, seconds * 1000);
  try {
    return await Promise.race([message, stalled.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function* slices(bytes: Uint8Array, most: number): Generator<Buffer> {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < whole.byteLength; at += most) yield whole.subarray(at, at + most);
}

function presentedMessage({ fault, wanted }: Presented) {
  return { code: fault?.code ?? '', message: fault?.message ?? '', upload: wanted ?? '' };
}

function malformed(what: string): SyndicError {
  return new SyndicError('USAGE', `malformed upload: ${what}; send \`begin\`, then chunks`);
}
