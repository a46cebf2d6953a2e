import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createApp } from '../../../../coordinator/http/app.ts';
import { SyndicError } from '../../../../core/errors/SyndicError.ts';
import { bytesToHex, type Digest, slot } from '../../../../core/values.ts';
import { Harness, someDigest } from './harness.ts';

let http: Harness;
beforeAll(async () => {
  http = await Harness.start();
});
afterAll(async () => {
  await http.stop();
});

const ID = `0x${'ab'.repeat(32)}`;
const OPEN = ['GET /healthz', 'GET /readyz', 'POST /api/v1/login', 'POST /api/v1/login/challenge'];

async function allRoutes(): Promise<string[]> {
  const { app, routes } = await createApp(http.options(), http.modules(), new AbortController().signal);
  await app.close();
  return routes.flatMap(({ method, url }) => [method].flat().map((verb) => `${verb} ${url}`));
}

describe('without a session', () => {
  test('every route but health and login is refused', async () => {
    const closed: string[] = [];
    const routes = await allRoutes();
    for (const route of routes) {
      const [method = '', path = ''] = route.split(' ');
      const concrete = path.replace(/:\w+/g, ID);
      const { status, body } = await http.send(method, concrete, method === 'GET' ? {} : { body: {} });
      if (status === 401 && body.code === 'SESSION_EXPIRED') closed.push(route);
    }
    expect(routes.length).toBeGreaterThan(12);
    expect(routes.filter((route) => !closed.includes(route)).sort()).toEqual(OPEN);
  });

  test.each(['Bearer', 'Bearer xyz', `Basic ${'a'.repeat(64)}`, `Bearer ${'0'.repeat(64)}`])(
    'an authorization of %j opens nothing',
    async (authorization) => {
      const response = await fetch(`${http.url}/api/v1/info`, { headers: { authorization } });
      expect(response.status).toBe(401);
    },
  );

  test('health is told', async () => {
    expect((await http.send('GET', '/healthz')).body).toEqual({ alive: true });
    expect((await http.send('GET', '/readyz')).status).toBe(200);
    http.checks = { database: true, chain: false };
    const { status, body } = await http.send('GET', '/readyz');
    expect(status).toBe(503);
    expect(body).toEqual({ ready: false, checks: { database: true, chain: false } });
    http.checks = { database: true, chain: true };
  });
});

describe('what goes wrong is told as problem+json', () => {
  test('a malformed request, with every fault', async () => {
    const body = { address: '0xAB', nonce: 7, more: true };
    const { status, headers, body: problem } = await http.send('POST', '/api/v1/login/challenge', { body });
    expect(status).toBe(400);
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(problem).toMatchObject({ type: 'urn:syndic:error:USAGE', code: 'USAGE', status: 400, retryable: false });
    expect(problem.details.faults.map(({ path }: { path: string }) => path).sort()).toEqual([
      'address',
      'more',
      'nonce',
    ]);
  });

  test.each([
    ['not JSON', '{"address":', 'application/json', 400, 'USAGE'],
    ['of another media type', 'address=1', 'application/x-www-form-urlencoded', 415, 'USAGE'],
    ['too long', JSON.stringify({ address: 'x'.repeat(70_000) }), 'application/json', 413, 'TOO_LARGE'],
  ])('a body %s', async (_what, body, type, status, code) => {
    const headers = { 'content-type': type };
    const response = await fetch(`${http.url}/api/v1/login`, { method: 'POST', headers, body });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code, status });
  });

  test('an unknown path', async () => {
    const { status, body } = await http.send('GET', '/api/v2/studies');
    expect(status).toBe(404);
    expect(body.code).toBe('NOT_FOUND');
  });

  test('a known path with another method', async () => {
    const { status, headers, body } = await http.send('DELETE', `/api/v1/studies/${ID}`);
    expect(status).toBe(405);
    expect(headers.get('allow')).toBe('GET');
    expect(body.code).toBe('USAGE');
  });

  test('a fault of ours is a number outside and whole in the log', async () => {
    const modules = http.modules();
    const broken = async () => {
      throw new Error('password=hunter2 is wrong');
    };
    const { app } = await createApp(
      http.options(),
      { ...modules, studies: { ...modules.studies, list: broken } },
      new AbortController().signal,
    );
    const headers = { authorization: `Bearer ${await http.login({ operator: true })}` };
    const response = await app.inject({ method: 'GET', url: '/api/v1/studies', headers });
    await app.close();
    expect(response.statusCode).toBe(500);
    expect(response.body).not.toContain('hunter2');
    const entry = http.logged.find(({ level }) => level === 'error');
    expect(JSON.stringify(entry?.facts)).toContain('hunter2');
    expect(JSON.stringify(entry?.facts)).toContain(response.json().request);
  });

  test('a code of ours keeps its status', async () => {
    const modules = http.modules();
    const refuse = async () => {
      throw new SyndicError('STATE_CONFLICT', 'the study is over');
    };
    const { app } = await createApp(
      http.options(),
      { ...modules, studies: { ...modules.studies, pause: refuse } },
      new AbortController().signal,
    );
    const headers = { authorization: `Bearer ${await http.login({ operator: true })}` };
    const response = await app.inject({ method: 'POST', url: `/api/v1/studies/${ID}/pause`, headers });
    await app.close();
    expect(response.statusCode).toBe(409);
    expect(response.json()).toMatchObject({ code: 'STATE_CONFLICT', detail: 'the study is over' });
  });
});

