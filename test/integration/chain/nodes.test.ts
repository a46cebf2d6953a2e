import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { blockAt, call, codeAt, estimateGas, getReceipt, transactionCount } from '../../../coordinator/chain/node.ts';
import { nodesAsOne } from '../../../coordinator/chain/nodes.ts';
import { openRpc } from '../../../coordinator/chain/openRpc.ts';
import { openProvider, type Rpc, rpcOf } from '../../../coordinator/chain/rpc.ts';
import type { Log } from '../../../coordinator/modules.ts';
import { digest } from '../../../core/values.ts';
import { silentLog } from '../../support/silentLog.ts';
import { type ProxyNode, pass, proxyNode } from './proxyNode.ts';
import { encode, startWorld, type World } from './world.ts';

let world: World;
const open: { rpcs: Rpc[]; nodes: ProxyNode[] } = { rpcs: [], nodes: [] };

beforeAll(async () => {
  world = await startWorld();
});

afterEach(async () => {
  for (const rpc of open.rpcs.splice(0)) rpc.close();
  for (const node of open.nodes.splice(0)) await node.stop();
});

afterAll(async () => {
  await world?.stop();
});

/** Lines of nodes that were left or taken back. */
type Told = readonly [string, string];

/** Several nodes of one chain as one line, whose clock stands until it is moved. */
async function line(count: number) {
  const nodes: ProxyNode[] = [];
  for (let i = 0; i < count; i++) nodes.push(await proxyNode(world.rpcUrl));
  open.nodes.push(...nodes);
  const told: Told[] = [];
  const tell = (facts: object, message: string) => {
    const { node, nodes: several, reason } = facts as { node?: string; nodes?: string[]; reason?: string };
    told.push([node ?? several?.join(' and ') ?? '', reason ?? message]);
  };
  const log = { ...silentLog, warn: tell, error: tell, info: tell } as Log;
  const clock = { now: 0 };
  const { chainId } = world;
  const lines = nodes.map(({ url, host }) => ({ host, rpc: rpcOf(openProvider({ rpcUrl: url, chainId }), chainId) }));
  const rpc = nodesAsOne(lines, chainId, { log, now: () => clock.now, pause: 1 });
  open.rpcs.push(rpc);
  await blockAt(rpc, 'latest');
  for (const node of nodes) node.asked();
  return { rpc, told, clock, nodes: nodes as [ProxyNode, ProxyNode, ProxyNode] };
}

const zero = { result: `0x${'00'.repeat(32)}` };
const ledgerCall = () => ({ to: world.contracts.ledger, data: encode('verdicts', []) });

