import type { Metadata } from '@grpc/grpc-js';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { sha256 } from '../../core/sha256.ts';
import type { Address, Digest, Instant, Slot } from '../../core/values.ts';
import { SESSION_KEY } from '../../proto/versions.ts';
import type { ChainView } from '../chain/port.ts';
import type { Database } from '../db/connect.ts';
import type { Clock } from '../modules.ts';
import { PEER_KEY } from './interceptor.ts';
import type { Lobby } from './Lobby.ts';
import { findSession, type WorkerSession } from './sessions.sql.ts';

/** Seconds for which the chain's word about a member is taken without asking again. */
const TRUST_SECONDS = 15;

/** Whose call it is. */
export interface Authenticate {
  /** @throws SyndicError SESSION_EXPIRED, KEY_INVALID, FORBIDDEN */
  session(metadata: Metadata): Promise<WorkerSession>;
  /** The same for a call that is still open. */
  again(tokenHash: Digest): Promise<WorkerSession>;
  /** A key must be its member's current one, and the member not suspended. */
  member(slot: Slot, key: Address): Promise<void>;
}

export function authenticator(modules: {
  db: Database;
  chain: ChainView;
  clock: Clock;
  lobby: Pick<Lobby, 'leave'>;
}): Authenticate {
  const { db, chain, clock, lobby } = modules;
  const trusted = new Map<string, Instant>();

  async function again(tokenHash: Digest): Promise<WorkerSession> {
    const session = await findSession(db, tokenHash, clock.now());
    if (session === null) throw new SyndicError('SESSION_EXPIRED', 'the session is unknown or over: log in again');
    const asked = trusted.get(memberKey(session));
    if (asked === undefined || clock.now() - asked >= TRUST_SECONDS) await member(session.slot, session.key);
    return session;
  }

  async function member(slot: Slot, key: Address): Promise<void> {
    trusted.delete(memberKey({ slot, key }));
    const found = await chain.member(slot);
    if (found?.key !== key) {
      throw new SyndicError('KEY_INVALID', `${key} is not the current key of slot ${slot}: list it on chain first`);
    }
    if (!found.active) throw new SyndicError('FORBIDDEN', `slot ${slot} is suspended: ask the consortium`);
    trusted.set(memberKey({ slot, key }), clock.now());
  }

  return {
    again,
    member,
    async session(metadata) {
      const [token] = metadata.get(SESSION_KEY);
      if (typeof token !== 'string') {
        throw new SyndicError('SESSION_EXPIRED', `the call carries no ${SESSION_KEY}: log in first`);
      }
      const session = await again(tokenHashOf(token));
      const [peer] = metadata.get(PEER_KEY);
      if (typeof peer === 'string') lobby.leave(peer);
      return session;
    },
  };
}

/** Only this is stored: who reads the database cannot act as a member. */
export function tokenHashOf(token: string): Digest {
  return sha256(new TextEncoder().encode(token));
}

function memberKey({ slot, key }: { slot: Slot; key: Address }): string {
  return `${slot}/${key}`;
}
