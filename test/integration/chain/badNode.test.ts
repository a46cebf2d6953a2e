import { beforeAll, describe, expect, test } from '@jest/globals';
import { type ChainViewOptions, createChainView } from '../../../coordinator/chain/ethereum.ts';
import type { Database } from '../../../coordinator/db/connect.ts';
import { silentLog } from '../../support/silentLog.ts';
import { deafNode, fakeNode } from './fakeNode.ts';
import { recordedStudy, useChain } from './useChain.ts';
import { addressOf, randomWallet, startWorld, type World } from './world.ts';

const { at, newDatabase, viewOf } = useChain();

describe('a node that cannot serve', () => {
  let db: Database;
  beforeAll(async () => {
    db = await newDatabase();
  });
  const create = async (changes: Partial<ChainViewOptions>) =>
    await createChainView({ ...optionsOf(at.world), ...changes }, { db, log: silentLog });

  test('another chain is CHAIN_MISMATCH, and so are addresses without contracts', async () => {
    await expect(create({ chainId: 1 })).rejects.toMatchObject({ code: 'CHAIN_MISMATCH' });
    const contracts = { ...at.world.contracts, dataUse: addressOf(randomWallet()) };
    await expect(create({ contracts })).rejects.toMatchObject({ code: 'CHAIN_MISMATCH' });
  });

  test('no node at all is CHAIN_UNAVAILABLE, and the error keeps the address to itself but for the host', async () => {
    const rpcUrl = 'http://user:secret@127.0.0.1:9/key';
    const refusal = create({ rpcUrl });
    await expect(refusal).rejects.toMatchObject({ code: 'CHAIN_UNAVAILABLE', retryable: true });
    const message = await refusal.catch((error: unknown) => String(error));
    expect(message).toContain('127.0.0.1:9');
    expect(message).not.toMatch(/secret|key/);
  });

  test('a node that hangs is CHAIN_UNAVAILABLE after the timeout', async () => {
    const node = await deafNode();
    const refusal = create({ rpcUrl: node.url, timeoutSeconds: 1 });
    await expect(refusal).rejects.toMatchObject({ code: 'CHAIN_UNAVAILABLE' });
    await node.stop();
  });

  test('a node without finalized blocks is CONFIG_INVALID where finality needs them', async () => {
    for (const answer of [{ result: null }, { error: { code: -39001, message: 'finalized block not found' } }]) {
      const node = await fakeNode({
        eth_chainId: { result: `0x${at.world.chainId.toString(16)}` },
        eth_getCode: { result: '0x60' },
        eth_getBlockByNumber: answer,
      });
      const refusal = create({ rpcUrl: node.url, finality: { kind: 'finalized' } });
      await expect(refusal).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
      await node.stop();
    }
  });

  test('a node that answers nonsense is CHAIN_UNAVAILABLE', async () => {
    const node = await fakeNode({ eth_chainId: { result: 'seven' } });
    await expect(create({ rpcUrl: node.url })).rejects.toMatchObject({ code: 'CHAIN_UNAVAILABLE' });
    await node.stop();
  });

  test('finalized is what the node calls so', async () => {
    const slow = await startWorld({ anvil: { slotsInAnEpoch: 1 }, members: 2 });
    try {
      const { view } = await viewOf(slow, { kind: 'finalized' });
      const { study } = await recordedStudy(slow, 1);
      expect(await view.rounds(study)).toEqual([]);
      await slow.mine(2);
      expect(await view.rounds(study)).toHaveLength(1);
    } finally {
      await slow.stop();
    }
  });
});

function optionsOf({ rpcUrl, chainId, contracts }: World): ChainViewOptions {
  return { rpcUrl, chainId, contracts, finality: { kind: 'instant' } };
}
