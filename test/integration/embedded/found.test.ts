import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Services } from '../../../embedded/Box.ts';
import { callSyndic } from '../../../embedded/callSyndic.ts';
import { prepare } from '../../../embedded/demo/prepare.ts';
import { asMember, found } from '../../../embedded/found.ts';
import { startAnvil } from '../../support/anvil.ts';
import { temporaryFolders } from '../../support/temporaryFolder.ts';

const folder = temporaryFolders();

test('a consortium in a box anchors another dataset version for other rows, and none for the same', async () => {
  const dir = await folder();
  const anvil = await startAnvil();
  try {
    // Founding needs a chain and two ports to write down.
    const services = { chain: { rpcUrl: anvil.rpcUrl }, settings: { grpcPort: 1, httpPort: 2 } } as unknown as Services;
    const again = async (seed: number) => {
      const { sites, planFile } = await prepare({ workdir: dir, seed });
      return await found({ dir, sites: sites.slice(0, 2), plan: planFile, tell: () => undefined }, services);
    };
    const first = await again(0);
    const [member] = first.members;
    if (member === undefined) throw new Error('nobody was admitted');
    const versions = join(member.dir, 'worker', 'versions');
    await mkdir(versions, { recursive: true });
    expect(await readdir(versions)).toHaveLength(1);
    await again(0);
    expect(await readdir(versions)).toHaveLength(1);
    const third = await again(7);
    expect(await readdir(versions)).toHaveLength(2);
    expect(third.members.map(({ slot }) => slot)).toEqual(first.members.map(({ slot }) => slot));
    for (const name of await readdir(versions)) {
      const anchoring = ['--file', join(versions, name), ...asMember(member, anvil.rpcUrl)];
      expect(await callSyndic('member', 'version', ...anchoring)).toMatchObject({ transaction: null });
    }
  } finally {
    await anvil.stop();
  }
});
