import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { addressSchema, digestSchema, instantSchema, signatureSchema } from '../../core/schemas.ts';
import { type OpenedKey, openKey } from '../../core/statements/keystore.ts';
import { recover, sign } from '../../core/statements/sign.ts';
import { type Domain, domain } from '../../core/statements/types.ts';
import { bytesToHex, type Digest, digest } from '../../core/values.ts';
import { readInputText } from '../files.ts';
import { readPassphrase } from '../readPassphrase.ts';
import type { Connection } from './Connection.ts';
import { coordinatorKey } from './coordinatorKey.ts';
import { sendJson } from './send.ts';

/** A login that went well, both ways. */
export interface LoggedIn {
  readonly token: string;
  readonly key: OpenedKey;
  readonly domain: Domain;
}

const challengeSchema = z.object({
  nonce: digestSchema,
  expires: instantSchema,
  key: addressSchema,
  signature: signatureSchema,
  coordinator: addressSchema,
  chainId: z.int().positive(),
  contracts: z.object({ consortium: addressSchema, dataUse: addressSchema, ledger: addressSchema }),
});
type Challenge = z.infer<typeof challengeSchema>;

/** @throws SyndicError KEYSTORE_INVALID, NOT_FOUND */
export async function openCallerKey({ keystore, passphraseFile }: Connection): Promise<OpenedKey> {
  const json = await readInputText(keystore);
  return await openKey(json, await readPassphrase(passphraseFile, `Passphrase of ${keystore}: `));
}

/**
 * Proves the caller to the coordinator and the coordinator to the caller.
 *
 * @throws SyndicError COORDINATOR_UNTRUSTED when the other end is not the coordinator that the caller named, before
 * the caller has signed anything
 */
export async function logIn(connection: Connection, key: OpenedKey): Promise<LoggedIn> {
  const nonce = digest(bytesToHex(randomBytes(32)));
  const ask = { method: 'POST', path: '/api/v1/login/challenge', body: { address: key.address, nonce } } as const;
  const challenge = await sendJson(connection, ask, challengeSchema);
  const meant = domain(challenge.chainId, challenge.contracts.ledger);
  await checkCoordinator(connection, challenge, key, nonce, meant);
  const message = { from: key.address, to: challenge.key, nonce: challenge.nonce, expires: challenge.expires };
  const body = {
    address: key.address,
    nonce: challenge.nonce,
    expires: challenge.expires,
    signature: sign(key.privateKey, meant, 'Login', message),
  };
  const { token } = await sendJson(
    connection,
    { method: 'POST', path: '/api/v1/login', body },
    z.object({ token: z.string() }),
  );
  return { token, key, domain: meant };
}

async function checkCoordinator(
  connection: Connection,
  challenge: Challenge,
  key: OpenedKey,
  nonce: Digest,
  meant: Domain,
): Promise<void> {
  const { deployment } = connection;
  if (deployment !== undefined && deployment.chainId !== challenge.chainId) {
    throw untrusted(`it works on chain ${challenge.chainId}, not ${deployment.chainId}`);
  }
  if (deployment !== undefined && deployment.ledger !== challenge.contracts.ledger) {
    throw untrusted(`its ledger is ${challenge.contracts.ledger}, not ${deployment.ledger}`);
  }
  const expected = await coordinatorKey(connection);
  const message = { from: expected, to: key.address, nonce, expires: challenge.expires };
  if (recover(meant, 'Login', message, challenge.signature) === expected) return;
  const known = connection.rpcUrl !== undefined || connection.coordinatorKey !== undefined;
  throw untrusted(
    known
      ? `it did not sign with ${expected}`
      : `it signs with ${challenge.key}, and nothing says that this is ${expected}'s key: give --rpc with --deployment (or --coordinator-key)`,
  );
}

function untrusted(why: string): SyndicError {
  return new SyndicError('COORDINATOR_UNTRUSTED', `this is not the coordinator that you named: ${why}`);
}