describe('studies', () => {
  const order = () => ({
    plan: Buffer.from('{"a":1}').toString('base64'),
    initialModel: someDigest(),
    coordinator: `0x${'11'.repeat(20)}`,
    minIncluded: 2,
    salt: someDigest(),
    signature: `0x${'22'.repeat(65)}`,
  });

  test("an operator's order is passed on under the session's address", async () => {
    const token = await http.login({ operator: true });
    const body = order();
    const { status, headers, body: answer } = await http.send('POST', '/api/v1/studies', { token, body });
    expect(status).toBe(201);
    expect(headers.get('location')).toBe(`/api/v1/studies/${answer.id}`);
    const passed = http.orders.at(-1);
    expect(passed).toMatchObject({ salt: body.salt, minIncluded: 2, signature: body.signature });
    expect([...http.roles.keys()].at(-1)).toBe(passed?.operator);
    expect(Buffer.from(passed?.plan ?? []).toString()).toBe('{"a":1}');
  });

  test('a plan sent as a document is the same plan', async () => {
    const token = await http.login({ operator: true });
    await http.send('POST', '/api/v1/studies', { token, body: { ...order(), plan: { b: [1, 'x'], a: 1 } } });
    expect(Buffer.from(http.orders.at(-1)?.plan ?? []).toString()).toBe('{"a":1,"b":[1,"x"]}');
  });

  test.each(['start', 'pause', 'resume', 'abort'])('%s is for operators', async (verb) => {
    const body = verb === 'abort' ? { reason: 'ethics' } : {};
    const path = `/api/v1/studies/${ID}/${verb}`;
    http.grants.add(`${ID}/4`);
    for (const roles of [{ slot: slot(4) }, { auditor: true }]) {
      const refused = await http.send('POST', path, { token: await http.login(roles), body });
      expect(refused.status).toBe(403);
    }
    const before = http.acts.length;
    const { status } = await http.send('POST', path, { token: await http.login({ operator: true }), body });
    expect(status).toBe(202);
    expect(http.acts.slice(before)).toHaveLength(1);
    expect(http.acts.at(-1)).toMatch(new RegExp(`^${verb}.* ${ID} `));
  });

  test('opening is for operators', async () => {
    const token = await http.login({ slot: slot(1), auditor: true });
    expect((await http.send('POST', '/api/v1/studies', { token, body: order() })).status).toBe(403);
  });

  test('an abort needs a reason', async () => {
    const token = await http.login({ operator: true });
    const { status } = await http.send('POST', `/api/v1/studies/${ID}/abort`, { token, body: { reason: ' ' } });
    expect(status).toBe(400);
  });

  test('its course is shown to operators, auditors and members that joined', async () => {
    const { id } = await http.addStudy();
    http.grants.add(`${id}/2`);
    const statusFor = async (roles: object, path: string) =>
      (await http.send('GET', `/api/v1/studies/${id}${path}`, { token: await http.login(roles) })).status;
    for (const path of ['', '/events']) {
      expect(await statusFor({ operator: true }, path)).toBe(200);
      expect(await statusFor({ auditor: true }, path)).toBe(200);
      expect(await statusFor({ slot: slot(2) }, path)).toBe(200);
      expect(await statusFor({ slot: slot(3) }, path)).toBe(403);
    }
  });
});

