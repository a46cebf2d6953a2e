import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHttp } from '../../../coordinator/http/server.ts';
import type { StudyDetail } from '../../../coordinator/studies/port.ts';
import { checkPlan } from '../../../core/plan/checkPlan.ts';
import { sha256 } from '../../../core/sha256.ts';
import { sealKey } from '../../../core/statements/keystore.ts';
import { recover } from '../../../core/statements/sign.ts';
import { studyId } from '../../../core/statements/studyId.ts';
import { type Digest, digest, round, type StudyId, slot } from '../../../core/values.ts';
import { makeCertificate } from '../../../embedded/certificate.ts';
import { DOMAIN, detail, Harness, person, someDigest } from '../coordinator/http/harness.ts';
import { syndic } from './spawn.ts';

const PLAN = join(import.meta.dirname, '..', '..', '..', 'examples', 'heart', 'plan.yaml');

let http: Harness;
let dir: string;
const operator = person();
let profile: string;

beforeAll(async () => {
  http = await Harness.start();
  http.roles.set(operator.address, { operator: true, auditor: false, slot: null });
  dir = mkdtempSync(join(tmpdir(), 'syndic-session-'));
  writeFileSync(join(dir, 'key.json'), await sealKey(operator.key, 'open sesame', 1024));
  writeFileSync(join(dir, 'passphrase'), 'open sesame\n');
  profile = writeProfile('profile.json', {});
});
afterAll(async () => {
  rmSync(dir, { recursive: true, force: true });
  await http.stop();
});

function writeProfile(name: string, changes: object): string {
  const path = join(dir, name);
  const values = {
    schema: 'passed over',
    url: http.url,
    keystore: 'key.json',
    passphraseFile: 'passphrase',
    coordinator: http.coordinatorAccount,
    coordinatorKey: http.coordinator.address,
    ...changes,
  };
  writeFileSync(path, JSON.stringify(values));
  return path;
}

const run = (...args: string[]) => syndic([...args, '--profile', profile]);
const errorOf = (stderr: string) => JSON.parse(stderr).error;

describe('logging in', () => {
  test('works by a profile whose paths are meant from its own folder, and ends the session', async () => {
    const { code, stdout, stderr } = await run('study', 'list', '--json');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual([]);
    expect(await http.db.selectFrom('sessions').selectAll().execute()).toEqual([]);
  });

  test('works by flags, which go before the profile', async () => {
    const { code, stderr } = await run('study', 'list', '--url', 'http://127.0.0.1:1', '--json');
    expect(code).toBe(7);
    expect(errorOf(stderr)).toMatchObject({ code: 'COORDINATOR_UNAVAILABLE', retryable: true });
  });

  test('refuses a coordinator that signs with another key, before signing anything', async () => {
    const other = writeProfile('other-key.json', { coordinatorKey: person().address });
    const { code, stderr } = await syndic(['study', 'list', '--json', '--profile', other]);
    expect(code).toBe(9);
    expect(errorOf(stderr).code).toBe('COORDINATOR_UNTRUSTED');
    expect(await http.db.selectFrom('sessions').selectAll().execute()).toEqual([]);
  });

  test('asks for a key or a node when the account alone is known', async () => {
    const account = writeProfile('account.json', { coordinatorKey: undefined });
    const { code, stderr } = await syndic(['study', 'list', '--profile', account]);
    expect(code).toBe(9);
    expect(stderr).toContain('--rpc');
  });

  test.each([
    ['chain', { chainId: 1 }],
    ['ledger', { ledger: person().address }],
  ])('refuses a coordinator of another %s', async (_what, changes) => {
    const { contracts, chainId } = http.options().info;
    const deployment = { chainId, genesis: someDigest(), ...contracts };
    writeFileSync(join(dir, 'deployment.json'), JSON.stringify(deployment));
    const path = writeProfile('deployed.json', { deployment: 'deployment.json' });
    expect((await syndic(['study', 'list', '--profile', path])).code).toBe(0);
    writeFileSync(join(dir, 'deployment.json'), JSON.stringify({ ...deployment, ...changes }));
    const { code, stderr } = await syndic(['study', 'list', '--json', '--profile', path]);
    expect(code).toBe(9);
    expect(errorOf(stderr).code).toBe('COORDINATOR_UNTRUSTED');
  });

  test('says that a passphrase is wrong, and nothing of it', async () => {
    writeFileSync(join(dir, 'wrong'), 'hunter2\n');
    const { code, stderr } = await run('study', 'list', '--passphrase-file', join(dir, 'wrong'));
    expect(code).toBe(4);
    expect(stderr).toMatch(/^error KEYSTORE_INVALID: /);
    expect(stderr).not.toContain('hunter2');
  });

  test('says that something is there which is no coordinator', async () => {
    const other = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const at = other.address();
    const port = typeof at === 'object' ? at?.port : 0;
    const { code, stderr } = await run('study', 'list', '--url', `http://127.0.0.1:${port}`, '--json');
    other.close();
    expect(code).toBe(6);
    expect(errorOf(stderr).code).toBe('VERSION_UNSUPPORTED');
  });
});

