import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { address, slot } from '../../core/values.ts';
import type { Database } from '../db/connect.ts';
import type { Clock } from '../modules.ts';
import type { Caller } from './caller.ts';
import { findSession } from './sessions.sql.ts';

const roles = z.object({ roles: z.array(z.enum(['operator', 'member', 'auditor'])) });

/** Who sends this request, by its bearer token. @throws SyndicError SESSION_EXPIRED */
export async function authenticate(request: FastifyRequest, db: Database, clock: Clock): Promise<Caller> {
  const token = /^Bearer ([0-9a-f]{64})$/.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) {
    throw new SyndicError(
      'SESSION_EXPIRED',
      'this needs a session: log in and send its token as "Authorization: Bearer"',
    );
  }
  const session = hashToken(token);
  const found = await findSession(db, session, clock.now());
  if (found === null) throw new SyndicError('SESSION_EXPIRED', 'the session is unknown or over: log in again');
  return {
    address: address(found.key),
    roles: roles.parse(found.capabilities).roles,
    slot: found.slot === null ? null : slot(found.slot),
    session,
  };
}

/** What of a token is stored: who reads the database cannot act in anybody's name. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token, 'hex').digest('hex');
}

/** The caller of a route that needs a session. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === null) throw new Error('a route that names its caller must not be open');
  return request.caller;
}
