import { randomBytes } from 'node:crypto';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { addressOf, recover, sign } from '../../core/statements/sign.ts';
import { domain as makeDomain } from '../../core/statements/types.ts';
import {
  type Address,
  address,
  bytesToHex,
  digest,
  type Instant,
  instant,
  type Slot,
  slot,
} from '../../core/values.ts';
import type { SessionServiceHandlers } from '../../proto/generated/syndic/v1/SessionService.ts';
import { SOFTWARE, WIRE_VERSIONS } from '../../proto/versions.ts';
import { toWire, wireCount, wireDigest, wireValue } from '../../proto/wireValues.ts';
import { tokenHashOf } from './authenticate.ts';
import { unary } from './calls.ts';
import type { HandlerModules } from './handlers.ts';
import { endSession, keepNonce, keepSession, takeNonce } from './sessions.sql.ts';
import { releaseLeases } from './tasks.sql.ts';

/** Task kinds that this coordinator gives out. */
const CAPABILITIES = ['train'];
/** Seconds from Hello to Login. */
const NONCE_SECONDS = 60;
/** Words of a worker's capabilities that are kept, and characters of each. */
const MOST_CAPABILITIES = 64;
const LONGEST_CAPABILITY = 64;

export interface SessionOptions {
  /** The coordinator's account in the Consortium. */
  readonly coordinatorAccount: Address;
  /** Of its current key, 0x-hex. */
  readonly privateKey: string;
  readonly domain: { readonly chainId: number; readonly ledger: Address };
  readonly heartbeatSeconds: number;
  readonly maxChunkBytes: number;
  readonly maxSessions: number;
  readonly sessionSeconds: number;
}

export function sessionHandlers(options: SessionOptions, modules: HandlerModules): SessionServiceHandlers {
  const { db, clock, log, authenticate } = modules;
  const domain = makeDomain(options.domain.chainId, options.domain.ledger);
  const coordinatorKey = addressOf(options.privateKey);

  async function nonceFor(worker: Address, member: Slot, capabilities: readonly string[], expires: Instant) {
    const nonce = digest(bytesToHex(randomBytes(32)));
    await keepNonce(db, { nonce, key: worker, slot: member, capabilities, expires }, clock.now());
    return nonce;
  }

  return {
    Hello: unary(log, async (request) => {
      const version = WIRE_VERSIONS.find((candidate) => request.versions.includes(candidate));
      if (version === undefined) {
        throw new SyndicError(
          'VERSION_UNSUPPORTED',
          `the coordinator speaks wire versions ${WIRE_VERSIONS.join(', ')}; the worker ${request.versions.join(', ')}`,
        );
      }
      const worker = wireValue('key', () => address(request.key));
      const member = wireValue('slot', () => slot(request.slot));
      const theirs = wireDigest(request.nonce, 'nonce');
      await authenticate.member(member, worker);
      const expires = instant(clock.now() + NONCE_SECONDS);
      const nonce = await nonceFor(worker, member, known(request.capabilities), expires);
      const login = { from: coordinatorKey, to: worker, nonce: theirs, expires };
      return {
        version,
        software: SOFTWARE,
        capabilities: CAPABILITIES,
        coordinator: options.coordinatorAccount,
        key: coordinatorKey,
        nonce: toWire(nonce),
        signature: toWire(sign(options.privateKey, domain, 'Login', login)),
        expires,
      };
    }),

    Login: unary(log, async (request) => {
      const now = clock.now();
      const nonce = wireDigest(request.nonce, 'nonce');
      const expires = wireCount(request.expires, 'expires');
      const sent = await takeNonce(db, nonce, now);
      if (sent === null)
        throw new SyndicError('SESSION_EXPIRED', 'the nonce is unknown, used or over: say Hello again');
      if (expires <= now || expires > sent.expires) {
        throw new SyndicError(
          'SIGNATURE_INVALID',
          `the login is good until ${expires}; sign the time that Hello named`,
        );
      }
      const login = { from: sent.key, to: coordinatorKey, nonce, expires };
      const signer = recover(domain, 'Login', login, bytesToHex(request.signature));
      if (signer !== sent.key) {
        throw new SyndicError('SIGNATURE_INVALID', `the login is signed by ${signer}; ${sent.key} said Hello`);
      }
      await authenticate.member(sent.slot, sent.key);
      const token = randomBytes(32).toString('hex');
      const until = instant(now + options.sessionSeconds);
      const { slot: member, key, capabilities } = sent;
      const session = { tokenHash: tokenHashOf(token), slot: member, key, capabilities, expires: until };
      if (!(await keepSession(db, session, options.maxSessions, now))) {
        throw new SyndicError(
          'TOO_MANY',
          `${options.maxSessions} sessions are open, the most allowed: try again later`,
        );
      }
      log.info({ slot: member, key }, 'worker logged in');
      return {
        token,
        expires: until,
        heartbeatSeconds: options.heartbeatSeconds,
        maxChunkBytes: options.maxChunkBytes,
      };
    }),

    Logout: unary(log, async (_request, metadata) => {
      const session = await authenticate.session(metadata);
      await endSession(db, session.tokenHash);
      await releaseLeases(db, session.slot, clock.now());
      log.info({ slot: session.slot }, 'worker logged out');
      return {};
    }),
  };
}

function known(capabilities: readonly string[]): string[] {
  return capabilities.slice(0, MOST_CAPABILITIES).map((word) => word.slice(0, LONGEST_CAPABILITY));
}
