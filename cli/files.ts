import { readFile } from 'node:fs/promises';

/** A file that the user named; `-` is standard input. What goes wrong is worded by `reportError`. */
export async function readInput(path: string): Promise<Uint8Array> {
  return path === '-' ? await readStdin() : await readFile(path);
}

export async function readInputText(path: string): Promise<string> {
  return Buffer.from(await readInput(path)).toString('utf8');
}

async function readStdin(): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
