import { afterAll, beforeAll, expect } from '@jest/globals';
import { send } from '../../../cli/chain/send.ts';
import { createAnchor, type EthereumAnchor } from '../../../coordinator/anchor/ethereum.ts';
import type { OutboxKind, OutboxMessage } from '../../../coordinator/anchor/port.ts';
import type { Finality } from '../../../coordinator/chain/finality.ts';
import type { ChainTrouble } from '../../../coordinator/chain/port.ts';
import type { Database } from '../../../coordinator/db/connect.ts';
import type { Crash } from '../../../coordinator/modules.ts';
import { type Digest, instant, type Round, round, type StudyId } from '../../../core/values.ts';
import { testDatabase } from '../../support/database.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { silentLog } from '../../support/silentLog.ts';
import { until } from '../../support/until.ts';
import { encode, included, randomDigest, recordRound, startWorld, type World } from './world.ts';

export const clock = { now: () => instant(Math.floor(Date.now() / 1000)) };

/** A chain with a database beside it. */
export interface Place {
  world: World;
  db: Database;
}

export interface Running {
  readonly study: StudyId;
  readonly base: Digest;
  readonly slots: readonly number[];
}

/** A test file's own chain and database, and what its tests do with an outbox between them. */
export function useOutbox() {
  const at = {} as Place;
  const open: EthereumAnchor[] = [];
  let postgres: TestPostgres;

  beforeAll(async () => {
    [postgres, at.world] = await Promise.all([startPostgres(), startWorld()]);
    at.db = await testDatabase(postgres);
  });

  afterAll(async () => {
    await Promise.all(open.map((anchor) => anchor.close()));
    await at.db?.destroy();
    await postgres?.stop();
    await at.world?.stop();
  });

  interface AnchorChoices {
    readonly crash?: Crash;
    readonly key?: string;
    readonly finality?: Finality;
    readonly place?: Place;
    /** Default: the world's own node. */
    readonly rpcUrl?: string | readonly string[];
    readonly trouble?: (kind: ChainTrouble, there: boolean) => void;
  }

  async function anchorFor(options: AnchorChoices = {}) {
    const { world, db } = options.place ?? at;
    const { crash, trouble } = options;
    const anchor = await createAnchor(
      {
        rpcUrl: options.rpcUrl ?? world.rpcUrl,
        chainId: world.chainId,
        ledger: world.contracts.ledger,
        finality: options.finality ?? { kind: 'instant' },
        privateKey: options.key ?? world.coordinatorKey.privateKey,
      },
      { db, log: silentLog, clock, crash, ...(trouble === undefined ? {} : { trouble }) },
    );
    open.push(anchor);
    return anchor;
  }

  /** Runs `work` on a chain and database that nothing else touches. */
  async function elsewhere(work: (place: Place) => Promise<void>): Promise<void> {
    const world = await startWorld();
    const db = await testDatabase(postgres);
    try {
      await work({ world, db });
    } finally {
      await db.destroy();
      await world.stop();
    }
  }

  async function enqueue(anchor: EthereumAnchor, message: OutboxMessage, { db } = at): Promise<void> {
    await db.transaction().execute(async (tx) => await anchor.enqueue(tx, message));
  }

  async function settled(anchor: EthereumAnchor, study: StudyId, kind: OutboxKind, of: Round | 0 = 0) {
    await until(async () => {
      await anchor.tick();
      return ['final', 'refused'].includes((await anchor.status(study, kind, of))?.state ?? '');
    });
    return await anchor.status(study, kind, of);
  }

  /** A study that is open, granted and started, without the outbox. */
  async function runningStudy({ world } = at): Promise<Running> {
    const { study, plan, initialModel, openStudy } = world.newStudy();
    const { ledger } = world.contracts;
    await send(world.provider, world.operator, { to: ledger, data: openStudy });
    await world.grantAll(study, plan);
    await send(world.provider, world.coordinatorKey, { to: ledger, data: encode('startStudy', [study]) });
    return { study, base: initialModel, slots: world.members.map(({ slot }) => slot) };
  }

  /** Leaves a message behind whose signed bytes are stored and were never sent. */
  async function signedThenCrashed(message: OutboxMessage, place = at): Promise<void> {
    const crash = (point: string) => {
      if (point === 'outbox.signed') throw new Error('crash');
    };
    const anchor = await anchorFor({ crash, place });
    await enqueue(anchor, message, place);
    await expect(anchor.tick()).rejects.toThrow('crash');
  }

  /** Sends the message with the coordinator's key as another program would. */
  async function sendPast(message: OutboxMessage) {
    const { provider, coordinatorKey, contracts } = at.world;
    return await send(provider, coordinatorKey, { to: contracts.ledger, data: message.calldata });
  }

  /** The bytes signed last for a study's record. */
  async function rawOf(study: StudyId): Promise<string | undefined> {
    const rows = at.db
      .selectFrom('outbox')
      .innerJoin('transactions', 'transactions.hash', 'outbox.transaction')
      .select('raw');
    return (await rows.where('study', '=', study).where('kind', '=', 'record').executeTakeFirst())?.raw;
  }

  return {
    at,
    anchorFor,
    elsewhere,
    enqueue,
    settled,
    runningStudy,
    recordMessage,
    signedThenCrashed,
    sendPast,
    rawOf,
  };
}

/** A record of round 1 that the ledger takes. */
function recordMessage({ study, base, slots }: Running): OutboxMessage {
  const calldata = recordRound({ study, round: 1, base, global: randomDigest(), entries: included(slots) });
  return { study, kind: 'record', round: round(1), calldata };
}