describe('several nodes as one line', () => {
  test('go on without one that does not answer, name it, and take it back when it does', async () => {
    const { rpc, told, clock, nodes } = await line(2);
    const [first, second] = nodes;
    first.twist = () => null;
    const block = await blockAt(rpc, 'latest');
    expect(await codeAt(rpc, world.contracts.ledger)).toMatch(/^0x60/);
    expect(told.map(([node]) => node)).toEqual([first.host]);
    expect(told[0]?.[1]).not.toContain('key');
    first.asked();
    expect((await blockAt(rpc, 'latest')).hash).toBe(block.hash);
    expect(first.asked()).toEqual({});
    first.twist = pass;
    clock.now += 2_000;
    await blockAt(rpc, 'latest');
    await eventually(() => expect(told).toHaveLength(2));
    expect(told[1]).toEqual([first.host, 'a node of the chain is asked again']);
    second.twist = () => null;
    expect((await blockAt(rpc, 'latest')).hash).toBe(block.hash);
  });

  test.each([
    ['a block', 'eth_getBlockByNumber', async (rpc: Rpc) => (await blockAt(rpc, 'latest')).hash],
    ['a call', 'eth_call', async (rpc: Rpc) => await call(rpc, ledgerCall(), 'latest')],
    ['code', 'eth_getCode', async (rpc: Rpc) => await codeAt(rpc, world.contracts.ledger)],
    [
      'a nonce',
      'eth_getTransactionCount',
      async (rpc: Rpc) => await transactionCount(rpc, world.contracts.ledger, 'latest'),
    ],
  ])('of three, leave the one that lies about %s', async (_, lie, ask) => {
    const { rpc, told, nodes } = await line(3);
    const truth = await ask(world.rpc);
    nodes[1].change = (method, result) => (method === lie ? lieAbout(result) : result);
    expect(await ask(rpc)).toBe(truth);
    const contradiction = expect.stringMatching(new RegExp(`^contradicts the others about ${lie} as of block \\d+$`));
    expect(told).toEqual([[nodes[1].host, contradiction]]);
  });

  test('differ about the newest block for a moment, as in a fork, and nobody is left', async () => {
    const { rpc, told, nodes } = await line(3);
    let lies = 3;
    nodes[1].change = (method, result) => {
      return method === 'eth_getBlockByNumber' && lies-- > 0 ? lieAbout(result) : result;
    };
    const { hash } = await blockAt(rpc, 'latest');
    expect(hash).toBe((await blockAt(world.rpc, 'latest')).hash);
    expect([lies, told]).toEqual([-1, []]);
  });

  test('of two that contradict each other believe neither, and name both', async () => {
    const { rpc, told, nodes } = await line(2);
    nodes[0].twist = ({ method }) => (method === 'eth_call' ? zero : 'pass');
    const refusal = call(rpc, ledgerCall(), 'latest');
    await expect(refusal).rejects.toMatchObject({ code: 'CHAIN_UNAVAILABLE', retryable: true });
    await expect(refusal).rejects.toThrow(`${nodes[0].host} and ${nodes[1].host} contradict each other about eth_call`);
    expect(told).toHaveLength(1);
    nodes[0].twist = pass;
    expect(await call(rpc, ledgerCall(), 'latest')).toBe(await call(world.rpc, ledgerCall(), 'latest'));
  });

  test('of two that contradict each other believe the one whom a third bears out that was away', async () => {
    const { rpc, told, clock, nodes } = await line(3);
    const { hash } = await blockAt(rpc, 'latest');
    nodes[2].twist = () => null;
    await blockAt(rpc, 'latest');
    const lie = `0x${'12'.repeat(32)}`;
    nodes[1].change = (method, result) =>
      method === 'eth_getBlockByNumber' ? { ...(result as object), hash: lie } : result;
    await expect(blockAt(rpc, 'latest')).rejects.toThrow('contradict each other');
    nodes[2].twist = pass;
    clock.now += 2_000;
    await expect(blockAt(rpc, 'latest')).rejects.toThrow('contradict each other');
    await eventually(() => expect(told).toContainEqual([nodes[2].host, 'a node of the chain is asked again']));
    expect((await blockAt(rpc, 'latest')).hash).toBe(hash);
    expect(told.at(-1)).toEqual([nodes[1].host, expect.stringContaining('contradicts the others')]);
  });

  test('read as of the newest block that all have, and leave one that is far behind', async () => {
    const { rpc, told, nodes } = await line(3);
    const { number } = await blockAt(world.rpc, 'latest');
    const behind = (blocks: number) => (method: string, result: unknown) =>
      method === 'eth_blockNumber' ? `0x${(number - blocks).toString(16)}` : result;
    nodes[2].change = behind(3);
    expect((await blockAt(rpc, 'latest')).number).toBe(number - 3);
    expect(told).toEqual([]);
    nodes[2].change = behind(6);
    expect((await blockAt(rpc, 'latest')).number).toBe(number);
    expect(told).toEqual([[nodes[2].host, 'is 6 blocks behind']]);
  });

  test('know no receipt before all have its block', async () => {
    const { rpc, nodes } = await line(2);
    const { study, openStudy } = world.newStudy();
    expect(study).toMatch(/^0x/);
    const transaction = await world.provider.send('eth_sendTransaction', [await funded(openStudy)]);
    const { blockNumber } = (await getReceipt(world.rpc, digest(transaction))) ?? { blockNumber: 0 };
    nodes[1].change = (method, result) =>
      method === 'eth_blockNumber' ? `0x${(blockNumber - 1).toString(16)}` : result;
    expect(await getReceipt(rpc, digest(transaction))).toBeNull();
    nodes[1].change = null;
    expect((await getReceipt(rpc, digest(transaction)))?.blockNumber).toBe(blockNumber);
  });

  test('say together what a call reverts with', async () => {
    const { rpc } = await line(2);
    const request = { to: world.contracts.ledger, data: encode('startStudy', [`0x${'12'.repeat(32)}`]) };
    await expect(call(rpc, request, 'latest')).rejects.toMatchObject({
      ...{ code: 'CHAIN_REVERTED', details: { error: { name: 'UnknownStudy' } } },
    });
  });

  test('send to all, and pay what the cheapest asks', async () => {
    const { rpc, nodes } = await line(3);
    nodes[0].change = (method, result) => (method === 'eth_maxPriorityFeePerGas' ? '0xffffffffff' : result);
    nodes[1].change = (method, result) => (method === 'eth_estimateGas' ? '0x1' : result);
    expect(await rpc.request('eth_maxPriorityFeePerGas', [])).toBe(
      await world.rpc.request('eth_maxPriorityFeePerGas', []),
    );
    const from = world.contracts.ledger;
    expect(await estimateGas(rpc, { from, ...ledgerCall() })).toBe(
      await estimateGas(world.rpc, { from, ...ledgerCall() }),
    );
    for (const node of nodes) node.asked();
    await expect(rpc.request('eth_sendRawTransaction', ['0x00'])).rejects.toMatchObject({ code: 'CHAIN_UNAVAILABLE' });
    expect(nodes.map((node) => node.asked().eth_sendRawTransaction)).toEqual([1, 1, 1]);
  });

  test('leave one of another chain; when all are, it is CHAIN_MISMATCH', async () => {
    const foreign = await proxyNode(world.rpcUrl);
    open.nodes.push(foreign);
    foreign.change = (method, result) => (method === 'eth_chainId' ? '0x1' : result);
    const both = openRpc({ rpcUrl: [foreign.url, world.rpcUrl], chainId: world.chainId }, silentLog);
    const none = openRpc({ rpcUrl: [foreign.url, foreign.url], chainId: world.chainId }, silentLog);
    open.rpcs.push(both, none);
    expect((await blockAt(both, 'latest')).number).toBeGreaterThan(0);
    const asked = foreign.asked();
    expect(Object.keys(asked)).toEqual(['eth_chainId']);
    await expect(blockAt(none, 'latest')).rejects.toMatchObject({ code: 'CHAIN_MISMATCH' });
  });

  test('are CHAIN_UNAVAILABLE when none answers, and all are named', async () => {
    const { rpc, nodes } = await line(2);
    for (const node of nodes) node.twist = () => null;
    await expect(blockAt(rpc, 'latest')).rejects.toMatchObject({ code: 'CHAIN_UNAVAILABLE' });
    const refusal = blockAt(rpc, 'latest');
    await expect(refusal).rejects.toThrow(nodes[0].host);
    await expect(refusal).rejects.toThrow(nodes[1].host);
    for (const node of nodes) node.twist = pass;
  });
});

/** The same shape with another content. */
function lieAbout(result: unknown): unknown {
  if (typeof result === 'string')
    return result.length > 10 ? `${result.slice(0, -1)}${result.endsWith('1') ? 2 : 1}` : '0x7';
  if (typeof result === 'object' && result !== null) return { ...result, hash: zero.result };
  return result;
}

async function funded(data: string): Promise<object> {
  const from = world.operator.address;
  await world.rpc.request('anvil_impersonateAccount', [from]);
  return { from, to: world.contracts.ledger, data, gasPrice: '0x0' };
}

async function eventually(check: () => void): Promise<void> {
  for (let left = 200; ; left--) {
    try {
      return check();
    } catch (thrown) {
      if (left === 0) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
