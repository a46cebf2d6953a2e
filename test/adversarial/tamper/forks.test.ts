import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { encodeBundle } from '../../../audit/bundle.ts';
import { exportBundle } from '../../../audit/exportBundle.ts';
import { connectRpc, type RpcChain } from '../../../audit/rpc.ts';
import type { Report } from '../../../audit/verify.ts';
import { firstLook, type Look, look, type WatchState } from '../../../audit/watch.ts';
import { SyndicError } from '../../../core/errors/SyndicError.ts';
import { filesOf } from '../../integration/audit/reportOn.ts';
import type { Cheat, Scene } from '../../integration/audit/Scene.ts';
import { startWorld, type World } from '../../integration/chain/world.ts';
import { temporaryFolders } from '../../support/temporaryFolder.ts';
import { syndic } from '../../unit/cli/spawn.ts';
import { Forge } from './Forge.ts';
import { type Fork, forkRows } from './forkRows.ts';
import { expectedOf, findingsOf, shownBy } from './Row.ts';

const folder = temporaryFolders();
let world: World;
let good: Forge;

beforeAll(async () => {
  world = await startWorld({ members: 3 });
  good = await Forge.start(world);
});

afterAll(async () => {
  await world?.stop();
});

/** What a reader makes of a chain with this round 2, which is taken back afterwards. */
async function shown<T>(cheat: Cheat, read: (chain: RpcChain, scene: Scene) => Promise<T>): Promise<T> {
  return await good.tried(async ({ scene }) => {
    await scene.round(cheat);
    const chain = await connectRpc(world.rpcUrl);
    try {
      return await read(chain, scene);
    } finally {
      chain.close();
    }
  });
}

const watched = (cheat: Cheat, state: WatchState, published: WatchState['seen'] = []): Promise<Look> =>
  shown(cheat, (chain, scene) => look({ chain, ledger: scene.ledger, artifacts: [filesOf(scene)] }, state, published));

const exported = (cheat: Cheat): Promise<Uint8Array> =>
  shown(cheat, async (chain, scene) => {
    const { ledger, study } = scene;
    const { bundle } = await exportBundle(chain, 'ethereum', { ledger, study, artifacts: [filesOf(scene)] });
    return encodeBundle(bundle);
  });

/** What `syndic audit diff` says of two bundles: nothing to report, or its error. */
async function compared(rounds: Fork['rounds']): Promise<void> {
  const dir = await folder();
  const files = ['a.json', 'b.json'].map((name) => join(dir, name));
  for (const [i, file] of files.entries()) writeFileSync(file, await exported(rounds[i] ?? {}));
  const { code, stdout, stderr } = await syndic(['audit', 'diff', ...files, '--json']);
  if (code === 0) return;
  const { relation, differences } = JSON.parse(stdout) as { relation: string; differences: { round?: number }[] };
  expect(relation).toBe('conflict');
  // Only of the round in which they part.
  expect(new Set(differences.map(({ round }) => round))).toEqual(new Set([2]));
  const told = /(AUDIT_FAILED)/.exec(stderr)?.[1];
  if (told === 'AUDIT_FAILED') throw new SyndicError(told, stderr);
  throw new Error(`exit ${code}: ${stderr}`);
}

async function looked({ rounds: [a, b], by }: Fork): Promise<Report> {
  const nothing = firstLook(good.scene.study);
  const { next, report } = await watched(a, nothing);
  expect(findingsOf(report)).toEqual([]);
  const later = by === 'own state' ? await watched(b, next) : await watched(b, nothing, next.seen);
  return later.report;
}

test('one chain, shown to both, shows nothing', async () => {
  const { next } = await good.tried(async ({ scene }) => {
    const chain = await connectRpc(world.rpcUrl);
    try {
      const request = { chain, ledger: scene.ledger, artifacts: [filesOf(scene)] };
      const first = await look(request, firstLook(scene.study), []);
      const second = await look(request, first.next, first.next.seen);
      expect(findingsOf(second.report)).toEqual([]);
      return second;
    } finally {
      chain.close();
    }
  });
  expect(next.seen).toHaveLength(1);
});

test.each(forkRows.map((row) => [row.name, row] as const))('%s', async (_, row) => {
  const fork = await row.alter(null);
  const told = await shownBy(row, async () => {
    if (fork.by !== 'bundles') return await looked(fork);
    await compared(fork.rounds);
    throw new Error('the bundles were taken for one history');
  });
  expect(told).toEqual(expectedOf(row));
});
