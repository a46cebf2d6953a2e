import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ModelStore, Partial } from '../../../coordinator/models/port.ts';
import { sha256 } from '../../../core/sha256.ts';
import type { Digest } from '../../../core/values.ts';

/** One store under test, and what a test needs to see behind its port. */
export interface StoreUnderTest {
  readonly store: ModelStore;
  /** The same place opened again, as after a crash: nothing in memory is carried over. */
  reopen(maxBytes?: number): Promise<ModelStore>;
  /** Names of everything that is stored for good, as 64 hex digits. */
  stored(): Promise<string[]>;
  dispose(): Promise<void>;
}

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** What tests hold to their end, as a killed process does. */
const held: Partial[] = [];

async function hold(store: ModelStore, name: string): Promise<Partial> {
  const partial = await store.partial(name);
  held.push(partial);
  return partial;
}

async function letGo(): Promise<void> {
  for (const partial of held.splice(0)) await partial.close();
}

const UNKNOWN = `0x${'ab'.repeat(32)}` as Digest;

/** What every implementation of `ModelStore` does. Point it at each. */
export function modelStoreConformance(name: string, make: (maxBytes?: number) => Promise<StoreUnderTest>): void {
  describe(`${name} as a model store`, () => {
    let subject: StoreUnderTest;
    let store: ModelStore;

    beforeEach(async () => {
      subject = await make();
      store = subject.store;
    });
    afterEach(async () => {
      await letGo();
      await subject.dispose();
    });

    test('names a file by the SHA-256 of its bytes, whatever the chunks were', async () => {
      const bytes = randomBytes(2_000_003);
      const stored = await store.put(inChunks(bytes, 70_001), bytes.length);
      expect(stored).toEqual({ digest: sha256(bytes), length: bytes.length });
      expect(await subject.stored()).toEqual([createHash('sha256').update(bytes).digest('hex')]);
      expect(Buffer.compare(await collect(store.open(stored.digest)), bytes)).toBe(0);
    });

    test('keeps a file of no bytes', async () => {
      const { digest } = await store.put([], 0);
      expect(await store.size(digest)).toBe(0);
      expect(await collect(store.open(digest))).toHaveLength(0);
    });

    test('stores the same bytes once, also when they come twice at the same time', async () => {
      const bytes = randomBytes(100_000);
      const all = await Promise.all([1, 2, 3].map(() => store.put(inChunks(bytes, 1000), bytes.length)));
      expect(new Set(all.map(({ digest }) => digest)).size).toBe(1);
      expect(await subject.stored()).toHaveLength(1);
      expect(await store.sweep(() => false)).toBe(0);
    });

    test('opens from an offset, reads a range, and reads less only at the end', async () => {
      const bytes = randomBytes(1_500_000);
      const { digest } = await store.put([bytes], bytes.length);
      expect(Buffer.compare(await collect(store.open(digest, 1_234_567)), bytes.subarray(1_234_567))).toBe(0);
      expect(await collect(store.open(digest, bytes.length))).toHaveLength(0);
      expect(Buffer.compare(await store.read(digest, 7, 900_000), bytes.subarray(7, 900_007))).toBe(0);
      expect(await store.read(digest, bytes.length - 3, 10)).toHaveLength(3);
    });

    test('reads one file many times, into memory that the reader brings', async () => {
      const bytes = randomBytes(300_000);
      const { digest } = await store.put([bytes], bytes.length);
      const reader = await store.reader(digest);
      const into = new Uint8Array(100_000);
      for (const offset of [0, 123_456, 7]) {
        const got = await reader.read(offset, into);
        expect(got.buffer).toBe(into.buffer);
        expect(Buffer.compare(got, bytes.subarray(offset, offset + into.length))).toBe(0);
      }
      expect(Buffer.compare(await reader.read(bytes.length - 3, into), bytes.subarray(-3))).toBe(0);
      await reader.close();
    });

    test('says NOT_FOUND for what it does not have, and null for its size', async () => {
      expect(await store.size(UNKNOWN)).toBeNull();
      await expect(collect(store.open(UNKNOWN))).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(store.read(UNKNOWN, 0, 1)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(store.reader(UNKNOWN)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    test('keeps nothing of what is over the limit', async () => {
      await expect(store.put(inChunks(randomBytes(1001), 100), 1000)).rejects.toMatchObject({ code: 'TOO_LARGE' });
      expect(await subject.stored()).toEqual([]);
      expect(await store.sweep(() => false)).toBe(0);
    });

    test('keeps nothing of a source that breaks', async () => {
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield randomBytes(10);
        throw new Error('line lost');
      }
      await expect(store.put(broken(), 100)).rejects.toThrow('line lost');
      expect(await subject.stored()).toEqual([]);
      expect(await store.sweep(() => false)).toBe(0);
    });

    test('deletes, and deleting what is gone is nothing', async () => {
      const { digest } = await store.put([randomBytes(10)], 10);
      await store.delete(digest);
      await store.delete(digest);
      expect(await store.size(digest)).toBeNull();
    });

    test('makes a stored file of a partial whose bytes are the ones announced', async () => {
      const bytes = randomBytes(300_000);
      const partial = await store.partial('task-1');
      for await (const chunk of inChunks(bytes, 65_536)) await partial.append(chunk);
      expect(partial.received).toBe(bytes.length);
      expect(await partial.commit(sha256(bytes))).toEqual({ digest: sha256(bytes), length: bytes.length });
      expect(Buffer.compare(await collect(store.open(sha256(bytes))), bytes)).toBe(0);
      expect((await hold(store, 'task-1')).received).toBe(0);
    });

    test('drops a partial whose bytes are others', async () => {
      const partial = await store.partial('task-1');
      await partial.append(randomBytes(10));
      await expect(partial.commit(UNKNOWN)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
      expect(await subject.stored()).toEqual([]);
      const again = await store.partial('task-1');
      expect(again.received).toBe(0);
      await again.discard();
    });

    test('goes on with a partial that was let go of', async () => {
      const bytes = randomBytes(5000);
      const first = await store.partial('task-1');
      await first.append(bytes.subarray(0, 1234));
      await first.close();
      const second = await store.partial('task-1');
      expect(second.received).toBe(1234);
      expect(Buffer.compare(await collect(second.contents()), bytes.subarray(0, 1234))).toBe(0);
      await second.append(bytes.subarray(1234));
      expect((await second.commit(sha256(bytes))).length).toBe(5000);
    });

    test('goes on with a partial that a killed process left', async () => {
      const bytes = randomBytes(5000);
      await (await hold(store, 'task-1')).append(bytes.subarray(0, 3000));
      const again = await (await subject.reopen()).partial('task-1');
      expect(again.received).toBe(3000);
      await again.append(bytes.subarray(3000));
      expect((await again.commit(sha256(bytes))).digest).toBe(sha256(bytes));
    });

    test('gives a partial to one holder at a time', async () => {
      const held = await store.partial('task-1');
      await expect(store.partial('task-1')).rejects.toMatchObject({ code: 'TOO_MANY' });
      await held.close();
      await (await store.partial('task-1')).discard();
    });

    test('refuses names that would leave the folder', async () => {
      for (const name of ['../x', 'a/b', '', '.', '..', 'x'.repeat(129)]) {
        await expect(store.partial(name)).rejects.toThrow(RangeError);
      }
    });

    test('sweeps temporaries that nobody claims, and neither those claimed nor those in use', async () => {
      for (const name of ['claimed', 'orphan']) {
        const partial = await store.partial(name);
        await partial.append(randomBytes(10));
        await partial.close();
      }
      const used = await hold(store, 'used');
      await used.append(randomBytes(10));
      expect(await store.sweep((name) => name === 'claimed')).toBe(1);
      expect((await hold(store, 'claimed')).received).toBe(10);
      expect((await hold(store, 'orphan')).received).toBe(0);
      expect(used.received).toBe(10);
    });
  });

  describe(`${name} with a bound`, () => {
    let subject: StoreUnderTest;
    beforeEach(async () => {
      subject = await make(1000);
    });
    afterEach(async () => {
      await letGo();
      await subject.dispose();
    });

    test('refuses what does not fit, and takes it once there is room', async () => {
      const first = await subject.store.put([randomBytes(600)], 600);
      await expect(subject.store.put([randomBytes(401)], 401)).rejects.toMatchObject({ code: 'STORE_FULL' });
      await subject.store.put([randomBytes(400)], 400);
      await subject.store.delete(first.digest);
      await subject.store.put([randomBytes(600)], 600);
    });

    test('counts the same bytes once', async () => {
      const bytes = randomBytes(400);
      await subject.store.put([bytes], 400);
      await subject.store.put([bytes], 400);
      await subject.store.put([randomBytes(600)], 600);
    });

    test('counts partials, and gives their room back when they go', async () => {
      const partial = await subject.store.partial('task-1');
      await partial.append(randomBytes(700));
      await expect(partial.append(randomBytes(301))).rejects.toMatchObject({ code: 'STORE_FULL' });
      expect(partial.received).toBe(700);
      await partial.discard();
      await subject.store.put([randomBytes(1000)], 1000);
    });

    test('counts what is there when it is opened', async () => {
      await subject.store.put([randomBytes(600)], 600);
      await (await hold(subject.store, 'task-1')).append(randomBytes(300));
      const again = await subject.reopen(1000);
      await expect(again.put([randomBytes(101)], 101)).rejects.toMatchObject({ code: 'STORE_FULL' });
      expect(await again.sweep(() => false)).toBe(1);
      await again.put([randomBytes(400)], 400);
    });
  });
}
