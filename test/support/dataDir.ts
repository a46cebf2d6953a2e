import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The folder of real data sets (heart, blood, …): `SYNDIC_DATA_DIR`, else `shared/data` beside the checkout.
 * None of it is part of the project; a test that needs it says so when it is not there.
 */
export const dataDir = process.env.SYNDIC_DATA_DIR ?? join(import.meta.dirname, '..', '..', '..', 'shared', 'data');

export function hasData(name: string): boolean {
  return existsSync(join(dataDir, name));
}
