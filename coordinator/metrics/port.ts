import type { ErrorCode } from '../../core/errors/codes.ts';
import type { Slot } from '../../core/values.ts';
import type { ChainTrouble } from '../chain/port.ts';

/**
 * What this process counts for those who watch it. What the database knows is not counted here but read from it when
 * somebody looks: several coordinators then say the same, and a restart forgets nothing.
 */
export interface Metrics {
  /**
   * A call of a worker ended.
   * @param method such as `TaskService/Watch`; one that the server has
   * @param code of `core/errors`, or gRPC's own status name; null: it ended well
   */
  callEnded(method: string, code: string | null, seconds: number): void;
  /** Bytes of updates taken from members, whatever becomes of them. */
  received(bytes: number): void;
  /** Bytes of models and plans handed to members. */
  sent(bytes: number): void;
  /** A worker will not do a task. */
  taskRefused(code: ErrorCode): void;
  /** A member's worker asked, logged in, on an open line. */
  seen(slot: Slot): void;
  /** @param route the pattern, never the path itself */
  requestAnswered(method: string, route: string, status: number, seconds: number): void;
  aggregated(seconds: number, failed: boolean): void;
  /** Whether something keeps this process from the chain, as of the last time that it had something to say there. */
  chainTrouble(kind: ChainTrouble, there: boolean): void;
  /** `advance(study)` ran. */
  advanced(seconds: number, failed: boolean): void;
}
