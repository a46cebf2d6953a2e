import type { ModelStore, Stored } from '../../coordinator/models/port.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { sha256 } from '../../core/sha256.ts';
import type { Digest } from '../../core/values.ts';

/** A store in memory, without partial files. */
export class MemoryModels implements Pick<ModelStore, 'put' | 'open' | 'read' | 'size' | 'delete'> {
  readonly files = new Map<Digest, Uint8Array>();

  async put(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, limit: number): Promise<Stored> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of source) chunks.push(chunk);
    const bytes = new Uint8Array(Buffer.concat(chunks));
    if (bytes.byteLength > limit) throw new SyndicError('TOO_LARGE', `more than ${limit} bytes`);
    const digest = sha256(bytes);
    this.files.set(digest, bytes);
    return { digest, length: bytes.byteLength };
  }

  async *open(digest: Digest, from = 0): AsyncIterable<Uint8Array> {
    yield this.bytes(digest).subarray(from);
  }

  async read(digest: Digest, offset: number, length: number): Promise<Uint8Array> {
    return this.bytes(digest).subarray(offset, offset + length);
  }

  async size(digest: Digest): Promise<number | null> {
    return this.files.get(digest)?.byteLength ?? null;
  }

  async delete(digest: Digest): Promise<void> {
    this.files.delete(digest);
  }

  bytes(digest: Digest): Uint8Array {
    const bytes = this.files.get(digest);
    if (bytes === undefined) throw new SyndicError('NOT_FOUND', `no file ${digest}`);
    return bytes;
  }
}
