import { describe, expect, test } from '@jest/globals';
import type { EthereumAnchor } from '../../../coordinator/anchor/ethereum.ts';
import type { ChainTrouble } from '../../../coordinator/chain/port.ts';
import { round } from '../../../core/values.ts';
import { type ProxyNode, pass, proxyNode } from './proxyNode.ts';
import { type Place, useOutbox } from './useOutbox.ts';

const { anchorFor, enqueue, settled, runningStudy, recordMessage, elsewhere } = useOutbox();

/** An outbox over several proxies of one chain, with a record that waits, and what it told in its last tick. */
async function waiting(count: number, work: (parts: Parts) => Promise<void>): Promise<void> {
  await elsewhere(async (place) => {
    const nodes: ProxyNode[] = [];
    for (let i = 0; i < count; i++) nodes.push(await proxyNode(place.world.rpcUrl));
    const troubles = new Set<ChainTrouble>();
    const trouble = (kind: ChainTrouble, there: boolean) => void (there ? troubles.add(kind) : troubles.delete(kind));
    try {
      const anchor = await anchorFor({ place, rpcUrl: nodes.map(({ url }) => url), trouble });
      const run = await runningStudy(place);
      await enqueue(anchor, recordMessage(run), place);
      const done = async () => (await settled(anchor, run.study, 'record', round(1)))?.state;
      await work({ place, anchor, nodes, done, troubles: () => [...troubles].sort() });
      expect([...troubles]).toEqual([]);
    } finally {
      for (const node of nodes) await node.stop();
    }
  });
}

interface Parts {
  readonly place: Place;
  readonly anchor: EthereumAnchor;
  readonly nodes: readonly ProxyNode[];
  /** What becomes of the record. */
  readonly done: () => Promise<string | undefined>;
  readonly troubles: () => ChainTrouble[];
}

describe('trouble with the chain is told, and told to be over', () => {
  test('a node that does not answer', async () => {
    await waiting(1, async ({ anchor, nodes: [node], troubles, done }) => {
      if (node === undefined) throw new Error('no node');
      node.twist = () => null;
      await expect(anchor.tick()).rejects.toMatchObject({ code: 'CHAIN_UNAVAILABLE' });
      expect(troubles()).toEqual(['unreachable']);
      node.twist = pass;
      expect(await done()).toBe('final');
    });
  });

  test('one of two nodes that does not answer, while the record goes its way', async () => {
    await waiting(2, async ({ anchor, nodes: [, node], troubles, done, place }) => {
      if (node === undefined) throw new Error('no node');
      node.twist = () => null;
      expect(await done()).toBe('final');
      expect(troubles()).toEqual(['node_left']);
      node.twist = pass;
      const next = await runningStudy(place);
      await enqueue(anchor, recordMessage(next), place);
      // It is looked at again after two seconds.
      await new Promise((resolve) => setTimeout(resolve, 2_100));
      await anchor.tick();
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect((await settled(anchor, next.study, 'record', round(1)))?.state).toBe('final');
      const last = await runningStudy(place);
      await enqueue(anchor, recordMessage(last), place);
      await anchor.tick();
    });
  });

  test('two nodes that contradict each other', async () => {
    await waiting(2, async ({ anchor, nodes: [node], troubles, done }) => {
      if (node === undefined) throw new Error('no node');
      node.twist = ({ method }) => (method === 'eth_call' ? { result: '0x01' } : 'pass');
      await expect(anchor.tick()).rejects.toMatchObject({ code: 'CHAIN_UNAVAILABLE' });
      expect(troubles()).toEqual(['contradiction']);
      node.twist = pass;
      expect(await done()).toBe('final');
    });
  });

  test('nodes that went over to another chain', async () => {
    await waiting(2, async ({ anchor, nodes, troubles, done }) => {
      for (const node of nodes) node.twist = () => null;
      await expect(anchor.tick()).rejects.toMatchObject({ code: 'CHAIN_UNAVAILABLE' });
      for (const node of nodes) node.twist = ({ method }) => (method === 'eth_chainId' ? { result: '0x1' } : 'pass');
      await new Promise((resolve) => setTimeout(resolve, 2_100));
      await expect(anchor.tick()).rejects.toMatchObject({ code: 'CHAIN_MISMATCH' });
      expect(troubles()).toContain('other_chain');
      for (const node of nodes) node.twist = pass;
      await new Promise((resolve) => setTimeout(resolve, 2_600));
      expect(await done()).toBe('final');
    });
  });

  test('an account that cannot pay', async () => {
    await waiting(1, async ({ anchor, place, troubles, done }) => {
      await place.world.rpc.request('anvil_setNextBlockBaseFeePerGas', ['0x77359400']);
      await place.world.mine();
      await anchor.tick();
      expect(troubles()).toEqual(['unfunded']);
      await place.world.rpc.request('anvil_setBalance', [anchor.signer, '0xde0b6b3a7640000']);
      expect(await done()).toBe('final');
    });
  });

  test('blocks that are ahead of our clock', async () => {
    await waiting(1, async ({ anchor, place, troubles, done }) => {
      const ahead = Math.floor(Date.now() / 1000) + 3_600;
      await place.world.rpc.request('evm_setNextBlockTimestamp', [ahead]);
      await place.world.mine();
      expect(await done()).toBe('final');
      expect(troubles()).toEqual(['clock_skew']);
      // A tick without anything to say to the chain looks at nothing.
      await anchor.tick();
    });
  });
});
