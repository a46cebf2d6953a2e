import type { Domain } from '../../core/statements/types.ts';
import type { Address } from '../../core/values.ts';
import type { ChainView, Contracts } from '../chain/port.ts';
import type { Database } from '../db/connect.ts';
import type { ModelStore } from '../models/port.ts';
import type { Clock, Log } from '../modules.ts';
import type { Studies } from '../studies/port.ts';

export interface HttpOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** PEM; null: plain HTTP, for loopback or behind a proxy that ends TLS. */
  readonly tls?: { readonly key: string; readonly cert: string } | null;
  /** The coordinator's account in the Consortium. */
  readonly coordinatorAccount: Address;
  /** Its current key, 32 bytes as 0x-hex: signs the coordinator's half of a login. */
  readonly privateKey: string;
  readonly domain: Domain;
  /** How long a login lasts. */
  readonly sessionSeconds: number;
  readonly info: { readonly contracts: Contracts; readonly chainId: number };
  /** Bytes a request's body may have. */
  readonly maxBodyBytes: number;
}

export interface HttpModules {
  readonly db: Database;
  readonly chain: Pick<ChainView, 'roles' | 'grant'>;
  readonly studies: Pick<Studies, 'open' | 'start' | 'pause' | 'resume' | 'abort' | 'list' | 'show' | 'events'>;
  readonly models: Pick<ModelStore, 'open' | 'size'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether each service that this process needs answers, by name. */
  readonly ready: () => Promise<Record<string, boolean>>;
  /** Told of each request that was answered. */
  readonly requests?: RequestObserver;
}

export interface RequestObserver {
  /** @param route the pattern, never the path itself */
  requestAnswered(method: string, route: string, status: number, seconds: number): void;
}
