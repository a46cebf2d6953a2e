import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { firstLook, type SeenHead } from '../../../audit/watch.ts';
import { writeDeployment } from '../../../cli/chain/chainFile.ts';
import { blockAt } from '../../../coordinator/chain/node.ts';
import { fileName } from '../../../core/values.ts';
import { NODE_FLAGS, SYNDIC } from '../../../embedded/runSyndic.ts';
import { temporaryFolders } from '../../support/temporaryFolder.ts';
import { until } from '../../support/until.ts';
import { syndic } from '../../unit/cli/spawn.ts';
import { randomDigest, startWorld, type World } from '../chain/world.ts';
import { Scene } from './Scene.ts';

const folder = temporaryFolders();
let world: World;

beforeAll(async () => {
  world = await startWorld({ members: 3 });
});

afterAll(async () => {
  await world?.stop();
});

async function watcher() {
  const scene = await new Scene(world).open();
  const dir = await folder();
  const { chainId, rpc, rpcUrl, contracts } = world;
  const { consortium, dataUse, ledger } = contracts;
  const deployment = join(dir, 'deployment.json');
  await writeDeployment(deployment, { chainId, genesis: (await blockAt(rpc, 0)).hash, consortium, dataUse, ledger });
  const artifacts = join(dir, 'artifacts');
  mkdirSync(artifacts);
  const publish = () => {
    for (const [digest, bytes] of scene.files) writeFileSync(join(artifacts, fileName(digest)), bytes);
  };
  const from = ['--rpc', rpcUrl, '--deployment', deployment, '--artifacts', artifacts, '--state', join(dir, 'state')];
  const args = ['audit', 'watch', scene.study, ...from];
  const look = (...how: readonly string[]) => {
    publish();
    return syndic([...args, '--once', ...how]);
  };
  return { scene, dir, args, look, publish };
}

const rounds = (stdout: string) =>
  stdout.trim() === ''
    ? []
    : stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));

