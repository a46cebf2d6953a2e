import { readFileSync } from 'node:fs';

/**
 * One of the vector files that `test/vectors/make.py` writes.
 *
 * @typeParam T what the file holds, as the script writes it
 */
export function readVectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8'));
}
