import { SyndicError } from '../../core/errors/SyndicError.ts';
import { loadPlan } from '../../core/plan/loadPlan.ts';
import type { Plan } from '../../core/plan/Plan.ts';
import { type Domain, domain } from '../../core/statements/types.ts';
import { type Address, type Digest, digest } from '../../core/values.ts';
import { noTraces } from '../../telemetry/noTraces.ts';
import type { Traces } from '../../telemetry/port.ts';
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
  /** Seconds that a recovered round waits for members to say what they hold of it. Default 600. */
  readonly presentSeconds?: number;
  /** Studies of one operator that may be under way at once: this coordinator pays for them. Default 100. */
  readonly maxUnfinished?: number;
}

export interface StudiesModules {
  readonly db: Database;
  readonly chain: ChainView;
  readonly anchor: Pick<Anchor, 'enqueue' | 'status' | 'verdicts'>;
  readonly models: Pick<ModelStore, 'put' | 'read' | 'size' | 'delete'>;
  readonly aggregator: Pick<Aggregator, 'aggregate' | 'initial'>;
  readonly queue: Pick<Queue, 'wake'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly crash?: Crash | undefined;
  readonly traces?: Traces;
}

/** What is known about a coordinator's studies besides its modules. */
export interface Known {
  readonly options: Required<StudiesOptions>;
  readonly traces: Traces;
  /** Of what members sign. */
  readonly domain: Domain;
  /** A stored plan. @throws SyndicError NOT_FOUND, PLAN_INVALID */
  plan(hash: string): Promise<Plan>;
  /** A stored document's bytes. @throws SyndicError NOT_FOUND */
  document(of: Digest): Promise<Uint8Array>;
}

/** What every step of a study needs. */
export interface Context extends Omit<StudiesModules, 'traces'>, Known {}

const PLANS_KEPT = 100;

export function createContext<M extends Pick<StudiesModules, 'chain' | 'models'>>(
  options: StudiesOptions,
  modules: M,
): M & Known {
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
    traces: noTraces,
    ...modules,
    options: { pollSeconds: 1, presentSeconds: 600, maxUnfinished: 100, ...options },
    domain: domain(chain.chainId, chain.contracts.ledger),
    plan,
    document,
  };
}
