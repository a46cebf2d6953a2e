import type { LoginMessage, UpdateMessage } from '../../core/statements/types.ts';
import type { Verdict } from '../../core/statements/verdict.ts';
import type { Address, Signature } from '../../core/values.ts';

/** The worker key: signs structs that the worker built itself, and nothing else. */
export interface WorkerKey {
  readonly address: Address;
  signLogin(message: LoginMessage): Promise<Signature>;
  signUpdate(message: UpdateMessage): Promise<Signature>;
  /** @param contract `Verdicts`, which checks it */
  signVerdict(contract: Address, verdict: Verdict): Promise<Signature>;
}
