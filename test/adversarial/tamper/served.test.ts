import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { reportOn } from '../../integration/audit/reportOn.ts';
import { Scene } from '../../integration/audit/Scene.ts';
import { startWorld, type World } from '../../integration/chain/world.ts';
import { expectedOf, findingsOf, shownBy } from './Row.ts';
import { servedRows } from './servedRows.ts';

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

test('unaltered, it shows nothing', async () => {
  const report = await reportOn(world, scene);
  expect(findingsOf(report)).toEqual([]);
  expect(report).toMatchObject({ verified: true, unchecked: [] });
});

test.each(servedRows.map((row) => [row.name, row] as const))('%s', async (_, row) => {
  const shown = await shownBy(row, async () => await reportOn(world, scene, await row.alter(scene)));
  expect(shown).toEqual(expectedOf(row));
});
