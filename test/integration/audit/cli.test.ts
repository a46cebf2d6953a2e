import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { writeDeployment } from '../../../cli/chain/chainFile.ts';
import { blockAt } from '../../../coordinator/chain/node.ts';
import { type Digest, fileName } from '../../../core/values.ts';
import { temporaryFolders } from '../../support/temporaryFolder.ts';
import { type Ran, syndic } from '../../unit/cli/spawn.ts';
import { proxyNode } from '../chain/proxyNode.ts';
import { startWorld, type World } from '../chain/world.ts';
import { Scene } from './Scene.ts';

const folder = temporaryFolders();
let world: World;
let scene: Scene;

beforeAll(async () => {
  world = await startWorld({ members: 3 });
  scene = await new Scene(world).open();
  await scene.round();
  await scene.round();
});

afterAll(async () => {
  await world?.stop();
});

interface Verified extends Ran {
  readonly page: string;
}

/** Runs `syndic audit verify` over a scene's files without some, and some with another last byte, writing a page. */
async function verified(
  without: readonly (Digest | undefined)[],
  { of = scene, damaged = [] }: { of?: Scene; damaged?: readonly (Digest | undefined)[] } = {},
): Promise<Verified> {
  const dir = await folder();
  const [deployment, artifacts, html] = ['deployment.json', 'artifacts', 'report.html'].map((name) =>
    join(dir, name),
  ) as [string, string, string];
  const { chainId, rpc, rpcUrl, contracts } = world;
  const { consortium, dataUse, ledger } = contracts;
  await writeDeployment(deployment, { chainId, genesis: (await blockAt(rpc, 0)).hash, consortium, dataUse, ledger });
  mkdirSync(artifacts);
  for (const [digest, bytes] of of.files) writeFileSync(join(artifacts, fileName(digest)), bytes);
  for (const digest of without) if (digest !== undefined) rmSync(join(artifacts, fileName(digest)));
  for (const digest of damaged) {
    if (digest === undefined) continue;
    const bytes = Buffer.from(of.files.get(digest) ?? []);
    bytes.writeUInt8((bytes.at(-1) ?? 0) ^ 1, bytes.length - 1);
    writeFileSync(join(artifacts, fileName(digest)), bytes);
  }
  const places = ['--rpc', rpcUrl, '--deployment', deployment, '--artifacts', artifacts, '--html', html];
  const ran = await syndic(['audit', 'verify', of.study, ...places]);
  expect(statSync(html).mode & 0o777).toBe(0o644);
  expect(readdirSync(dir).sort()).toEqual(['artifacts', 'deployment.json', 'report.html']);
  return { ...ran, page: readFileSync(html, 'utf8') };
}

describe('models are made anew in threads', () => {
  test('and what is wrong with one is told of its round', async () => {
    const cheat = await new Scene(world).open();
    for (let round = 1; round <= 7; round++) {
      await cheat.round(round === 5 ? { global: (honest) => Uint8Array.from(honest).fill(0, honest.length - 4) } : {});
    }
    const { code, stdout } = await verified([], { of: cheat });
    expect(code).toBe(9);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(stdout).toMatch(/^MODEL_MISMATCH\tfault\t5\t/);
  });

  test('and a file that is damaged, or not there, too', async () => {
    const [first, second] = scene.rounds;
    const { code, stdout, stderr } = await verified([second?.updates[1]], { damaged: [first?.updates[0]] });
    expect(code).toBe(9);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(stdout).toMatch(/^FILE_DAMAGED\tfault\t1\t/);
    for (const round of [1, 2])
      expect(stderr).toContain(`not checked, round ${round}: the global model was not made anew`);
  });
});

describe('syndic audit verify --html', () => {
  test('writes the report as a page, and tells it as without', async () => {
    const { code, stderr, page } = await verified([]);
    expect([code, stderr.split(':')[0]]).toEqual([0, 'VERIFIED']);
    expect(page).toContain(`<title>VERIFIED: audit report of study ${scene.study}</title>`);
    for (const { manifest, global } of scene.rounds)
      for (const digest of [manifest, global]) expect(page).toContain(digest);
  });

  test('writes it too where there are faults, and exits with 9 all the same', async () => {
    const missing = scene.rounds[0]?.manifest;
    const { code, stdout, page } = await verified([missing]);
    expect(code).toBe(9);
    expect(stdout).toContain('DOCUMENT_MISSING');
    expect(page).toContain(`<title>NOT VERIFIED: audit report of study ${scene.study}</title>`);
    expect(page).toContain(`the manifest <code>${missing}</code> is in none of the places given`);
    expect(page).toMatch(
      /a document has the SHA-256 that it is named by<\/th><td class="figure">\d+<\/td><td class="figure"><span class="fault">✕ 1</,
    );
  });
});

