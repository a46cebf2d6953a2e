import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, mkdir, open, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';
import { SyndicError } from '../../core/errors/SyndicError.ts';

/** Where things lie in a TensorFlow wheel, and where tfjs-node's binding looks for them below `deps/`. */
const PLACES: readonly (readonly [from: string, to: string])[] = [
  ['tensorflow/libtensorflow_cc.so.2', 'lib/libtensorflow_cc.so.2'],
  ['tensorflow/libtensorflow_framework.so.2', 'lib/libtensorflow_framework.so.2'],
  ['tensorflow/include/tensorflow/c/', 'include/tensorflow/c/'],
  ['tensorflow/include/tensorflow/core/platform/', 'include/tensorflow/core/platform/'],
  ['tensorflow/include/tsl/platform/', 'include/tsl/platform/'],
  ['tensorflow/include/xla/tsl/c/', 'include/xla/tsl/c/'],
];

/** Names that the linker is asked for. The C interface is part of the library for C++. */
const LINKS = {
  'libtensorflow.so': 'libtensorflow_cc.so.2',
  'libtensorflow_framework.so': 'libtensorflow_framework.so.2',
};

interface Entry {
  readonly name: string;
  readonly method: number;
  /** Bytes in the archive, and where its local header begins. */
  readonly size: number;
  readonly offset: number;
}

/**
 * Takes TensorFlow's libraries and its C headers out of a wheel into `deps`: a fifth of what a wheel holds.
 *
 * A wheel is a zip archive (PEP 427); the records read here are those of PKWARE's APPNOTE.TXT, 4.3.7, 4.3.12 and 4.3.16.
 * Its digest was checked, so its parts are not checked again.
 *
 * @throws SyndicError DOCUMENT_INVALID when it is no zip archive or lacks a library
 */
export async function unpackWheel(path: string, deps: string): Promise<void> {
  const file = await open(path);
  try {
    const wanted = (await entriesOf(file)).flatMap((entry) => {
      const place = PLACES.find(([from]) => (from.endsWith('/') ? entry.name.startsWith(from) : entry.name === from));
      if (place === undefined || entry.name.endsWith('/') || entry.name.includes('..')) return [];
      return [{ entry, to: join(deps, entry.name.replace(place[0], place[1])) }];
    });
    for (const library of Object.values(LINKS)) {
      if (!wanted.some(({ to }) => to === join(deps, 'lib', library))) throw malformed(path, `it has no ${library}`);
    }
    for (const { entry, to } of wanted) await extract(path, file, entry, to);
    for (const [link, library] of Object.entries(LINKS)) await symlink(library, join(deps, 'lib', link));
  } finally {
    await file.close();
  }
}

async function entriesOf(file: FileHandle): Promise<Entry[]> {
  const { size } = await file.stat();
  const tail = await read(file, Math.max(0, size - 65_557), Math.min(size, 65_557));
  const end = tail.lastIndexOf(Buffer.from('PK\x05\x06'));
  if (end < 0) throw malformed('the wheel', 'it is no zip archive');
  const directory = await read(file, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12));
  const entries: Entry[] = [];
  for (let at = 0; at + 46 <= directory.length; ) {
    const [nameLength, extra, comment] = [28, 30, 32].map((field) => directory.readUInt16LE(at + field));
    entries.push({
      name: directory.toString('utf8', at + 46, at + 46 + (nameLength ?? 0)),
      method: directory.readUInt16LE(at + 10),
      size: directory.readUInt32LE(at + 20),
      offset: directory.readUInt32LE(at + 42),
    });
    at += 46 + (nameLength ?? 0) + (extra ?? 0) + (comment ?? 0);
  }
  return entries;
}

async function extract(path: string, file: FileHandle, entry: Entry, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  // The local header's name and extra field may be longer than the directory's.
  const header = await read(file, entry.offset, 30);
  const start = entry.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  const target = createWriteStream(to);
  if (entry.size === 0) await pipeline([], target);
  else {
    const source = createReadStream(path, { start, end: start + entry.size - 1, highWaterMark: 2 ** 20 });
    await (entry.method === 0
      ? pipeline(source, target)
      : pipeline(source, createInflateRaw({ chunkSize: 2 ** 20 }), target));
  }
}

async function read(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

function malformed(path: string, why: string): SyndicError {
  return new SyndicError('DOCUMENT_INVALID', `${path} is not a TensorFlow wheel: ${why}`);
}