describe('over TLS', () => {
  test('a pinned key is enough, and another is refused', async () => {
    const { cert, key, pin } = await makeCertificate(['127.0.0.1'], new Date(), 1);
    const server = await createHttp({ ...http.options(), tls: { cert, key } }, http.modules());
    try {
      expect(server.url).toMatch(/^https:/);
      expect((await run('study', 'list', '--url', server.url, '--pin', pin)).code).toBe(0);
      const wrong = await run('study', 'list', '--url', server.url, '--pin', someDigest(), '--json');
      expect(wrong.code).toBe(9);
      expect(errorOf(wrong.stderr).code).toBe('PIN_MISMATCH');
      // Without a pin, a certificate that no authority signed is none.
      expect((await run('study', 'list', '--url', server.url)).code).toBe(7);
    } finally {
      await server.close();
    }
  });

  test('a pin is not satisfied by plain HTTP', async () => {
    const { code, stderr } = await run('study', 'list', '--pin', someDigest(), '--json');
    expect(code).toBe(9);
    expect(errorOf(stderr).code).toBe('PIN_MISMATCH');
  });
});

describe('study', () => {
  test('open sends the checked plan under a signature that anyone can check', async () => {
    const salt = someDigest();
    const { hash, bytes } = checkPlan(readFileSync(PLAN, 'utf8'), 'yaml');
    const expected = studyId(DOMAIN.chainId, DOMAIN.verifyingContract, operator.address, hash, salt);
    http.opened = expected;
    const { code, stdout, stderr } = await run('study', 'open', '--plan', PLAN, '--salt', salt);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toBe(`${expected}\n`);
    const order = http.orders.at(-1);
    if (order === undefined) throw new Error('no order came');
    expect(Buffer.from(order.plan).equals(bytes)).toBe(true);
    const { initialModel, coordinator, minIncluded } = order;
    expect(coordinator).toBe(http.coordinatorAccount);
    expect(minIncluded).toBe(2);
    const message = { plan: hash, initialModel, coordinator, minIncluded, salt };
    expect(recover(DOMAIN, 'OpenStudy', message, order.signature)).toBe(operator.address);
  });

  test('open refuses an answer that names another study', async () => {
    http.opened = someDigest();
    const { code, stdout, stderr } = await run('study', 'open', '--plan', PLAN, '--json');
    expect(code).toBe(9);
    expect(stdout).toBe('');
    expect(errorOf(stderr).code).toBe('COORDINATOR_UNTRUSTED');
  });

  test('open of a faulty plan sends nothing', async () => {
    const before = http.orders.length;
    const path = join(dir, 'faulty.json');
    writeFileSync(path, '{"schema":"syndic.plan/1"}');
    expect((await run('study', 'open', '--plan', path)).code).toBe(3);
    expect(http.orders).toHaveLength(before);
  });

  test.each([
    ['start', []],
    ['pause', []],
    ['resume', []],
    ['abort', ['--reason', 'ethics board said so']],
  ])('%s is ordered for the study whose beginning is given', async (verb, more) => {
    const study = addStudy();
    const { code, stdout } = await run('study', verb, study.slice(0, 14), ...more, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ study, ordered: verb });
    expect(http.acts.at(-1)).toContain(`${study} ${operator.address}`);
  });

  test('abort without a reason is wrong usage', async () => {
    expect((await run('study', 'abort', addStudy())).code).toBe(2);
  });

  test('a beginning that two studies have is refused', async () => {
    const first = addStudy();
    const twin = digest(`${first.slice(0, 20)}${'0'.repeat(46)}`);
    http.shown.set(twin, detail(twin));
    const { code, stderr } = await run('study', 'show', first.slice(0, 12));
    expect(code).toBe(2);
    expect(stderr).toContain('give more of the id');
    expect((await run('study', 'show', '0xffffffffffff')).code).toBe(5);
    expect((await run('study', 'show', 'heart')).code).toBe(2);
  });

  test('list off a terminal is tab-separated lines without a header', async () => {
    http.shown.clear();
    const study = addStudy();
    const { stdout } = await run('study', 'list');
    expect(stdout).toBe(`${study}\ttest\trunning\t0/1\t1970-01-01T00:00:01Z\n`);
  });

  test('show tells what came of each member, metrics included', async () => {
    const study = addStudy();
    const metrics = { before: { loss: { value: 0.7 } }, after: { loss: { value: null, reason: 'minCell' } } };
    const [task, base] = [{ phase: null, done: 0, total: 0 }, someDigest()];
    const done = { slot: slot(1), state: 'accepted' as const, ...task, update: base, samples: 5, metrics };
    const refusal = { code: 'GRANT_MISSING', message: 'revoked\u001b[2J' };
    const not = { slot: slot(2), state: 'refused' as const, ...task, update: null, samples: null, metrics: null };
    setAttempts(study, [
      { ...done, refusal: null },
      { ...not, refusal },
    ]);
    const { code, stdout } = await run('study', 'show', study);
    expect(code).toBe(0);
    expect(stdout).toContain(`1\taccepted\t\t5\t${base}\t0.7000 → withheld\t\n`);
    expect(stdout).toContain('GRANT_MISSING: revoked\ufffd[2J');
    const whole = JSON.parse((await run('study', 'show', study, '--json')).stdout);
    expect(whole.attempts[0].tasks[0].metrics).toEqual(metrics);
  });

  test('watch prints each event once and ends with the study', async () => {
    const { id } = await http.addStudy();
    http.shown.set(id, { ...detail(id), state: 'running' });
    const event = (n: number) => ({ id: n, at: http.modules().clock.now(), study: id, round: 1, slot: null });
    http.happened.push({ ...event(1), type: 'round.opened', data: { n: 1 } });
    const watched = run('study', 'watch', id);
    setTimeout(() => {
      http.happened.push({ ...event(2), type: 'study.closed', data: {} });
      http.shown.set(id, { ...detail(id), state: 'closed', completed: 1 });
    }, 1500);
    const { code, stdout } = await watched;
    expect(code).toBe(0);
    expect(stdout.split('\n').map((line) => line.split('\t')[1])).toEqual(['round.opened', 'study.closed', undefined]);
  });

  test('watch of a study that failed ends with 10', async () => {
    const { id } = await http.addStudy();
    http.shown.set(id, { ...detail(id), state: 'closed', completed: 0, rounds: 2 });
    const { code, stderr } = await run('study', 'watch', id, '--json');
    expect(code).toBe(10);
    expect(errorOf(stderr).code).toBe('RUN_FAILED');
  });
});

