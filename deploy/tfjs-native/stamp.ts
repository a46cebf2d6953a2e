import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { BINDING } from './compileBinding.ts';
import { sha256File } from './sha256File.ts';

/** What a build was made from. */
export interface Origin {
  /** npm's integrity of tfjs-node and of the headers, from the lock file. */
  readonly package: string;
  readonly headers: string;
  /** SHA-256 of the TensorFlow wheel. */
  readonly wheel: string;
}

/** Its name in the package's folder. */
export const STAMP = 'syndic-native.json';
const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'] as const;

const stampSchema = z.strictObject({
  schema: z.literal('syndic.tfjs-native/1'),
  origin: z.strictObject({ package: z.string(), headers: z.string(), wheel: z.string() }),
  /** As the library itself says. */
  tensorflow: z.string(),
  /** SHA-256 of the binding. */
  binding: z.string(),
  /** Bytes of each library: hashing 0.8 GB would take longer than all else that a second run does. */
  libraries: z.record(z.string(), z.int()),
});

/** Leaves in `tfjsNode` what it was built from and what came out. */
export async function writeStamp(tfjsNode: string, origin: Origin, tensorflow: string): Promise<void> {
  const stamp: z.infer<typeof stampSchema> = {
    schema: 'syndic.tfjs-native/1',
    origin,
    tensorflow,
    binding: await sha256File(join(tfjsNode, BINDING)),
    libraries: await librarySizes(tfjsNode),
  };
  await writeFile(join(tfjsNode, STAMP), `${JSON.stringify(stamp, null, 2)}\n`);
}

/** The version of TensorFlow in `tfjsNode` if it is whole and was built from `origin`; else null. */
export async function readStamp(tfjsNode: string, origin: Origin): Promise<string | null> {
  try {
    const stamp = stampSchema.parse(JSON.parse(await readFile(join(tfjsNode, STAMP), 'utf8')));
    const now = { origin, binding: await sha256File(join(tfjsNode, BINDING)), libraries: await librarySizes(tfjsNode) };
    const then = { origin: stamp.origin, binding: stamp.binding, libraries: stamp.libraries };
    return JSON.stringify(now) === JSON.stringify(then) ? stamp.tensorflow : null;
  } catch {
    // No stamp, or of another form, or a file is gone: it has to be built.
    return null;
  }
}

async function librarySizes(tfjsNode: string): Promise<Record<string, number>> {
  const sizes = LIBRARIES.map(async (name) => [name, (await stat(join(tfjsNode, 'deps', 'lib', name))).size] as const);
  return Object.fromEntries(await Promise.all(sizes));
}
