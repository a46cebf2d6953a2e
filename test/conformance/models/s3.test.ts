import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { inspect } from 'node:util';
import {
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createS3Store, type S3StoreOptions } from '../../../coordinator/models/s3.ts';
import { sha256 } from '../../../core/sha256.ts';
import { fileName } from '../../../core/values.ts';
import { type Gate, startGate } from '../../support/gate.ts';
import { needs } from '../../support/needs.ts';
import { hasS3, TestS3 } from '../../support/s3.ts';
import type { PutCost, PutOrder } from '../../support/s3PutProcess.ts';
import { temporaryFolders } from '../../support/temporaryFolder.ts';
import { until } from '../../support/until.ts';
import { modelStoreConformance } from './modelStore.ts';

const MIB = 1024 * 1024;
const PUT_PROCESS = join(import.meta.dirname, '..', '..', 'support', 's3PutProcess.ts');

const present = hasS3();
const folder = temporaryFolders();
let server: TestS3;
beforeAll(async () => {
  if (present) server = await TestS3.start();
});
afterAll(() => server?.stop());

const newPrefix = () => `${randomBytes(8).toString('hex')}/`;

async function stored(prefix: string): Promise<string[]> {
  const list = new ListObjectsV2Command({ Bucket: server.bucket, Prefix: prefix });
  const { Contents = [] } = await server.client.send(list);
  return Contents.map(({ Key = '' }) => Key.slice(prefix.length));
}

