import { readFile } from 'node:fs/promises';
import { type OpenedKey, openKey } from '../core/statements/keystore.ts';
import { instant } from '../core/values.ts';
import { createChainView, type SyncedChainView } from './chain/ethereum.ts';
import type { CoordinatorConfig } from './config.ts';
import { crashAt } from './crashAt.ts';
import { connect, type Database } from './db/connect.ts';
import { checkMigrated } from './db/migrate.ts';
import { chainOptions, contractsOf, createLog, storeOf } from './fromConfig.ts';
import { openStore } from './models/openStore.ts';
import type { ModelStore } from './models/port.ts';
import type { Clock, Crash, Log } from './modules.ts';

/** What a coordinator knows: its own key, its database, its store and the chain. */
export interface Books {
  readonly config: CoordinatorConfig;
  readonly key: OpenedKey;
  readonly log: Log;
  readonly clock: Clock;
  readonly crash: Crash | undefined;
  readonly db: Database;
  readonly models: ModelStore;
  readonly chain: SyncedChainView;
}

export type OnClose = (close: () => Promise<void>) => void;

/** Opens what a coordinator at work and one that recovers both need. @throws SyndicError as `runCoordinator` */
export async function openBooks(config: CoordinatorConfig, onClose: OnClose): Promise<Books> {
  const log = createLog(config);
  const clock: Clock = { now: () => instant(Math.floor(Date.now() / 1000)) };
  const crash = config.SYNDIC_CRASH_AT === undefined ? undefined : crashAt(config.SYNDIC_CRASH_AT);
  const key = await openKey(
    await readFile(config.COORDINATOR_KEYSTORE_FILE, 'utf8'),
    config.COORDINATOR_KEYSTORE_PASSPHRASE,
  );
  const db = connect({ url: config.DATABASE_URL }, log);
  onClose(() => db.destroy());
  await checkMigrated(db);
  const models = await openStore(storeOf(config));
  const chain = await createChainView({ ...chainOptions(config), contracts: contractsOf(config) }, { db, log });
  onClose(() => chain.close());
  return { config, key, log, clock, crash, db, models, chain };
}
