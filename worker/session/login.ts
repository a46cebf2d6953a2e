import { randomBytes } from 'node:crypto';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { recover } from '../../core/statements/sign.ts';
import type { Domain, LoginMessage } from '../../core/statements/types.ts';
import { type Address, bytesToHex, digest } from '../../core/values.ts';
import type { HelloResponse__Output } from '../../proto/generated/syndic/v1/HelloResponse.ts';
import type { LoginResponse__Output } from '../../proto/generated/syndic/v1/LoginResponse.ts';
import type { SessionServiceClient } from '../../proto/generated/syndic/v1/SessionService.ts';
import { SOFTWARE, WIRE_VERSIONS } from '../../proto/versions.ts';
import { toWire, wireCount, wireDigest } from '../../proto/wireValues.ts';
import { soon, unary } from './calls.ts';
import type { SessionModules, SessionOptions } from './modules.ts';

export interface LoggedIn {
  readonly token: string;
  readonly heartbeatSeconds: number;
  readonly maxChunkBytes: number;
}

/** Seconds by which the two clocks may differ before a line in the log says so. */
const MOST_SKEW = 300;

/**
 * Both ends prove themselves, the coordinator first: until its signature is checked against the chain, it learns
 * nothing but the slot and the public key.
 *
 * @throws SyndicError COORDINATOR_UNTRUSTED, VERSION_UNSUPPORTED; or a gRPC status
 */
export async function logIn(
  client: SessionServiceClient,
  { identity, slot, capabilities = ['train'] }: SessionOptions,
  { key, coordinatorKey, clock, log, domain }: SessionModules,
): Promise<LoggedIn> {
  const nonce = randomBytes(32);
  const hello = await unary<HelloResponse__Output>((callback) =>
    client.hello(
      {
        versions: [...WIRE_VERSIONS],
        software: SOFTWARE,
        capabilities: [...capabilities],
        slot,
        key: key.address,
        nonce,
      },
      soon(),
      callback,
    ),
  );
  if (!WIRE_VERSIONS.includes(hello.version)) {
    throw new SyndicError(
      'VERSION_UNSUPPORTED',
      `the coordinator chose wire version ${hello.version}, which is unknown`,
    );
  }
  if (hello.coordinator !== identity.coordinator) {
    throw untrusted(`it calls itself ${hello.coordinator}; the invitation names ${identity.coordinator}`);
  }
  const expires = wireCount(hello.expires, 'expires');
  const trusted = await coordinatorKey();
  const theirs = { from: trusted, to: key.address, nonce: digest(bytesToHex(nonce)), expires };
  checkCoordinator(domain, theirs, bytesToHex(hello.signature));
  const skew = Math.abs(expires - clock());
  if (skew > MOST_SKEW) log.warn({ skew }, "this machine's clock and the coordinator's differ: set them by NTP");

  const mine = { from: key.address, to: trusted, nonce: wireDigest(hello.nonce, 'nonce'), expires };
  const signature = toWire(await key.signLogin(mine));
  const login = await unary<LoginResponse__Output>((callback) =>
    client.login({ nonce: hello.nonce, expires, signature }, soon(), callback),
  );
  return { token: login.token, heartbeatSeconds: login.heartbeatSeconds, maxChunkBytes: login.maxChunkBytes };
}

function checkCoordinator(domain: Domain, message: LoginMessage, signature: string): void {
  const signer = signerOf(domain, message, signature);
  if (signer === message.from) return;
  throw untrusted(`it signed as ${signer}; the key on chain is ${message.from}`);
}

function signerOf(domain: Domain, message: LoginMessage, signature: string): Address {
  try {
    return recover(domain, 'Login', message, signature);
  } catch (cause) {
    throw untrusted('its signature is malformed', cause);
  }
}

function untrusted(why: string, cause?: unknown): SyndicError {
  return new SyndicError(
    'COORDINATOR_UNTRUSTED',
    `the coordinator did not prove that it is the one on chain: ${why}; ask the operator`,
    {},
    { cause },
  );
}