needs('versitygw', present)('the store in S3', () => {
  modelStoreConformance('a bucket', async (maxBytes) => {
    const prefix = newPrefix();
    const place = { location: server.location(prefix), credentials: server.credentials, dir: await folder() };
    const open = (bound?: number) => createS3Store(bound === undefined ? place : { ...place, maxBytes: bound });
    return {
      store: await open(maxBytes),
      reopen: open,
      stored: () => stored(prefix),
      dispose: async () => undefined,
    };
  });

  describe('with files larger than a part', () => {
    const gates: Gate[] = [];
    let prefix: string;
    let options: S3StoreOptions;
    beforeEach(async () => {
      prefix = newPrefix();
      options = { location: server.location(prefix), credentials: server.credentials, dir: await folder() };
    });
    afterEach(async () => {
      await Promise.all(gates.splice(0).map((gate) => gate.close()));
    });

    /** The same place over a line that stops after so many bytes. */
    async function behindGate(bytes: number): Promise<{ gate: Gate; options: S3StoreOptions }> {
      const gate = await startGate(server.port, bytes);
      gates.push(gate);
      return { gate, options: { ...options, location: server.location(prefix, gate.port), dir: await folder() } };
    }

    async function unfinished(): Promise<number> {
      const list = new ListMultipartUploadsCommand({ Bucket: server.bucket, Prefix: prefix });
      return (await server.client.send(list)).Uploads?.length ?? 0;
    }

    test('puts them in parts, and opens and reads them as one', async () => {
      const store = await createS3Store(options);
      const bytes = randomBytes(17 * MIB + 3);
      const { digest } = await store.put([bytes], bytes.length);
      const object = { Bucket: server.bucket, Key: prefix + fileName(digest) };
      const { ETag } = await server.client.send(new HeadObjectCommand(object));
      expect(ETag).toMatch(/-3"$/);
      const opened: Uint8Array[] = [];
      for await (const chunk of store.open(digest, 5)) opened.push(chunk);
      expect(Buffer.compare(Buffer.concat(opened), bytes.subarray(5))).toBe(0);
      const read = await store.read(digest, 8 * MIB - 10, 20);
      expect(Buffer.compare(read, bytes.subarray(8 * MIB - 10, 8 * MIB + 10))).toBe(0);
      expect(await unfinished()).toBe(0);
    });

    test('leaves alone what another process has put meanwhile, and keeps no part', async () => {
      const bytes = randomBytes(20 * MIB);
      const { gate, options: slow } = await behindGate(9 * MIB);
      const store = await createS3Store(slow);
      const late = store.put([bytes], bytes.length);
      await until(() => gate.holding);
      const object = { Bucket: server.bucket, Key: prefix + fileName(sha256(bytes)) };
      // Put whole, it has another ETag than one in parts.
      const { ETag } = await server.client.send(new PutObjectCommand({ ...object, Body: bytes }));
      gate.open();
      expect(await late).toEqual({ digest: sha256(bytes), length: bytes.length });
      expect((await server.client.send(new HeadObjectCommand(object))).ETag).toBe(ETag);
      expect(await stored(prefix)).toHaveLength(1);
      expect(await unfinished()).toBe(0);
      expect(await readdir(join(slow.dir, 'tmp'))).toEqual([]);
    });

    test('leaves no object when it is killed over an upload, and a sweep ends the parts', async () => {
      const { gate, options: doomed } = await behindGate(20 * MIB);
      const order: PutOrder = { store: doomed, bytes: 64 * MIB };
      const child = spawn(process.execPath, [PUT_PROCESS, JSON.stringify(order)], { stdio: 'ignore' });
      const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
      await until(() => gate.holding);
      child.kill('SIGKILL');
      expect(await ended).toBe('SIGKILL');
      // The child put a small file first, which went up whole.
      const small = fileName(sha256(new Uint8Array(MIB / 2)));
      expect([await unfinished(), await stored(prefix)]).toEqual([1, [small]]);
      const store = await createS3Store({ ...options, dir: doomed.dir });
      expect(await store.sweep(() => true)).toBe(0);
      expect(await unfinished()).toBe(1);
      const later = await createS3Store({ ...options, dir: doomed.dir, staleSeconds: 0 });
      expect(await later.sweep(() => false)).toBe(2);
      expect([await unfinished(), await readdir(join(doomed.dir, 'tmp'))]).toEqual([0, []]);
    });

    test('says that it can be tried again when the server dies over an upload, and then goes on', async () => {
      const bytes = randomBytes(20 * MIB);
      const { gate, options: cut } = await behindGate(9 * MIB);
      const store = await createS3Store(cut);
      const partial = await store.partial('task-1');
      await partial.append(bytes);
      const committed = partial.commit(sha256(bytes)).catch((error: unknown) => error);
      await until(() => gate.holding);
      await server.kill();
      try {
        const fault = await committed;
        expect(fault).toMatchObject({ code: 'DEPENDENCY_UNAVAILABLE', retryable: true });
        for (const shown of [JSON.stringify(fault), inspect(fault, { depth: 9 })]) {
          expect(shown).not.toContain(server.credentials.secretAccessKey);
          expect(shown).not.toContain(server.credentials.accessKeyId);
        }
        await expect(store.put([randomBytes(10)], 10)).rejects.toMatchObject({ code: 'DEPENDENCY_UNAVAILABLE' });
        await expect(store.size(sha256(bytes))).rejects.toMatchObject({ code: 'DEPENDENCY_UNAVAILABLE' });
        expect(await readdir(join(cut.dir, 'tmp'))).toEqual(['task-1']);
      } finally {
        gate.open();
        await server.start();
      }
      expect(await stored(prefix)).toEqual([]);
      await partial.close();
      const again = await store.partial('task-1');
      expect(again.received).toBe(bytes.length);
      await again.commit(sha256(bytes));
      expect(await store.size(sha256(bytes))).toBe(bytes.length);
    });

    test.each([MIB, 20 * MIB])(
      'stores nothing when the %d bytes change on this disk before they are up',
      async (size) => {
        const store = await createS3Store(options);
        const bytes = randomBytes(size);
        const partial = await store.partial('task-1');
        await partial.append(bytes);
        const damaged = Buffer.from(bytes);
        damaged[size - 1] = (damaged[size - 1] as number) ^ 1;
        await writeFile(join(options.dir, 'tmp', 'task-1'), damaged);
        await expect(partial.commit(sha256(bytes))).rejects.toMatchObject({ code: 'INTERNAL' });
        expect([await stored(prefix), await unfinished()]).toEqual([[], 0]);
        await partial.discard();
      },
    );

    test('holds a few parts in memory, however large the file is', async () => {
      const order: PutOrder = { store: options, bytes: 160 * MIB };
      const child = spawn(process.execPath, [PUT_PROCESS, JSON.stringify(order)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const cost = JSON.parse(await text(child.stdout)) as PutCost;
      expect(cost).toMatchObject({ put: 160 * MIB, read: 160 * MIB });
      expect(cost.peakBytes).toBeLessThan(128 * MIB);
    });

    test('answers others while many read slowly', async () => {
      const store = await createS3Store(options);
      const bytes = randomBytes(4 * MIB);
      const { digest } = await store.put([bytes], bytes.length);
      const readers = Array.from({ length: 60 }, () => store.open(digest)[Symbol.asyncIterator]());
      await Promise.all(readers.map((reader) => reader.next()));
      expect(await store.put([randomBytes(10)], 10)).toMatchObject({ length: 10 });
      await Promise.all(readers.map((reader) => reader.return?.()));
    });
  });

  test('does not start on a bucket that is not there, or with credentials that are refused', async () => {
    const options = { location: server.location(''), credentials: server.credentials, dir: await folder() };
    const secretAccessKey = 'not-the-secret';
    for (const wrong of [
      { ...options, location: { ...options.location, bucket: 'another' } },
      { ...options, credentials: { ...options.credentials, secretAccessKey } },
    ]) {
      const fault = await createS3Store(wrong).catch((error: unknown) => error);
      expect(fault).toMatchObject({ code: 'DEPENDENCY_UNAVAILABLE' });
      expect(inspect(fault, { depth: 9 })).not.toContain(secretAccessKey);
    }
  });
});
