import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { recover, sign } from '../../../../core/statements/sign.ts';
import { domain } from '../../../../core/statements/types.ts';
import { DOMAIN, Harness, person, someDigest } from './harness.ts';

let http: Harness;
beforeAll(async () => {
  http = await Harness.start();
});
afterAll(async () => {
  await http.stop();
});

const login = (body: unknown) => http.send('POST', '/api/v1/login', { body });
const list = (token: string) => http.send('GET', '/api/v1/studies', { token });

function operator() {
  const who = person();
  http.roles.set(who.address, { operator: true, auditor: false, slot: null });
  return who;
}

describe('login', () => {
  test('the coordinator proves itself over the nonce that the caller made', async () => {
    const who = person();
    const { status, body, sent } = await http.challenge(who);
    expect(status).toBe(200);
    expect(body.key).toBe(http.coordinator.address);
    expect(body.coordinator).toBe(http.coordinatorAccount);
    const message = { from: body.key, to: who.address, nonce: sent, expires: body.expires };
    expect(recover(DOMAIN, 'Login', message, body.signature)).toBe(http.coordinator.address);
    expect(body.nonce).not.toBe(sent);
  });

  test('an operator who signs the nonce gets a session with its role from the chain', async () => {
    const { status, body } = await login(await http.loginBody(operator()));
    expect(status).toBe(200);
    expect(body).toMatchObject({ roles: ['operator'], slot: null, expires: http.time + 600 });
    expect(body.token).toMatch(/^[0-9a-f]{64}$/);
    expect((await list(body.token)).status).toBe(200);
  });

  test('only a hash of the token is stored', async () => {
    const token = await http.login({ operator: true });
    const rows = await http.db.selectFrom('sessions').selectAll().execute();
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(token);
  });

  test('a nonce is good for one login', async () => {
    const body = await http.loginBody(operator());
    expect((await login(body)).status).toBe(200);
    const again = await login(body);
    expect(again.status).toBe(401);
    expect(again.body.code).toBe('SESSION_EXPIRED');
  });

  test('a nonce is used up by a wrong signature too', async () => {
    const who = operator();
    const right = await http.loginBody(who);
    const wrong = sign(person().key, DOMAIN, 'Login', {
      from: who.address,
      to: http.coordinator.address,
      nonce: right.nonce,
      expires: right.expires,
    });
    expect((await login({ ...right, signature: wrong })).body.code).toBe('SIGNATURE_INVALID');
    expect((await login(right)).body.code).toBe('SESSION_EXPIRED');
  });

  test('a nonce is good for its address only', async () => {
    const right = await http.loginBody(operator());
    const other = operator();
    const message = { from: other.address, to: http.coordinator.address, nonce: right.nonce, expires: right.expires };
    const signature = sign(other.key, DOMAIN, 'Login', message);
    const answer = await login({ ...right, address: other.address, signature });
    expect(answer.body.code).toBe('SESSION_EXPIRED');
  });

  test("a worker's nonce is not taken here", async () => {
    const who = operator();
    const nonce = someDigest();
    const expires = http.time + 60;
    await http.db
      .insertInto('nonces')
      .values({ nonce, key: who.address, slot: 3, capabilities: null, expires })
      .execute();
    const message = { from: who.address, to: http.coordinator.address, nonce, expires };
    const answer = await login({
      address: who.address,
      nonce,
      expires,
      signature: sign(who.key, DOMAIN, 'Login', message),
    });
    expect(answer.body.code).toBe('SESSION_EXPIRED');
  });

  test('a nonce ends', async () => {
    const body = await http.loginBody(operator());
    http.time += 121;
    expect((await login(body)).body.code).toBe('SESSION_EXPIRED');
  });

  test.each([
    ['signed by somebody else', { signer: person() }],
    ['for another coordinator', { to: person().address }],
    ['for another chain', { domain: domain(1, DOMAIN.verifyingContract) }],
    ['for another ledger', { domain: domain(31_337, person().address) }],
  ])('a login %s is refused', async (_what, wrong) => {
    const { status, body } = await login(await http.loginBody(operator(), wrong));
    expect(status).toBe(401);
    expect(body.code).toBe('SIGNATURE_INVALID');
  });

  test('who has no role on chain gets no session', async () => {
    const { status, body } = await login(await http.loginBody(person()));
    expect(status).toBe(403);
    expect(body.code).toBe('FORBIDDEN');
  });

  test('the flood of nonces has an end', async () => {
    const waiting = Array.from({ length: 10_000 }, () => ({
      nonce: someDigest(),
      key: person().address,
      slot: null,
      capabilities: null,
      expires: http.time + 100,
    }));
    for (let at = 0; at < waiting.length; at += 2000) {
      await http.db
        .insertInto('nonces')
        .values(waiting.slice(at, at + 2000))
        .execute();
    }
    const { status, body } = await http.challenge(person());
    expect(status).toBe(429);
    expect(body).toMatchObject({ code: 'TOO_MANY', retryable: true });
    http.time += 121;
    expect((await http.challenge(person())).status).toBe(200);
  });
});

describe('a session', () => {
  test('ends at its time', async () => {
    const token = await http.login({ operator: true });
    http.time += 599;
    expect((await list(token)).status).toBe(200);
    http.time += 1;
    const { status, headers, body } = await list(token);
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toBe('Bearer');
    expect(body.code).toBe('SESSION_EXPIRED');
  });

  test('ends with a logout', async () => {
    const token = await http.login({ operator: true });
    expect((await http.send('POST', '/api/v1/logout', { token })).status).toBe(204);
    expect((await list(token)).status).toBe(401);
  });

  test("of a worker is none of a person's", async () => {
    const token = await http.login({ slot: null, operator: true });
    await http.db.updateTable('sessions').set({ role: 'worker' }).execute();
    expect((await list(token)).status).toBe(401);
  });

  test('of several roles has them all', async () => {
    const who = person();
    http.roles.set(who.address, { operator: true, auditor: true, slot: null });
    const { body } = await login(await http.loginBody(who));
    expect(body.roles).toEqual(['operator', 'auditor']);
  });
});
