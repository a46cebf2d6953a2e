import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { type Digest, fileName } from '../../core/values.ts';
import { bytesIn, CHUNK_BYTES } from './files.ts';
import { inChunksOf } from './inChunksOf.ts';
import type { ModelStore } from './port.ts';
import { oneAfterTheOther, type Publish } from './publish.ts';
import { createSpace } from './Space.ts';
import { createS3Client, type S3Credentials } from './s3Client.ts';
import { isAbsent, isPastTheEnd, isTaken, unavailable } from './s3Errors.ts';
import type { S3Location } from './s3Location.ts';
import { endStaleUploads } from './s3Stale.ts';
import { uploader } from './s3Upload.ts';
import { createStaging } from './staging.ts';

export interface S3StoreOptions {
  readonly location: S3Location;
  /** Left out: what the SDK finds (variables, shared files, a role of the container or machine). */
  readonly credentials?: S3Credentials;
  /** Folder on a local disk for what comes in, in `tmp` inside it, until its digest is known. */
  readonly dir: string;
  /** Most bytes that objects and temporaries may take together, as this process counts them. Default: no bound. */
  readonly maxBytes?: number;
  /** Files over this many bytes go in parts of as many. Default 8 MiB; S3 takes no less than 5. */
  readonly partBytes?: number;
  /** Seconds after which a sweep takes an upload in parts for one that nobody goes on with. Default: a day. */
  readonly staleSeconds?: number;
}

const PART_BYTES = 8 * 1024 * 1024;
const STALE_SECONDS = 86_400;

/**
 * Objects in a bucket, named by a prefix and the 64 hex digits of their SHA-256. What has such a name is complete:
 * bytes come to a local disk while they are hashed, and only then go up, whole or in parts, on the condition that
 * nothing has that name yet. Objects may be shared by many processes; a partial belongs to the machine it is on.
 *
 * @throws SyndicError DEPENDENCY_UNAVAILABLE when there is no such bucket, or it cannot be asked
 */
export async function createS3Store(options: S3StoreOptions): Promise<ModelStore> {
  const { location, dir, maxBytes, partBytes = PART_BYTES, staleSeconds = STALE_SECONDS } = options;
  const { bucket, prefix } = location;
  const client = createS3Client(location, options.credentials);
  await client.send(new HeadBucketCommand({ Bucket: bucket })).catch((error: unknown) => {
    throw unavailable(error);
  });
  const upload = uploader({ bucket, partBytes }, client);
  const tmp = join(dir, 'tmp');
  await mkdir(tmp, { recursive: true });
  // A bucket is listed only where there is a bound to hold it against.
  const used = maxBytes === undefined ? 0 : (await bytesIn(tmp)) + (await bytesStored());
  const space = createSpace(maxBytes ?? Number.POSITIVE_INFINITY, used);
  const staging = createStaging({ dir: tmp, space, publish: oneAfterTheOther(publish) });

  const target = (digest: Digest) => ({ Bucket: bucket, Key: prefix + fileName(digest) });

  async function size(digest: Digest): Promise<number | null> {
    try {
      return (await client.send(new HeadObjectCommand(target(digest)))).ContentLength ?? 0;
    } catch (error) {
      if (isAbsent(error)) return null;
      throw unavailable(error);
    }
  }

  async function publish(path: string, digest: Digest, length: number): ReturnType<Publish> {
    const there = await size(digest);
    let ours = there !== length;
    if (ours) {
      const { Key: key } = target(digest);
      // What is there at another length is damaged: it is replaced.
      const condition = there === null ? { ifNoneMatch: '*' as const } : {};
      try {
        await upload({ path, length, digest, key, ...condition });
      } catch (error) {
        // Another was first, or this was done and its answer lost. Its name says that it is the same.
        ours = false;
        if (!isTaken(error) && !isAbsent(error)) throw unavailable(error);
        if ((await size(digest)) !== length) throw unavailable(error);
      }
    }
    await rm(path, { force: true });
    if (!ours) space.give(length);
    else if (there !== null) space.give(there);
  }

  /** The object's bytes from `from`, to `to` inclusive; null when there are none. */
  async function get(digest: Digest, from: number, to?: number): Promise<Readable | null> {
    // An object of no bytes has no range.
    const range = from === 0 && to === undefined ? {} : { Range: `bytes=${from}-${to ?? ''}` };
    try {
      return (await client.send(new GetObjectCommand({ ...target(digest), ...range }))).Body as Readable;
    } catch (error) {
      if (isPastTheEnd(error)) return null;
      throw isAbsent(error) ? notFound(digest) : unavailable(error);
    }
  }

  async function* open(digest: Digest, from = 0): AsyncGenerator<Uint8Array> {
    const body = await get(digest, from);
    if (body === null) return;
    try {
      yield* inChunksOf(CHUNK_BYTES, body);
    } catch (error) {
      throw unavailable(error);
    }
  }

  async function read(digest: Digest, offset: number, length: number): Promise<Uint8Array> {
    if (length === 0) {
      if ((await size(digest)) === null) throw notFound(digest);
      return new Uint8Array(0);
    }
    const body = await get(digest, offset, offset + length - 1);
    if (body === null) return new Uint8Array(0);
    try {
      return Buffer.concat(await body.toArray());
    } catch (error) {
      throw unavailable(error);
    }
  }

  async function bytesStored(): Promise<number> {
    let bytes = 0;
    try {
      for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
        for (const { Size = 0 } of page.Contents ?? []) bytes += Size;
      }
    } catch (error) {
      throw unavailable(error);
    }
    return bytes;
  }

  return {
    ...staging,

    get heldBytes() {
      return maxBytes === undefined ? null : space.held;
    },

    open,
    size,

    read,

    async reader(digest) {
      if ((await size(digest)) === null) throw notFound(digest);
      return {
        async read(offset, into) {
          const bytes = await read(digest, offset, into.byteLength);
          into.set(bytes);
          return into.subarray(0, bytes.byteLength);
        },
        close: async () => undefined,
      };
    },

    async delete(digest) {
      const there = await size(digest);
      if (there === null) return;
      await client.send(new DeleteObjectCommand(target(digest))).catch((error: unknown) => {
        throw unavailable(error);
      });
      space.give(there);
    },

    async sweep(keep) {
      const swept = await staging.sweep(keep);
      const before = new Date(Date.now() - staleSeconds * 1000);
      try {
        return swept + (await endStaleUploads({ bucket, prefix, before }, client));
      } catch (error) {
        throw unavailable(error);
      }
    },
  };
}

function notFound(digest: Digest): SyndicError {
  return new SyndicError('NOT_FOUND', `the store has no file ${fileName(digest)}`, { digest });
}
