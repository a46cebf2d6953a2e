import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Whether this checkout has TensorFlow.js's native backend: the package alone, without its library, is not enough. */
export function hasNative(): boolean {
  const root = join(import.meta.dirname, '..', '..');
  return existsSync(join(root, 'node_modules/@tensorflow/tfjs-node/lib/napi-v8/tfjs_binding.node'));
}
