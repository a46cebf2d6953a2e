import { expect, test } from '@jest/globals';
import type { Loaded } from '../../../../worker/training/backends.ts';
import { tellBackend } from '../../../../worker/training/tellBackend.ts';

const runtime = { backend: 'wasm', threads: 1, library: '@tensorflow/tfjs-backend-wasm 4.22.0', platform: 'linux-x64' };

/** What the log holds, level first. */
function told(loaded: Loaded): string[] {
  const lines: string[] = [];
  const line = (level: string) => (_: object, message: string) => void lines.push(`${level} ${message}`);
  tellBackend(loaded, { info: line('info'), warn: line('warn') });
  return lines;
}

test('a worker that falls back says so as a warning, why, and what mends it', () => {
  expect(told({ runtime, skipped: ["native: Cannot find package '@tensorflow/tfjs-node'"] })).toEqual([
    "warn training falls back to wasm: native: Cannot find package '@tensorflow/tfjs-node' (npm run tfjs:native builds the native backend)",
  ]);
});

test('one that runs on its first choice says which it is', () => {
  expect(told({ runtime, skipped: [] })).toEqual(['info training runs on wasm']);
});
