import { untilSettled } from './anchor/untilSettled.ts';
import type { CoordinatorConfig } from './config.ts';
import { occupy } from './db/occupy.ts';
import { chainOptions } from './fromConfig.ts';
import { openBooks } from './openBooks.ts';
import { createContext } from './studies/context.ts';
import { type Recovery, recoverStudies } from './studies/recovery/recoverStudies.ts';

/**
 * Rebuilds a lost or outdated database from the chain and the store, while no coordinator runs on it; what members hold
 * of the open rounds, their workers present to the next coordinator that starts.
 *
 * @throws SyndicError as `runCoordinator` and `recoverStudies`; STATE_CONFLICT while a coordinator runs
 */
export async function recoverCoordinator(config: CoordinatorConfig): Promise<Recovery> {
  const opened: (() => Promise<void>)[] = [];
  try {
    const { key, ...books } = await openBooks(config, (close) => opened.push(close));
    // A database that restarts meanwhile may come back with a coordinator in it.
    const taken = Promise.withResolvers<never>();
    taken.promise.catch(() => undefined);
    opened.push(await occupy({ url: config.DATABASE_URL, as: 'alone' }, taken.reject));
    await untilSettled(chainOptions(config), key.address, books.log);
    const options = { coordinatorAccount: config.COORDINATOR_ACCOUNT, leaseSeconds: config.LEASE_SECONDS };
    return await Promise.race([recoverStudies(createContext(options, books)), taken.promise]);
  } finally {
    for (const close of opened.reverse()) await close();
  }
}