/** Answers as `answer` says, and keeps what was sent. */
async function hook(answer: () => number): Promise<{ url: string; sent: unknown[]; server: Server }> {
  const sent: unknown[] = [];
  const server = createServer(async (request, response) => {
    sent.push(JSON.parse(await text(request)));
    response.writeHead(answer()).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, sent, server };
}

test('each round is told once, verified as it lands, over restarts', async () => {
  const { scene, look } = await watcher();
  expect(await look('--json')).toMatchObject({ code: 0, stdout: '' });
  const first = await scene.round();
  const told = await look('--json');
  expect(told.code).toBe(0);
  expect(rounds(told.stdout)).toEqual([
    expect.objectContaining({ study: scene.study, round: 1, blockHash: expect.stringMatching(/^0x[0-9a-f]{64}$/) }),
  ]);
  expect(await look('--json')).toMatchObject({ code: 0, stdout: '', stderr: '' });
  await scene.round();
  await scene.round();
  const plain = await look();
  expect(
    plain.stdout
      .trim()
      .split('\n')
      .map((line) => line.split('\t').slice(1, 4)),
  ).toEqual([
    ['round 2', 'completed', 'verified'],
    ['round 3', 'completed', 'verified'],
  ]);
  expect(first.round).toBe(1);
});

test('a finding is told until the webhook took it, and then no more', async () => {
  const { scene, look } = await watcher();
  let answer = 503;
  const { url, sent, server } = await hook(() => answer);
  try {
    await scene.round({ absent: [1] });
    const unheard = await look('--webhook', url);
    expect([unheard.code, unheard.stderr]).toEqual([7, expect.stringContaining('ARTIFACTS_UNAVAILABLE')]);
    answer = 204;
    const heard = await look('--webhook', url);
    expect([heard.code, heard.stdout]).toEqual([9, expect.stringContaining('1 FAULTS')]);
    const again = await look('--webhook', url);
    // The fault stands, and is told nobody again.
    expect([again.code, again.stdout]).toEqual([9, '']);
    const finding = expect.objectContaining({ code: 'RECEIPT_BROKEN', round: 1, slot: 1 });
    expect(sent).toEqual([1, 2].map(() => ({ study: scene.study, block: expect.anything(), finding })));
  } finally {
    server.close();
  }
});

test('a document that was missing is looked for again', async () => {
  const { scene, look, dir } = await watcher();
  const { manifest } = await scene.round();
  const bytes = scene.files.get(manifest) as Uint8Array;
  scene.files.delete(manifest);
  expect((await look()).code).toBe(9);
  writeFileSync(join(dir, 'artifacts', fileName(manifest)), bytes);
  expect((await look()).code).toBe(0);
});

test('heads that others published are compared: a node that shows each another chain is found out', async () => {
  const { scene, look, dir } = await watcher();
  await scene.round();
  const lines = (await look('--json')).stdout;
  const published = join(dir, 'published');
  writeFileSync(published, lines);
  expect((await look('--compare', published)).code).toBe(0);
  const [honest] = rounds(lines) as [SeenHead];
  const other = { ...honest, head: randomDigest() };
  const foreign = { ...other, study: randomDigest() };
  writeFileSync(published, `${JSON.stringify(foreign)}\n${JSON.stringify(other)}\n`);
  const found = await look('--compare', published);
  expect([found.code, found.stderr]).toEqual([9, expect.stringContaining('fault HEAD_CONFLICT: round 1')]);
  writeFileSync(published, '{"round": 1}\n');
  expect((await look('--compare', published)).stderr).toContain('line 1 of');
});

test('a chain that shows another record than before is found out', async () => {
  const { scene, look, dir } = await watcher();
  await scene.round();
  await look();
  const state = JSON.parse(readFileSync(join(dir, 'state'), 'utf8'));
  state.seen[0].recordHash = randomDigest();
  writeFileSync(join(dir, 'state'), JSON.stringify(state));
  expect((await look()).stderr).toContain(
    'fault HEAD_CONFLICT: round 1 is another than the one that this reader saw before',
  );
  // What was seen stays seen.
  expect((await look()).code).toBe(9);
});

describe('where blocks may be reorganised', () => {
  test('a record that is taken back before it is so many blocks deep was told nobody', async () => {
    const { scene, look } = await watcher();
    await scene.round();
    // The record's block, and one upon it, of which a reorganisation takes back both.
    expect(await look('--json', '--behind', '4')).toMatchObject({ code: 0, stdout: '', stderr: '' });
    await world.reorg(2);
    await world.mine(6);
    expect(await look('--json', '--behind', '4')).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  test('one that is not, is told once it is deep enough', async () => {
    const { scene, look } = await watcher();
    await scene.round();
    await world.mine(4);
    expect(rounds((await look('--json', '--behind', '4')).stdout)).toHaveLength(1);
  });

  test('one that is taken back after it was told is a conflict, of this reader and of who read what it published', async () => {
    const { scene, look, dir } = await watcher();
    await scene.round();
    const { stdout } = await look('--json');
    expect(rounds(stdout)).toHaveLength(1);
    await world.reorg(2);
    const gone = 'fault HEAD_CONFLICT: round 1 is gone: the one that';
    const again = await look();
    expect([again.code, again.stderr]).toEqual([9, expect.stringContaining(`${gone} this reader saw before`)]);
    const published = join(dir, 'published');
    writeFileSync(published, stdout);
    writeFileSync(join(dir, 'state'), JSON.stringify(firstLook(scene.study)));
    expect((await look('--compare', published)).stderr).toContain(`${gone} another reader published`);
    // Who has not come so far yet cannot know.
    writeFileSync(join(dir, 'state'), JSON.stringify(firstLook(scene.study)));
    expect((await look('--compare', published, '--behind', '1')).code).toBe(0);
  });
});

test('it follows until it is interrupted', async () => {
  const { scene, args, publish } = await watcher();
  const told = await following([...args, '--json'], async (said) => {
    await scene.round();
    publish();
    await until(() => rounds(said.out).length === 1);
    await scene.round();
    publish();
    await until(() => rounds(said.out).length === 2);
  });
  expect(rounds(told.out).map(({ round }) => round)).toEqual([1, 2]);
});

test('a node that does not answer is asked again', async () => {
  const { args } = await watcher();
  const told = await following([...args, '--rpc', 'http://127.0.0.1:1'], async (said) => {
    await until(() => (said.err.match(/not looked: CHAIN_UNAVAILABLE/g) ?? []).length === 2);
  });
  expect(told.out).toBe('');
});

/** Runs a watcher that looks every second until `work` is done; it ends by itself when it is interrupted. */
async function following(args: readonly string[], work: (said: { out: string; err: string }) => Promise<void>) {
  const child = spawn(process.execPath, [...NODE_FLAGS, SYNDIC, ...args, '--every', '1'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    said.out += chunk.toString('utf8');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said.err += chunk.toString('utf8');
  });
  const ended = once(child, 'close');
  try {
    await work(said);
  } finally {
    child.kill('SIGINT');
  }
  expect(await ended).toEqual([0, null]);
  return said;
}
