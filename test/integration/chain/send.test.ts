import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type ChainLine, connectChain } from '../../../cli/chain/connectChain.ts';
import { send } from '../../../cli/chain/send.ts';
import { studyId } from '../../../core/statements/studyId.ts';
import { rejected } from '../../unit/core/thrown.ts';
import { type ProxyNode, proxyNode } from './proxyNode.ts';
import { addressOf, encode, randomDigest, startWorld, type World } from './world.ts';

let world: World;
let node: ProxyNode;
let chain: ChainLine;

beforeAll(async () => {
  world = await startWorld({ members: 0 });
  node = await proxyNode(world.rpcUrl);
  chain = await connectChain(node.url);
});

beforeEach(() => {
  node.change = null;
  node.asked();
});

afterAll(async () => {
  chain?.close();
  await node?.stop();
  await world?.stop();
});

/** As if others made a call dearer after it was estimated, so many times, and each time by more. */
function underestimated(times: number): void {
  let done = 0;
  node.change = (method, result) => {
    if (method !== 'eth_estimateGas' || done === times) return result;
    done++;
    return `0x${Math.ceil(Number(result) / 2 ** done).toString(16)}`;
  };
}

async function openStudy() {
  const { contracts, operator, coordinator } = world;
  const [plan, model, salt] = [randomDigest(), randomDigest(), randomDigest()];
  const data = encode('openStudy', [plan, model, addressOf(coordinator), 2, salt]);
  const id = studyId(world.chainId, contracts.ledger, addressOf(operator), plan, salt);
  return { id, receipt: await send(chain.provider, operator, { to: contracts.ledger, data }) };
}

test('a transaction that ran out of gas is sent again, and done once', async () => {
  underestimated(2);
  const { id, receipt } = await openStudy();
  expect(receipt.status).toBe(1);
  expect(node.asked().eth_sendRawTransaction).toBe(3);
  const logs = await world.rpc.request('eth_getLogs', [
    { address: world.contracts.ledger, fromBlock: '0x0', topics: [null, id] },
  ]);
  expect(logs).toHaveLength(1);
});

test('one that runs out of it each time is given up', async () => {
  underestimated(99);
  expect((await rejected(openStudy())).code).toBe('CHAIN_REVERTED');
  expect(node.asked().eth_sendRawTransaction).toBe(4);
});
