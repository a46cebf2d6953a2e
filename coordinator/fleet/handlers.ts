import type { ChainView } from '../chain/port.ts';
import type { Database } from '../db/connect.ts';
import type { Intake } from '../intake/port.ts';
import type { ModelStore } from '../models/port.ts';
import type { Clock, Log } from '../modules.ts';
import type { Studies } from '../studies/port.ts';
import type { Authenticate } from './authenticate.ts';
import type { Bell } from './Bell.ts';
import type { CallObserver } from './observe.ts';

/** What the rooms give the fleet. */
export interface FleetModules {
  readonly db: Database;
  readonly chain: ChainView;
  readonly studies: Pick<Studies, 'tasksFor' | 'heartbeat' | 'refuse' | 'answer'>;
  readonly intake: Intake;
  readonly models: Pick<ModelStore, 'open' | 'size'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Told how each call ended. */
  readonly calls?: CallObserver;
}

/** What handlers share besides. */
export interface HandlerModules extends FleetModules {
  readonly authenticate: Authenticate;
  /** Rings when tasks may have changed. */
  readonly bell: Bell;
  /** Aborts when the server closes: streams end. */
  readonly closing: AbortSignal;
}
