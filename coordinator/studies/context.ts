import { SyndicError } from '../../core/errors/SyndicError.ts';
import { loadPlan } from '../../core/plan/loadPlan.ts';
import type { Plan } from '../../core/plan/Plan.ts';
import { type Domain, domain } from '../../core/statements/types.ts';
import { type Address, type Digest, digest } from '../../core/values.ts';
import type { Aggregator } from '../aggregation/port.ts';
import type { Anchor } from '../anchor/port.ts';
import type { ChainView } from '../chain/port.ts';
import type { Database } from '../db/connect.ts';
import type { ModelStore } from '../models/port.ts';
import type { Clock, Crash, Log } from '../modules.ts';
import type { Queue } from '../queue/port.ts';

export interface StudiesOptions {
  /** This coordinator's account in the Consortium. */
  readonly coordinatorAccount: Address;
  /** Seconds after a heartbeat for which a task counts as being worked on. */
  readonly leaseSeconds: number;
  /** Seconds between two looks at what the chain will change. Default 1. */
  readonly pollSeconds?: number;
  /** Studies of one operator that may be under way at once: this coordinator pays for them. Default 100. */
  readonly maxUnfinished?: number;
}

export interface StudiesModules {
  readonly db: Database;
  readonly chain: ChainView;
  readonly anchor: Pick<Anchor, 'enqueue' | 'status'>;
  readonly models: Pick<ModelStore, 'put' | 'read' | 'size'>;
  readonly aggregator: Pick<Aggregator, 'aggregate'>;
  readonly queue: Pick<Queue, 'wake'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly crash?: Crash | undefined;
}

/** What every step of a study needs. */
export interface Context extends StudiesModules {
  readonly options: Required<StudiesOptions>;
  /** Of what members sign. */
  readonly domain: Domain;
  /** A stored plan. @throws SyndicError NOT_FOUND, PLAN_INVALID */
  plan(hash: string): Promise<Plan>;
  /** A stored document's bytes. @throws SyndicError NOT_FOUND */
  document(of: Digest): Promise<Uint8Array>;
}

const PLANS_KEPT = 100;

export function createContext(options: StudiesOptions, modules: StudiesModules): Context {
  const { chain, models } = modules;
  const plans = new Map<string, Promise<Plan>>();

  async function document(of: Digest): Promise<Uint8Array> {
    const size = await models.size(of);
    if (size === null) {
      throw new SyndicError('NOT_FOUND', `the store lacks the document ${of}: restore it from a copy`, { digest: of });
    }
    return models.read(of, 0, size);
  }

  function plan(hash: string): Promise<Plan> {
    const known = plans.get(hash);
    if (known !== undefined) return known;
    const loading = document(digest(hash)).then((bytes) => loadPlan(bytes).plan);
    plans.set(hash, loading);
    loading.catch(() => plans.delete(hash));
    const oldest = plans.keys().next();
    if (plans.size > PLANS_KEPT && !oldest.done) plans.delete(oldest.value);
    return loading;
  }

  return {
    ...modules,
    options: { pollSeconds: 1, maxUnfinished: 100, ...options },
    domain: domain(chain.chainId, chain.contracts.ledger),
    plan,
    document,
  };
}
