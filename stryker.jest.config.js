import { posix } from 'node:path';
import base from './jest.config.js';

/**
 * The tests of one folder of `core/`, which `npm run mutation` names: a mutant counts as found by those alone, though
 * the vectors and every test above them may find it too. So a mutant is judged in a second, and scores are lower bounds.
 */
const folder = process.env.SYNDIC_MUTATION_FOLDER ?? '**';

export default { ...base, testMatch: [posix.join('<rootDir>/test/unit/core', folder, '*.test.ts')] };
