import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Run } from './command.ts';

/** tfjs-node looks for its binding here; 8 is the newest version of Node-API that it knows. */
export const BINDING = 'lib/napi-v8/tfjs_binding.node';

/**
 * Compiles tfjs-node's binding against the TensorFlow below its `deps/`: what its binding.gyp says for Linux, in one
 * call of the compiler. Node-API is stable between versions of Node, so the headers need not be of the Node that runs.
 *
 * @param tfjsNode folder of the package
 * @param headers folder of node_api.h
 */
export async function compileBinding(tfjsNode: string, headers: string, run: Run): Promise<void> {
  await mkdir(dirname(join(tfjsNode, BINDING)), { recursive: true });
  const defines = ['-DNAPI_VERSION=8', '-DNODE_GYP_MODULE_NAME=tfjs_binding', '-DBUILDING_NODE_EXTENSION'];
  const sources = ['binding/tfjs_backend.cc', 'binding/tfjs_binding.cc'];
  // Training runs in a worker thread, and Node unloads what a thread loaded when it ends; TensorFlow's own threads,
  // which live on, would then run code that is gone (a segmentation fault at exit). Such a library stays loaded.
  const stay = '-Wl,-z,nodelete';
  const libraries = ['-Ldeps/lib', '-ltensorflow', '-ltensorflow_framework', '-Wl,-rpath,$ORIGIN/../../deps/lib'];
  await run(
    'g++',
    [
      ...['-std=c++17', '-O2', '-fPIC', '-shared', ...defines, '-Ideps/include', `-I${headers}`],
      ...[...sources, ...libraries, stay, '-o', BINDING],
    ],
    { cwd: tfjsNode },
  );
}
