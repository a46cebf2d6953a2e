import type { LoginMessage, UpdateMessage } from '../../core/statements/types.ts';
import type { Address, Signature } from '../../core/values.ts';

/** The worker key: signs structs that the worker built itself, and nothing else. */
export interface WorkerKey {
  readonly address: Address;
  signLogin(message: LoginMessage): Promise<Signature>;
  signUpdate(message: UpdateMessage): Promise<Signature>;
}
