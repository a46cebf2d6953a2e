import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { needs } from '../../support/needs.ts';
import { syndic } from '../../unit/cli/spawn.ts';
import { Host } from './Host.ts';

const PROGRAMS = ['redis-server', 'redis-cli', 'pg_isready'];
const missing = PROGRAMS.filter((name) => spawnSync(name, ['--version']).status !== 0);
const CHECKED = ['postgres', 'redis', 'chain', 'coordinator'];
const ALL = ['dev', 'demo'];
const ROUNDS = 2;
const ANSWERS_SECONDS = 120;

needs(missing.join(', '), missing.length === 0)('the services of docker-compose.yml', () => {
  let host: Host;
  const read = (volume: string, name: string) => readFileSync(join(host.volume(volume), name), 'utf8');
  const health = () => Promise.all(CHECKED.map((name) => host.isHealthy(name)));

  beforeAll(async () => {
    const dir = mkdtempSync(join(tmpdir(), 'syndic-test-compose-'));
    host = await Host.prepare(dir, { DEMO_ROUNDS: String(ROUNDS) });
  });
  afterAll(async () => {
    await host?.remove();
  });

  async function lastBlock(): Promise<number> {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_blockNumber', params: [] });
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`http://127.0.0.1:${host.port(8545)}`, { method: 'POST', headers, body });
    return Number(((await answer.json()) as { result: string }).result);
  }

  async function history(): Promise<(string | undefined)[][]> {
    const { code, stdout, stderr } = await host.run('demo', ['history']);
    expect([code, stderr]).toEqual([0, expect.stringContaining('equals what the ledger stores')]);
    const lines = stdout.trim().split('\n');
    return lines
      .map((line) => line.split('\t'))
      .map(([, round, outcome, , slot, status, , , , verdict]) => [round, outcome, slot, status, verdict]);
  }

  /** What must not change when everything is started again. */
  function kept(): string[] {
    const places = [
      ['database', 'url'],
      ['queue', 'redis.conf'],
      ['coordinator', 'passphrase'],
      ['coordinator', 'tls-cert.pem'],
      ['deployment', 'deployment.json'],
      ['deployment', 'profile.json'],
      ['demo', 'study'],
    ] as const;
    return places.map(([volume, name]) => read(volume, name));
  }

  test('come up in the order that the file states, each when the health checks of those before say so', async () => {
    expect(await health()).toEqual([false, false, false, false]);
    await host.up(ALL);
    expect(await health()).toEqual([true, true, true, true]);
  });

  test('train a short study on synthetic rows with the profile demo, anchored, and attested by all four hospitals', async () => {
    const watched = await host.run('demo', ['watch']);
    expect([watched.code, watched.stderr]).toEqual([0, '']);
    const slots = ['1', '2', '3', '4'];
    const expected = ['1', '2'].flatMap((round) =>
      slots.map((slot) => [round, 'completed', slot, 'included', 'attested']),
    );
    // The hospitals answer what the chain holds after the study has ended; nothing moves once all have.
    let rounds = await history();
    for (let more = ANSWERS_SECONDS; more > 0 && !isDeepStrictEqual(rounds, expected); more -= 1) {
      await sleep(1000);
      rounds = await history();
    }
    expect(rounds).toEqual(expected);
  });

  test('are founded once: started again, they deploy nothing, open nothing, and draw no new secret', async () => {
    const before = [await lastBlock(), ...kept()];
    await host.down();
    expect(await health()).toEqual([false, false, false, false]);
    await host.up(ALL);
    expect([await lastBlock(), ...kept()]).toEqual(before);
    expect(await health()).toEqual([true, true, true, true]);
  });

  test('join a consortium that was founded elsewhere, once its admin has listed the coordinator', async () => {
    const at = mkdtempSync(join(host.dir, 'elsewhere-'));
    const [ACCOUNTS_DIR, COORDINATOR_DIR, DEPLOYMENT_DIR] = ['accounts', 'coordinator', 'deployment'].map((name) =>
      join(at, name),
    );
    const places = { ACCOUNTS_DIR, COORDINATOR_DIR, DEPLOYMENT_DIR } as Record<string, string>;
    mkdirSync(join(at, 'deployment'));
    writeFileSync(join(at, 'deployment', 'deployment.json'), read('deployment', 'deployment.json'));
    expect((await host.run('secrets', undefined, places)).code).toBe(0);
    const refused = await host.run('deploy', undefined, places);
    const account = /syndic consortium coordinator add (0x[0-9a-f]{40})/.exec(refused.stderr)?.[1] ?? '';
    expect([refused.code, existsSync(join(at, 'accounts', 'admin', 'account.json'))]).toEqual([1, false]);
    const admin = join(host.volume('accounts'), 'admin');
    const signed = ['--keystore', join(admin, 'account.json'), '--passphrase-file', join(admin, 'passphrase')];
    const chain = [
      '--rpc',
      `http://127.0.0.1:${host.port(8545)}`,
      '--deployment',
      join(at, 'deployment', 'deployment.json'),
    ];
    expect((await syndic(['consortium', 'coordinator', 'add', account, ...chain, ...signed])).code).toBe(0);
    const done = await host.run('deploy', undefined, places);
    expect([done.code, readFileSync(join(at, 'deployment', 'coordinator-account'), 'utf8')]).toEqual([
      0,
      `${account}\n`,
    ]);
  });
});
