import { afterAll, afterEach, beforeAll } from '@jest/globals';
import { startPostgres, type TestPostgres } from '../../../support/postgres.ts';
import { createRig, type Rig, type RigOptions } from '../../../support/studies/rig.ts';

/** A function that makes rigs which are gone after each test of the file that calls this. */
export function useRigs(): (options?: RigOptions) => Promise<Rig> {
  let postgres: TestPostgres | null = null;
  const open: Rig[] = [];
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterEach(async () => {
    for (const rig of open.splice(0)) await rig.close();
  });
  afterAll(() => postgres?.stop());
  return async (options) => {
    if (postgres === null) throw new Error('make rigs in tests only');
    const rig = await createRig(postgres, options);
    open.push(rig);
    return rig;
  };
}
