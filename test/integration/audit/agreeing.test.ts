import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { connectNodes } from '../../../audit/agreeing.ts';
import { verify } from '../../../audit/verify.ts';
import { type ProxyNode, proxyNode } from '../chain/proxyNode.ts';
import { startWorld, type World } from '../chain/world.ts';
import { filesOf } from './reportOn.ts';
import { Scene } from './Scene.ts';

let world: World;
let scene: Scene;
const open: ProxyNode[] = [];

beforeAll(async () => {
  world = await startWorld({ members: 3 });
  scene = await new Scene(world).open();
  await scene.round();
  await scene.round();
});

afterEach(async () => {
  for (const node of open.splice(0)) await node.stop();
});

afterAll(async () => {
  await world?.stop();
});

async function nodes(count: number): Promise<[ProxyNode, ProxyNode, ProxyNode]> {
  for (let i = 0; i < count; i++) open.push(await proxyNode(world.rpcUrl));
  return open as unknown as [ProxyNode, ProxyNode, ProxyNode];
}

/** The verdict of all open nodes. */
async function verdict() {
  const chain = await connectNodes(open.map(({ url }) => url));
  try {
    return await verify({ chain, ledger: scene.ledger, study: scene.study, artifacts: [filesOf(scene)] });
  } finally {
    chain.close();
  }
}

const other = `0x${'12'.repeat(32)}`;
const changed = (result: unknown, change: object) => ({ ...(result as object), ...change });

describe('of several nodes', () => {
  test('that agree, the verdict is that of one', async () => {
    await nodes(2);
    expect(await verdict()).toMatchObject({ verified: true, unchecked: [], findings: [] });
  });

  test.each<[string, string, (result: never) => unknown]>([
    ['the chain’s id', 'eth_chainId', () => '0x5'],
    [
      'block 0',
      'eth_getBlockByNumber',
      (block: { number: string }) => changed(block, block.number === '0x0' ? { hash: other } : {}),
    ],
    [
      'block \\d+',
      'eth_getBlockByNumber',
      (block: { number: string }) => changed(block, block.number === '0x0' ? {} : { hash: other }),
    ],
    ['word 0x[0-9a-f]+ of 0x', 'eth_getStorageAt', () => other],
    ['the code of 0x', 'eth_getCode', (code: string) => `${code.slice(0, -2)}ff`],
    ['event \\d+ of study', 'eth_getLogs', (logs: object[]) => logs.slice(0, -1)],
    ['event 1 of study', 'eth_getLogs', (logs: object[]) => logs.map((log) => changed(log, { data: '0x' }))],
  ])('one lies about %s: no verdict, and who said what is named', async (what, method, lie) => {
    const [honest, liar] = await nodes(2);
    liar.change = (of, result) => (of === method ? lie(result as never) : result);
    const refusal = verdict();
    await expect(refusal).rejects.toMatchObject({
      code: 'NODES_DISAGREE',
      details: { nodes: [[honest.host], [liar.host]], odd: [] },
    });
    await expect(refusal).rejects.toThrow(new RegExp(`about ${what}.*${honest.host} says .*${liar.host} says `));
    await expect(refusal).rejects.not.toThrow('/key');
  });

  test('of three, the odd one is named, and is not outvoted', async () => {
    const [, liar] = await nodes(3);
    liar.change = (of, result) => (of === 'eth_getStorageAt' ? other : result);
    await expect(verdict()).rejects.toMatchObject({ code: 'NODES_DISAGREE', details: { odd: [liar.host] } });
  });

  test('one two blocks behind is no liar: the verdict is as of its newest block', async () => {
    const [, late] = await nodes(2);
    await world.mine(2);
    const newest = Number(await world.rpc.request('eth_blockNumber', []));
    late.change = (of, result) => (of === 'eth_blockNumber' ? `0x${(newest - 2).toString(16)}` : result);
    expect(await verdict()).toMatchObject({ verified: true, block: { number: newest - 2 } });
  });

  test('one that does not answer, or answers nonsense, is named, and its URL is not told', async () => {
    const [, bad] = await nodes(2);
    bad.twist = ({ method }) => (method === 'eth_getCode' ? null : 'pass');
    await expect(verdict()).rejects.toMatchObject({ code: 'CHAIN_UNAVAILABLE', details: { host: bad.host } });
    await expect(verdict()).rejects.toThrow(`node ${bad.host} does not answer`);
    bad.twist = ({ method }) => (method === 'eth_getStorageAt' ? { result: null } : 'pass');
    await expect(verdict()).rejects.toThrow(`node ${bad.host} gave a malformed answer to eth_getStorageAt`);
  });
});
