import type { OpenedKey } from '../../core/statements/keystore.ts';
import { sign } from '../../core/statements/sign.ts';
import type { Domain } from '../../core/statements/types.ts';
import { signVerdict } from '../../core/statements/verdict.ts';
import type { WorkerKey } from './port.ts';

/** A worker key from an encrypted keystore, held in memory while the worker runs. */
export function sealedWorkerKey(key: OpenedKey, domain: Domain): WorkerKey {
  return {
    address: key.address,
    signLogin: async (message) => sign(key.privateKey, domain, 'Login', message),
    signUpdate: async (message) => sign(key.privateKey, domain, 'Update', message),
    signVerdict: async (contract, verdict) =>
      signVerdict(key.privateKey, { ...domain, verifyingContract: contract }, verdict),
  };
}
