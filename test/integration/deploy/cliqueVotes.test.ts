import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CliqueNetwork, hasGeth } from '../../support/clique.ts';
import { needs } from '../../support/needs.ts';
import { until } from '../../support/until.ts';

const EXAMPLE = join(import.meta.dirname, '..', '..', '..', 'deploy', 'chain', 'clique.genesis.json');
const NEWCOMER = `0x${'ab'.repeat(20)}`;

needs('geth 1.13', hasGeth())('the sealers that deploy/chain founds', () => {
  let network: CliqueNetwork;
  beforeAll(async () => {
    network = await CliqueNetwork.start();
  });
  afterAll(async () => {
    await network?.stop();
  });

  const own = () => [0, 1, 2].map((i) => readFileSync(join(network.dir, `${i}`, 'address'), 'utf8').trim());
  const signers = async (i: number) => (await network.administer(i, 'clique_getSigners')) as string[];

  async function vote(voters: readonly number[], authorise: boolean): Promise<void> {
    for (const i of voters) await network.administer(i, 'clique_propose', NEWCOMER, authorise);
  }

  /** Until each sealer counts so many. */
  async function become(count: number): Promise<void> {
    for (const i of [0, 1, 2]) await until(async () => (await signers(i)).length === count);
    for (const i of [0, 1, 2]) await network.administer(i, 'clique_discard', NEWCOMER);
  }

  test('are those of the genesis, and go on with one that votes added, who is away, until votes have removed it', async () => {
    expect((await signers(0)).toSorted()).toEqual(own().toSorted());
    await vote([0, 1], true);
    await become(4);
    expect(await signers(2)).toContain(NEWCOMER);
    // More than half of four is three.
    await vote([0, 1, 2], false);
    await become(3);
    expect((await signers(2)).toSorted()).toEqual(own().toSorted());
  });

  test('go-ethereum takes the committed example of a genesis as it is', () => {
    const init = ['--datadir', join(network.dir, 'example'), 'init', '--state.scheme', 'hash', EXAMPLE];
    const { status, stderr } = spawnSync('geth', init, { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: expect.stringContaining('Successfully wrote genesis state'),
    });
  });

  test('let nobody vote or administer over HTTP', async () => {
    for (const method of ['clique_propose', 'admin_peers', 'personal_listAccounts', 'miner_stop', 'debug_setHead']) {
      const response = await fetch(network.rpcUrls[0] ?? '', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: [] }),
      });
      expect([method, await response.json()]).toEqual([method, expect.objectContaining({ error: expect.anything() })]);
    }
  });
});
