import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { writeDeployment } from '../../../cli/chain/chainFile.ts';
import { blockAt } from '../../../coordinator/chain/node.ts';
import { type Digest, fileName } from '../../../core/values.ts';
import { temporaryFolders } from '../../support/temporaryFolder.ts';
import { type Ran, syndic } from '../../unit/cli/spawn.ts';
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

/** Runs `syndic audit verify` over the scene's files without some, writing a page. */
async function verified(without: readonly (Digest | undefined)[]): Promise<Ran & { page: string }> {
  const dir = await folder();
  const [deployment, artifacts, html] = ['deployment.json', 'artifacts', 'report.html'].map((name) =>
    join(dir, name),
  ) as [string, string, string];
  const { chainId, rpc, rpcUrl, contracts } = world;
  const { consortium, dataUse, ledger } = contracts;
  await writeDeployment(deployment, { chainId, genesis: (await blockAt(rpc, 0)).hash, consortium, dataUse, ledger });
  mkdirSync(artifacts);
  for (const [digest, bytes] of scene.files) writeFileSync(join(artifacts, fileName(digest)), bytes);
  for (const digest of without) if (digest !== undefined) rmSync(join(artifacts, fileName(digest)));
  const places = ['--rpc', rpcUrl, '--deployment', deployment, '--artifacts', artifacts, '--html', html];
  const ran = await syndic(['audit', 'verify', scene.study, ...places]);
  expect(statSync(html).mode & 0o777).toBe(0o644);
  expect(readdirSync(dir).sort()).toEqual(['artifacts', 'deployment.json', 'report.html']);
  return { ...ran, page: readFileSync(html, 'utf8') };
}

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