describe('model pull', () => {
  async function addModel(bytes: Uint8Array): Promise<{ study: StudyId; model: Digest }> {
    const { id, model } = await http.addStudy();
    http.files.set(model, bytes);
    http.shown.set(id, { ...detail(id), model });
    return { study: id, model };
  }

  test('keeps nothing whose bytes are not those of the digest', async () => {
    const { study } = await addModel(new Uint8Array(5000).fill(7));
    const out = join(dir, 'model.safetensors');
    writeFileSync(out, 'as before');
    const { code, stderr } = await run('model', 'pull', '--study', study, '--out', out, '--json');
    expect(code).toBe(9);
    expect(errorOf(stderr).code).toBe('DIGEST_MISMATCH');
    expect(readFileSync(out, 'utf8')).toBe('as before');
    expect(readdirSync(dir).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  test('saves the newest model, or that of a round', async () => {
    const bytes = new Uint8Array(5000).map((_, i) => i % 251);
    const { id, model } = await http.addStudy();
    const made = await http.addRound(id, model, slot(1), sha256(bytes));
    http.files.set(sha256(bytes), bytes);
    http.shown.set(id, { ...detail(id), model: sha256(bytes) });
    const out = join(dir, 'pulled.safetensors');
    const { code, stdout } = await run('model', 'pull', '--study', id, '--out', out, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ study: id, model: made.global, bytes: 5000, file: out });
    expect(Buffer.from(bytes).equals(readFileSync(out))).toBe(true);
    const none = await run('model', 'pull', '--study', id, '--round', '7', '--out', join(dir, 'none'));
    expect(none.code).toBe(5);
    expect(existsSync(join(dir, 'none'))).toBe(false);
  });
});

function addStudy(): StudyId {
  const id = someDigest();
  http.shown.set(id, detail(id));
  return id;
}

function setAttempts(study: StudyId, tasks: StudyDetail['attempts'][number]['tasks']): void {
  const now = http.modules().clock.now();
  const empty = { outcome: null, global: null, manifest: null, transaction: null, block: null, closed: null };
  const attempt = { ...empty, state: 'collecting' as const, base: someDigest(), opened: now, deadline: now, tasks };
  http.shown.set(study, { ...detail(study), attempts: [{ ...attempt, round: round(1) }] });
}
