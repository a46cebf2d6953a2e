import { readFile } from 'node:fs/promises';
import { SyndicError } from '../../core/errors/SyndicError.ts';

/** A site's own split: positions of rows in the source, from 0. */
export interface SplitFile {
  readonly train: readonly number[];
  readonly test: readonly number[];
}

/**
 * Reads `{"train": [0, 2, …], "test": [1, …]}`: whole numbers from 0, none twice. Whether they fit the rows is for
 * `splitRows` to say.
 * @throws SyndicError NOT_FOUND; DATA_INVALID with every fault counted
 */
export async function readSplitFile(path: string): Promise<SplitFile> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new SyndicError('NOT_FOUND', `there is no split file that can be read at ${path}`, { path }, { cause });
  });
  const document = parse(text);
  const train = positions(document, 'train');
  const test = positions(document, 'test');
  const faults: string[] = [];
  for (const [part, list] of Object.entries({ train, test })) {
    if (list === null) faults.push(`"${part}" is not a list of whole numbers from 0`);
  }
  const all = [...(train ?? []), ...(test ?? [])];
  const repeats = all.length - new Set(all).size;
  if (repeats > 0) faults.push(`${repeats} positions are named more than once`);
  if (train === null || test === null || faults.length > 0) {
    throw new SyndicError('DATA_INVALID', `split file ${path}: ${faults.join('; ')}`, { path, faults });
  }
  return { train, test };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function positions(document: unknown, part: 'train' | 'test'): number[] | null {
  const list: unknown = isRecord(document) ? document[part] : null;
  if (!Array.isArray(list)) return null;
  const numbers = list.filter((item): item is number => Number.isSafeInteger(item) && item >= 0);
  return numbers.length === list.length ? numbers : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
