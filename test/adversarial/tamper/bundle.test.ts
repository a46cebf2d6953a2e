import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Bundle, decodeBundle, encodeBundle, openBundle } from '../../../audit/bundle.ts';
import { exportBundle } from '../../../audit/exportBundle.ts';
import { connectRpc } from '../../../audit/rpc.ts';
import { basisOf } from '../../../audit/trust.ts';
import type { Report } from '../../../audit/verify.ts';
import { verifyBundle } from '../../../audit/verifyBundle.ts';
import type { Digest } from '../../../core/values.ts';
import { filesOf } from '../../integration/audit/reportOn.ts';
import { Scene } from '../../integration/audit/Scene.ts';
import { startWorld, type World } from '../../integration/chain/world.ts';
import { bundleRows } from './bundleRows.ts';
import { expectedOf, findingsOf, shownBy } from './Row.ts';

let world: World;
let scene: Scene;
let good: Bundle;
let earlier: Bundle;
let other: Bundle;
let trusted: Digest;

beforeAll(async () => {
  world = await startWorld({ members: 3 });
  const elsewhere = await new Scene(world).open();
  await elsewhere.round();
  scene = await new Scene(world).open();
  await scene.round();
  earlier = (await exported(scene)).bundle;
  await scene.round();
  const { bundle, report } = await exported(scene);
  [good, trusted] = [bundle, report.block.hash];
  other = (await exported(elsewhere)).bundle;
});

afterAll(async () => {
  await world?.stop();
});

async function exported(of: Scene) {
  const chain = await connectRpc(world.rpcUrl);
  try {
    const { ledger, study } = of;
    return await exportBundle(chain, 'ethereum', { ledger, study, artifacts: [filesOf(of)] });
  } finally {
    chain.close();
  }
}

/** As a reader takes it who knows the block's hash, and has the models. */
async function read(bundle: Bundle): Promise<Report> {
  const opened = openBundle(decodeBundle(encodeBundle(bundle)));
  const basis = basisOf(opened, { kind: 'block', hash: trusted });
  return await verifyBundle(opened, { basis });
}

test('unaltered, it shows nothing', async () => {
  expect(findingsOf(await read(good))).toEqual([]);
});

test.each(bundleRows.map((row) => [row.name, row] as const))('%s', async (_, row) => {
  const copy = structuredClone(good);
  await row.alter({ copy, earlier, other, contracts: world.contracts });
  expect(await shownBy(row, () => read(copy))).toEqual(expectedOf(row));
});
