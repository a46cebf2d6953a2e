// `node probe.ts FOLDER`: loads the tfjs-node in this folder, takes the gradient of a convolution with it, and prints the
// version of its TensorFlow. In a thread that then ends, as a worker's training does, and a process of its own: a
// library that does not fit may end the process that loads it.
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { isMainThread, Worker } from 'node:worker_threads';

function tryBackend(folder: string): void {
  const tf = createRequire(import.meta.url)(resolve(folder));
  const gradient = tf.grad((x: unknown) => tf.sum(tf.conv2d(x, tf.ones([2, 2, 1, 1]), 1, 'valid')));
  const values = [...gradient(tf.ones([1, 3, 3, 1])).dataSync()].join();
  if (values !== '1,2,1,2,4,2,1,2,1') throw new Error(`the gradient of a convolution came out as ${values}`);
  console.log(tf.backend().binding.TF_Version);
}

const [, , folder] = process.argv;
if (folder === undefined) throw new Error('usage: probe.ts FOLDER');
if (isMainThread) new Worker(new URL(import.meta.url), { argv: [folder] });
else tryBackend(folder);
