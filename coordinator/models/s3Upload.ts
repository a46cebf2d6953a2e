import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { bytesToHex, type Digest, digest as toDigest } from '../../core/values.ts';
import { openFile, readExactly } from './files.ts';
import { slots } from './slots.ts';

export interface UploadOptions {
  readonly bucket: string;
  /** Bytes of a part; S3 takes 5 MiB at least, and 10,000 parts. */
  readonly partBytes: number;
}

/** One file on its way to one object. */
export interface Transfer {
  readonly path: string;
  readonly length: number;
  /** Of the file. */
  readonly digest: Digest;
  readonly key: string;
  /** Put it only where there is nothing: `*`, or whatever is there is replaced. */
  readonly ifNoneMatch?: '*';
}

const MOST_PARTS = 10_000;
/** Parts of all files on their way at once: with the size of a part, it bounds memory. */
const PARTS_AT_ONCE = 4;
/** Of one file, so that a second is not kept waiting. */
const PARTS_OF_ONE = 2;
/** Documents do not queue behind parts of models. */
const SMALL_BYTES = 256 * 1024;

/**
 * Puts files, in parts where they are large. An object appears complete or not at all, and only once the bytes read
 * have turned out to be those of the digest.
 *
 * @returns a function that rejects with what S3 answered; parts that are of no use by then are gone, or swept later
 */
export function uploader(
  { bucket, partBytes }: UploadOptions,
  client: S3Client,
): (transfer: Transfer) => Promise<void> {
  const inSlot = slots(PARTS_AT_ONCE);

  async function putWhole(file: FileHandle, { key, length, digest, ifNoneMatch }: Transfer): Promise<void> {
    const send = async () => {
      const body = await readExactly(file, 0, length);
      checkBytes(toDigest(bytesToHex(createHash('sha256').update(body).digest())), digest);
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, IfNoneMatch: ifNoneMatch }));
    };
    await (length <= SMALL_BYTES ? send() : inSlot(send));
  }

  async function putInParts(file: FileHandle, transfer: Transfer): Promise<void> {
    const target = { Bucket: bucket, Key: transfer.key };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
    try {
      const Parts = await sendParts(file, transfer, { ...target, UploadId });
      const whole = { ...target, UploadId, MultipartUpload: { Parts }, IfNoneMatch: transfer.ifNoneMatch };
      await client.send(new CompleteMultipartUploadCommand(whole));
    } catch (error) {
      await client.send(new AbortMultipartUploadCommand({ ...target, UploadId })).catch(() => undefined);
      throw error;
    }
  }

  /** Reads and hashes one part after the other; few are on their way meanwhile. */
  async function sendParts(
    file: FileHandle,
    { length, digest }: Transfer,
    target: { Bucket: string; Key: string; UploadId: string | undefined },
  ): Promise<CompletedPart[]> {
    const size = Math.max(partBytes, Math.ceil(length / MOST_PARTS));
    const count = Math.ceil(length / size);
    const hash = createHash('sha256');
    const parts: CompletedPart[] = [];
    let next = 0;
    let reading: Promise<unknown> = Promise.resolve();

    function read(): Promise<{ number: number; body: Uint8Array } | null> {
      const mine = reading.then(async () => {
        if (next === count) return null;
        const number = ++next;
        const body = await readExactly(file, (number - 1) * size, size);
        hash.update(body);
        return { number, body };
      });
      reading = mine;
      return mine;
    }

    async function sendOne(): Promise<boolean> {
      const part = await read();
      if (part === null) return false;
      const { number, body } = part;
      const { ETag } = await client.send(new UploadPartCommand({ ...target, PartNumber: number, Body: body }));
      parts[number - 1] = { PartNumber: number, ETag };
      return true;
    }

    async function sender(): Promise<void> {
      while (await inSlot(sendOne));
    }

    const ended = await Promise.allSettled(Array.from({ length: PARTS_OF_ONE }, sender));
    for (const end of ended) if (end.status === 'rejected') throw end.reason;
    checkBytes(toDigest(bytesToHex(hash.digest())), digest);
    return parts;
  }

  return async (transfer) => {
    const file = await openFile(transfer.path, 'r');
    try {
      await (transfer.length <= partBytes ? putWhole(file, transfer) : putInParts(file, transfer));
    } finally {
      await file.close();
    }
  };
}

/** The bytes were hashed as they came; those read again must be the same. */
function checkBytes(got: Digest, want: Digest): void {
  if (got === want) return;
  throw new SyndicError('INTERNAL', `a temporary of ${want} has changed on this disk, to ${got}: check the disk`, {
    got,
    want,
  });
}
