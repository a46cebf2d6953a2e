import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const module = new URL('../../../cli/letBuffersDieYoung.ts', import.meta.url);

/** How many times its size V8 lets the heap become before it collects the whole of it, in a process that runs `code`. */
async function growth(code: string): Promise<number[]> {
  const flags = ['--expose-gc', '--trace-gc-verbose', '--input-type=module'];
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, '--eval', `${code}; gc(); gc();`]);
  return [...stdout.matchAll(/\[HeapController\] Limit: .* \(([0-9.]+)\)/g)].map(([, factor]) => Number(factor));
}

test('leaves a heap twice its size as room, which V8 otherwise decides on anew each time', async () => {
  const left = await growth(`import { letBuffersDieYoung } from '${module}'; letBuffersDieYoung()`);
  expect(left.length).toBeGreaterThanOrEqual(2);
  expect(new Set(left)).toEqual(new Set([3]));
});
