import { afterAll, beforeAll } from '@jest/globals';
import { send } from '../../../cli/chain/send.ts';
import { createChainView } from '../../../coordinator/chain/ethereum.ts';
import type { Finality } from '../../../coordinator/chain/finality.ts';
import type { Database } from '../../../coordinator/db/connect.ts';
import type { Digest } from '../../../core/values.ts';
import { testDatabase } from '../../support/database.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { silentLog } from '../../support/silentLog.ts';
import { encode, included, randomDigest, recordRound, startWorld, type World } from './world.ts';

/** A test file's own chain with three members, and views of it, each with an index of its own. */
export function useChain() {
  const at = {} as { world: World };
  const cleanup: (() => Promise<void>)[] = [];
  let postgres: TestPostgres;

  beforeAll(async () => {
    [postgres, at.world] = await Promise.all([startPostgres(), startWorld({ members: 3 })]);
  });

  afterAll(async () => {
    for (const end of cleanup) await end();
    await postgres?.stop();
    await at.world?.stop();
  });

  async function newDatabase(): Promise<Database> {
    const db = await testDatabase(postgres);
    cleanup.push(async () => await db.destroy());
    return db;
  }

  async function viewOf(on: World, finality: Finality = { kind: 'instant' }, db?: Database) {
    const own = db ?? (await newDatabase());
    const options = { rpcUrl: on.rpcUrl, chainId: on.chainId, contracts: on.contracts, finality };
    const view = await createChainView(options, { db: own, log: silentLog });
    cleanup.unshift(async () => await view.close());
    return { view, db: own };
  }

  return { at, newDatabase, viewOf };
}

/** Opens, grants, starts and records `rounds` rounds. */
export async function recordedStudy(on: World, rounds: number) {
  const { study, plan, initialModel, openStudy } = on.newStudy();
  const { ledger } = on.contracts;
  await send(on.provider, on.operator, { to: ledger, data: openStudy });
  await on.grantAll(study, plan);
  await send(on.provider, on.coordinatorKey, { to: ledger, data: encode('startStudy', [study]) });
  const models: Digest[] = [initialModel];
  const records = [];
  for (let round = 1; round <= rounds; round++) {
    const entries = included(on.members.map(({ slot }) => slot));
    const base = models.at(-1) ?? initialModel;
    const global = randomDigest();
    models.push(global);
    const data = recordRound({ study, round, base, global, entries });
    const receipt = await send(on.provider, on.coordinatorKey, { to: ledger, data });
    records.push({ round, base, global, entries, receipt });
  }
  return { study, plan, initialModel, records };
}

export async function tables(db: Database) {
  return {
    blocks: await db.selectFrom('chain_blocks').selectAll().orderBy('number').execute(),
    logs: await db.selectFrom('chain_logs').selectAll().orderBy('block').orderBy('log_index').execute(),
  };
}
