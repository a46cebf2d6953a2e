import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { addressSchema, digestSchema, instantSchema, signatureSchema } from '../../core/schemas.ts';
import { addressOf, recover, sign } from '../../core/statements/sign.ts';
import { type Address, bytesToHex, digest } from '../../core/values.ts';
import type { Roles } from '../chain/port.ts';
import { callerOf, hashToken } from './authenticate.ts';
import type { Role } from './caller.ts';
import type { HttpModules, HttpOptions } from './options.ts';
import { parse } from './problem.ts';
import { endSession, keepNonce, keepSession, takeNonce } from './sessions.sql.ts';

/** From challenge to login: long enough for a person to type a passphrase. */
const NONCE_SECONDS = 120;

const challengeBody = z.strictObject({ address: addressSchema, nonce: digestSchema });
const loginBody = z.strictObject({
  address: addressSchema,
  nonce: digestSchema,
  expires: instantSchema,
  signature: signatureSchema,
});
type LoginBody = z.infer<typeof loginBody>;

/** Both ends prove themselves by an EIP-712 `Login` over the nonce that the other made. */
export function loginRoutes(app: FastifyInstance, options: HttpOptions, modules: HttpModules): void {
  const { db, chain, clock } = modules;
  const key = addressOf(options.privateKey);

  app.post('/login/challenge', { config: { open: true } }, async (request) => {
    const { address, nonce: theirs } = parse(challengeBody, request.body);
    const now = clock.now();
    const expires = now + NONCE_SECONDS;
    const nonce = digest(bytesToHex(randomBytes(32)));
    if (!(await keepNonce(db, { nonce, key: address, expires }, now))) {
      throw new SyndicError('TOO_MANY', 'too many logins are under way: try again in a minute');
    }
    const message = { from: key, to: address, nonce: theirs, expires };
    const signature = sign(options.privateKey, options.domain, 'Login', message);
    const { chainId, contracts } = options.info;
    return { nonce, expires, key, signature, coordinator: options.coordinatorAccount, chainId, contracts };
  });

  app.post('/login', { config: { open: true } }, async (request) => {
    const body = parse(loginBody, request.body);
    await checkLogin(body);
    const found = await chain.roles(body.address);
    const roles = rolesOf(body.address, found);
    const token = randomBytes(32).toString('hex');
    const now = clock.now();
    const expires = now + options.sessionSeconds;
    const row = { token_hash: hashToken(token), role: roles[0], slot: found.slot, key: body.address, expires };
    await keepSession(db, { ...row, capabilities: { roles } }, now);
    return { token, roles, slot: found.slot, expires };
  });

  app.post('/logout', async (request, reply) => {
    await endSession(db, callerOf(request).session);
    return reply.code(204).send();
  });

  async function checkLogin({ address, nonce, expires, signature }: LoginBody): Promise<void> {
    const taken = await takeNonce(db, nonce, address, clock.now());
    if (taken === null || taken.expires !== expires) {
      throw new SyndicError('SESSION_EXPIRED', 'the login nonce is unknown, used or over: ask for a new challenge');
    }
    const signer = recover(options.domain, 'Login', { from: address, to: key, nonce, expires }, signature);
    if (signer === address) return;
    throw new SyndicError('SIGNATURE_INVALID', `the login is not signed by ${address} for this coordinator and chain`, {
      address,
      coordinator: key,
      chainId: options.info.chainId,
    });
  }
}

/** @throws SyndicError FORBIDDEN when the chain gives none */
function rolesOf(who: Address, { operator, auditor, slot }: Roles): [Role, ...Role[]] {
  const roles: Role[] = [];
  if (operator) roles.push('operator');
  if (slot !== null) roles.push('member');
  if (auditor) roles.push('auditor');
  const [first, ...others] = roles;
  if (first !== undefined) return [first, ...others];
  throw new SyndicError(
    'FORBIDDEN',
    `${who} has no role on chain: the consortium's admin admits members and operators`,
    {
      address: who,
    },
  );
}