describe('events', () => {
  const event = (study: Digest, id: number) => {
    http.happened.push({ id, at: http.modules().clock.now(), study, round: null, slot: null, type: 'x', data: {} });
  };

  test('come after a given one, oldest first', async () => {
    const { id } = await http.addStudy();
    for (const n of [1, 2, 3]) event(id, n);
    const token = await http.login({ operator: true });
    const { body } = await http.send('GET', `/api/v1/studies/${id}/events?after=1`, { token });
    expect(body.events.map((each: { id: number }) => each.id)).toEqual([2, 3]);
    expect(body.last).toBe(3);
  });

  test('are waited for', async () => {
    const { id } = await http.addStudy();
    const token = await http.login({ operator: true });
    const answer = http.send('GET', `/api/v1/studies/${id}/events?wait=20`, { token });
    setTimeout(() => event(id, 9), 300);
    expect((await answer).body.last).toBe(9);
  });

  test('of a study that is not here are not found', async () => {
    const token = await http.login({ operator: true });
    expect((await http.send('GET', `/api/v1/studies/${someDigest()}/events?wait=20`, { token })).status).toBe(404);
  });

  test('are no longer waited for when the server stops', async () => {
    const other = await Harness.start();
    try {
      const { id } = await other.addStudy();
      const token = await other.login({ operator: true });
      const answer = other.send('GET', `/api/v1/studies/${id}/events?wait=25`, { token });
      await new Promise((resolve) => setTimeout(resolve, 200));
      const began = performance.now();
      await other.closeServer();
      expect((await answer).body.events).toEqual([]);
      expect(performance.now() - began).toBeLessThan(20_000);
    } finally {
      await other.stop();
    }
  });
});

describe('files: who may read what', () => {
  const WHO = {
    operator: { operator: true },
    auditor: { auditor: true },
    owner: { slot: slot(1) },
    joined: { slot: slot(2) },
    outsider: { slot: slot(3) },
  };
  const TABLE: [kind: string, readers: (keyof typeof WHO)[]][] = [
    ['plan', ['operator', 'auditor', 'owner', 'joined', 'outsider']],
    ['model', ['operator', 'owner', 'joined']],
    ['global', ['operator', 'owner', 'joined']],
    ['manifest', ['operator', 'auditor', 'owner', 'joined']],
    ['statement', ['operator', 'auditor', 'owner', 'joined']],
    ['receipt', ['operator', 'auditor', 'owner', 'joined']],
    ['report', ['operator', 'auditor', 'owner', 'joined']],
    ['update', ['owner']],
  ];
  let digests: Record<string, Digest>;

  beforeAll(async () => {
    const { id, plan, model } = await http.addStudy();
    digests = { plan, model, ...(await http.addRound(id, model, slot(1))) };
    for (const each of Object.values(digests)) http.files.set(each, new TextEncoder().encode(`{"of":"${each}"}`));
    http.grants.add(`${id}/1`).add(`${id}/2`);
  });

  test.each(TABLE)('%s', async (kind, readers) => {
    for (const [who, roles] of Object.entries(WHO)) {
      const token = await http.login(roles);
      const { status, body } = await http.send('GET', `/api/v1/files/${digests[kind]}`, { token });
      const allowed = readers.some((reader) => reader === who);
      expect([who, status]).toEqual([who, allowed ? 200 : 403]);
      if (allowed) expect(body).toEqual({ of: digests[kind] });
    }
  });

  test('comes with its length, type and digest, by either spelling of the name', async () => {
    const token = await http.login({ operator: true });
    const name = digests.manifest?.slice(2);
    const { status, headers } = await http.send('GET', `/api/v1/files/${name}`, { token });
    expect(status).toBe(200);
    expect(headers.get('content-length')).toBe('75');
    expect(headers.get('content-type')).toBe('application/json');
    expect(headers.get('etag')).toBe(`"${digests.manifest}"`);
  });

  test('a file of no study is nobody’s to read, even when the store has it', async () => {
    const stray = someDigest();
    http.files.set(stray, new Uint8Array(20));
    const token = await http.login({ operator: true });
    expect((await http.send('GET', `/api/v1/files/${stray}`, { token })).status).toBe(404);
  });

  test('a file that the store let go is not found', async () => {
    const { plan } = await http.addStudy();
    const token = await http.login({ operator: true });
    expect((await http.send('GET', `/api/v1/files/${plan}`, { token })).body.code).toBe('NOT_FOUND');
  });

  test.each(['../../etc/passwd', bytesToHex(new Uint8Array(31)), ID.toUpperCase()])('%s is no name', async (name) => {
    const token = await http.login({ operator: true });
    const { status } = await http.send('GET', `/api/v1/files/${encodeURIComponent(name)}`, { token });
    expect(status).toBe(400);
  });
});
