import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { reportOn } from '../../integration/audit/reportOn.ts';
import { startWorld, type World } from '../../integration/chain/world.ts';
import { Forge } from './Forge.ts';
import type { ForgedRow } from './forging.ts';
import { expectedOf, findingsOf, shownBy } from './Row.ts';

/** Tries each row on the same good study, on a chain that is as it was before each. */
export function tryForged(rows: readonly ForgedRow[]): void {
  let world: World;
  let good: Forge;

  beforeAll(async () => {
    world = await startWorld({ members: 3 });
    good = await Forge.start(world);
  });

  afterAll(async () => {
    await world?.stop();
  });

  test('unaltered, it shows nothing', async () => {
    await good.tried(async ({ scene }) => {
      await scene.round();
      const report = await reportOn(world, scene);
      expect(findingsOf(report)).toEqual([]);
      expect(report).toMatchObject({ verified: true, unchecked: [] });
    });
  });

  test.each(rows.map((row) => [row.name, row] as const))('%s', async (_, row) => {
    await good.tried(async (forge) => {
      const shown = await shownBy(row, async () => {
        const { scene = forge.scene, ...changes } = await row.alter(forge);
        return await reportOn(world, scene, changes);
      });
      expect(shown).toEqual(expectedOf(row));
    });
  });
}