describe('syndic audit export, verify --bundle, diff and receipt', () => {
  interface Place {
    readonly dir: string;
    readonly chain: readonly string[];
    readonly artifacts: string;
  }

  /** A folder with what a reader has. */
  async function place(of: Scene = scene): Promise<Place> {
    const dir = await folder();
    const [deployment, artifacts] = [join(dir, 'deployment.json'), join(dir, 'artifacts')];
    const { chainId, rpc, rpcUrl, contracts } = world;
    const { consortium, dataUse, ledger } = contracts;
    await writeDeployment(deployment, { chainId, genesis: (await blockAt(rpc, 0)).hash, consortium, dataUse, ledger });
    mkdirSync(artifacts);
    for (const [digest, bytes] of of.files) writeFileSync(join(artifacts, fileName(digest)), bytes);
    return { dir, artifacts, chain: ['--rpc', rpcUrl, '--deployment', deployment] };
  }

  async function exportTo(at: Place, name: string): Promise<{ file: string; hash: string }> {
    const file = join(at.dir, name);
    const how = ['--consensus', 'ethereum', '--out', file, '--json'];
    const ran = await syndic(['audit', 'export', scene.study, ...at.chain, '--artifacts', at.artifacts, ...how]);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    return { file, hash: JSON.parse(ran.stdout).hash };
  }

  test('a bundle verifies offline for who trusts its block, and for nobody else', async () => {
    const at = await place();
    const { file, hash } = await exportTo(at, 'one.json');
    const bundle = ['audit', 'verify', '--bundle', file];
    const whole = await syndic([...bundle, '--trusted-block', hash, '--artifacts', at.artifacts, '--json']);
    expect(whole.code).toBe(0);
    expect(JSON.parse(whole.stdout)).toMatchObject({ verified: true, unchecked: [], basis: { kind: 'block', hash } });
    const other = await syndic([...bundle, '--trusted-block', `0x${'1'.repeat(64)}`]);
    expect([other.code, other.stderr]).toEqual([9, expect.stringContaining('CHAIN_MISMATCH')]);
    const [, , , deployment = ''] = at.chain;
    const named = JSON.parse(readFileSync(deployment, 'utf8'));
    const trusting = [...bundle, '--trusted-block', hash, '--artifacts', at.artifacts, '--deployment', deployment];
    expect((await syndic(trusting)).code).toBe(0);
    // Whoever made it may have deployed a ledger of the same code.
    writeFileSync(deployment, JSON.stringify({ ...named, ledger: named.consortium }));
    const elsewhere = await syndic(trusting);
    expect([elsewhere.code, elsewhere.stderr]).toEqual([9, expect.stringContaining('CHAIN_MISMATCH')]);
    const nobody = await syndic(bundle);
    expect([nobody.code, nobody.stderr]).toEqual([2, expect.stringContaining('--trusted-block HASH')]);
    const validators = ['--trusted-validators', `0x${'2'.repeat(40)}`, '--consensus', 'clique'];
    expect((await syndic([...bundle, ...validators])).code).toBe(9);
  });

  test('a node of another chain is refused, though its number is the same', async () => {
    const { chain, artifacts } = await place();
    const [, , , deployment = ''] = chain;
    const named = JSON.parse(readFileSync(deployment, 'utf8'));
    writeFileSync(deployment, JSON.stringify({ ...named, genesis: `0x${'4'.repeat(64)}` }));
    const ran = await syndic(['audit', 'verify', scene.study, ...chain, '--artifacts', artifacts]);
    expect([ran.code, ran.stderr]).toEqual([9, expect.stringContaining('CHAIN_MISMATCH')]);
  });

  test('a folder that is not there is a slip, not a study without documents', async () => {
    const { chain, dir } = await place();
    for (const where of [join(dir, 'nowhere'), join(dir, 'deployment.json'), 'http://']) {
      const ran = await syndic(['audit', 'verify', scene.study, ...chain, '--artifacts', where]);
      expect([ran.code, ran.stdout]).toEqual([2, '']);
    }
  });

  test('of two bundles of one chain, one is the earlier; what proves nothing is compared with nothing', async () => {
    const at = await place();
    const before = await exportTo(at, 'before.json');
    await scene.round();
    const later = await place();
    const after = await exportTo({ ...later, dir: at.dir }, 'after.json');
    const grown = await syndic(['audit', 'diff', before.file, after.file, '--json']);
    expect([grown.code, JSON.parse(grown.stdout).relation]).toEqual([0, 'a is earlier']);
    const same = await syndic(['audit', 'diff', after.file, after.file, '--json']);
    expect(JSON.parse(same.stdout)).toEqual({ relation: 'same', differences: [], onlyInA: [], onlyInB: [] });
    const bundle = JSON.parse(readFileSync(after.file, 'utf8'));
    const [header] = bundle.headers;
    const other = { ...bundle, headers: [{ ...header, stateRoot: `0x${'3'.repeat(64)}` }] };
    writeFileSync(join(at.dir, 'other.json'), JSON.stringify(other));
    expect((await syndic(['audit', 'diff', after.file, join(at.dir, 'other.json')])).code).toBe(9);
  });

  test('several nodes are asked, and have to agree', async () => {
    const at = await place();
    const node = await proxyNode(world.rpcUrl);
    try {
      const verify = ['audit', 'verify', scene.study, ...at.chain, '--artifacts', at.artifacts];
      expect((await syndic([...verify, '--rpc', node.url])).code).toBe(0);
      node.change = (method, result) => (method === 'eth_getStorageAt' ? `0x${'00'.repeat(31)}07` : result);
      const told = await syndic([...verify, '--rpc', node.url]);
      expect([told.code, told.stdout]).toEqual([9, '']);
      expect(told.stderr).toContain('error NODES_DISAGREE');
      expect(told.stderr).toContain(node.host);
      expect(told.stderr).not.toContain(node.url);
      // In the environment, they stand with commas.
      const [, , ...without] = at.chain;
      const named = ['audit', 'verify', scene.study, ...without, '--artifacts', at.artifacts];
      const environment = { CHAIN_RPC_URL: `${world.rpcUrl},${node.url}` };
      expect((await syndic(named, '', environment)).stderr).toContain('error NODES_DISAGREE');
    } finally {
      await node.stop();
    }
  });

  test('a receipt is held against the chain alone', async () => {
    const broken = (await scene.round({ absent: [1] })).receipts[0] as Digest;
    const at = await place();
    const fileOf = (digest: Digest) => join(at.artifacts, fileName(digest));
    const held = (digest: Digest, ...how: string[]) =>
      syndic(['audit', 'receipt', fileOf(digest), ...at.chain, ...how]);
    const kept = scene.rounds[0]?.receipts[1] as Digest;
    const told = await held(kept, '--json');
    expect([told.code, JSON.parse(told.stdout)]).toEqual([0, expect.objectContaining({ state: 'kept', slot: 2 })]);
    expect((await held(kept)).stdout).toContain('state\tkept\n');
    const refused = await held(broken);
    expect([refused.code, refused.stderr]).toEqual([9, expect.stringContaining('error RECEIPT_BROKEN')]);
    expect(refused.stdout).toContain('state\tbroken\n');
  });

  test('a receipt that no manifest names is held against the record where its holder gives it, with a node and without', async () => {
    const dropping = await new Scene(world).open();
    const kept = (await dropping.round()).receipts[1] as Digest;
    // What the record says of slot 1 would be right, had it no receipt.
    const broken = (await dropping.round({ of: [2, 3], absent: [1] })).receipts[0] as Digest;
    const at = await place(dropping);
    const fileOf = (digest: Digest) => join(at.artifacts, fileName(digest));
    const own = join(at.dir, 'receipt.json');
    writeFileSync(own, dropping.held.get(broken) ?? '');
    const receipts = ['--receipt', fileOf(kept), '--receipt', own];
    const online = ['audit', 'verify', dropping.study, ...at.chain, '--artifacts', at.artifacts];
    expect((await syndic(online)).code).toBe(0);
    const shown = await syndic([...online, ...receipts, '--json']);
    const finding = { code: 'RECEIPT_BROKEN', round: 2, slot: 1 };
    expect([shown.code, JSON.parse(shown.stdout).findings]).toEqual([9, [expect.objectContaining(finding)]]);
    const out = join(at.dir, 'bundle.json');
    const how = ['--consensus', 'ethereum', '--out', out, '--json', ...receipts];
    const exported = await syndic([
      'audit',
      'export',
      dropping.study,
      ...at.chain,
      '--artifacts',
      at.artifacts,
      ...how,
    ]);
    expect(JSON.parse(exported.stdout).verified).toBe(false);
    const bundle = ['audit', 'verify', '--bundle', out, '--trusted-block', JSON.parse(exported.stdout).hash, '--json'];
    expect((await syndic(bundle)).code).toBe(0);
    const offline = await syndic([...bundle, ...receipts]);
    expect([offline.code, JSON.parse(offline.stdout).findings]).toEqual([9, [expect.objectContaining(finding)]]);
    const foreign = await syndic([...online, '--receipt', fileOf(scene.rounds[0]?.receipts[0] as Digest)]);
    expect(foreign.code).not.toBe(0);
  });
});
