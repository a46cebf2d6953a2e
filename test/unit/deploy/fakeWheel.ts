import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import type { Wheel } from '../../../deploy/tfjs-native/wheels.ts';

/** What a TensorFlow wheel has that is used, and a file that is not. */
export const FILES: Readonly<Record<string, string>> = {
  'tensorflow/libtensorflow_cc.so.2': 'the library '.repeat(500),
  'tensorflow/libtensorflow_framework.so.2': 'its framework',
  'tensorflow/include/tensorflow/c/c_api.h': '#define C_API',
  'tensorflow/include/tsl/platform/ctstring.h': '',
  'tensorflow/python/__init__.py': 'print()',
};

/** A zip archive of these files: every other one deflated. */
export function zip(files: Readonly<Record<string, string>>): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [i, [name, text]] of Object.entries(files).entries()) {
    const data = i % 2 === 0 ? deflateRawSync(text) : Buffer.from(text);
    const entry = { method: i % 2 === 0 ? 8 : 0, packed: data.length, size: Buffer.byteLength(text), name };
    // The local header's extra field is not the directory's.
    locals.push(header(0x04034b50, entry, [4, 26]), Buffer.from(name), Buffer.alloc(4), data);
    directory.push(header(0x02014b50, entry, [0, 28], offset), Buffer.from(name));
    offset += 30 + name.length + 4 + data.length;
  }
  const length = Buffer.concat(directory).length;
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt32LE(length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, ...directory, end]);
}

interface Entry {
  readonly method: number;
  readonly packed: number;
  readonly size: number;
  readonly name: string;
}

/** `nameAt` is where the name's length stands; a directory's entry has all fields two bytes later, and an offset. */
function header(signature: number, entry: Entry, [extra, nameAt]: [number, number], offset?: number): Buffer {
  const shift = offset === undefined ? 0 : 2;
  const bytes = Buffer.alloc(offset === undefined ? 30 : 46);
  bytes.writeUInt32LE(signature, 0);
  bytes.writeUInt16LE(entry.method, 8 + shift);
  bytes.writeUInt32LE(entry.packed, 18 + shift);
  bytes.writeUInt32LE(entry.size, 22 + shift);
  bytes.writeUInt16LE(entry.name.length, nameAt);
  bytes.writeUInt16LE(extra, nameAt + 2);
  if (offset !== undefined) bytes.writeUInt32LE(offset, 42);
  return bytes;
}

/** How a wheel of these bytes is listed. */
export function listed(bytes: Buffer): Wheel {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { project: 'tensorflow-cpu', version: '9.9.9', python: '311', platform: 'any', file: 'tf-9.9.9.whl', sha256 };
}
