/** `npm run kernel` compiles core's `kernel.wat` into `kernelCode.ts`. Not in core, which reads and writes no files. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import wabt from 'wabt';

const at = (name: string) => join(import.meta.dirname, '..', '..', 'core', 'aggregate', name);

/** The text of `kernelCode.ts`, as `kernel.wat` makes it. */
export async function renderKernel(): Promise<string> {
  const module = (await wabt()).parseWat('kernel.wat', readFileSync(at('kernel.wat'), 'utf8'), { simd: true });
  try {
    module.validate();
    const code = Buffer.from(module.toBinary({}).buffer).toString('base64');
    return `/** WebAssembly, base64. Made of kernel.wat by \`npm run kernel\`. */\nexport const KERNEL_CODE =\n  '${code}';\n`;
  } finally {
    module.destroy();
  }
}

if (process.argv[1] === import.meta.filename) writeFileSync(at('kernelCode.ts'), await renderKernel());
