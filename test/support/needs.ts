import { appendFileSync } from 'node:fs';
import { describe } from '@jest/globals';

/**
 * `describe`, or `describe.skip` where the machine lacks something: then a line naming it goes to the file named by
 * SYNDIC_TEST_MISSING (if set), so that whoever runs the tests can say at the end what was not tried.
 *
 * @example
 * needs('data heart', hasData('heart'))('the four hospitals', () => { … });
 */
export function needs(what: string, present: boolean): typeof describe | typeof describe.skip {
  if (present) return describe;
  const file = process.env.SYNDIC_TEST_MISSING;
  if (file !== undefined && file !== '') appendFileSync(file, `${what}\n`);
  return describe.skip;
}
