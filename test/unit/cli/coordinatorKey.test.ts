import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Wallet } from 'ethers';
import { dialChain } from '../../../cli/chain/chainFile.ts';
import { connectChain } from '../../../cli/chain/connectChain.ts';
import { addCoordinator, setKey } from '../../../cli/chain/consortium.ts';
import { deployContracts } from '../../../cli/chain/deploy.ts';
import type { Connection } from '../../../cli/http/Connection.ts';
import { coordinatorKey } from '../../../cli/http/coordinatorKey.ts';
import { blockAt } from '../../../coordinator/chain/node.ts';
import { type Address, address } from '../../../core/values.ts';
import { startAnvil, type TestChain } from '../../support/anvil.ts';

let chain: TestChain;
let deployment: NonNullable<Connection['deployment']>;
const admin = Wallet.createRandom();
const coordinator = Wallet.createRandom();
const key = address(Wallet.createRandom().address);

beforeAll(async () => {
  chain = await startAnvil();
  const line = await connectChain(chain.rpcUrl);
  const contracts = await deployContracts(line.provider, admin, { admin: address(admin.address), delay: 60 });
  deployment = { chainId: chain.chainId, genesis: (await blockAt(line.rpc, 0)).hash, ...contracts };
  await addCoordinator(line.provider, admin, contracts.consortium, address(coordinator.address));
  await setKey(line.provider, coordinator, contracts.consortium, key);
  line.close();
});
afterAll(async () => {
  await chain.stop();
});

function connection(changes: Partial<Connection>): Connection {
  return {
    url: new URL('http://127.0.0.1:1'),
    keystore: 'none',
    passphraseFile: undefined,
    coordinator: address(coordinator.address),
    coordinatorKey: undefined,
    rpcUrl: chain.rpcUrl,
    deployment,
    pin: undefined,
    insecureHttp: false,
    ...changes,
  };
}

const refusal = (changes: Partial<Connection>) => coordinatorKey(connection(changes)).catch((error: unknown) => error);

test("the coordinator's key is what the chain says, whatever the caller was told", async () => {
  const told: Address = address(Wallet.createRandom().address);
  expect(await coordinatorKey(connection({ coordinatorKey: told }))).toBe(key);
});

test('without a node it is what the caller was told, else the account itself', async () => {
  expect(await coordinatorKey(connection({ rpcUrl: undefined, coordinatorKey: key }))).toBe(key);
  const account = address(coordinator.address);
  expect(await coordinatorKey(connection({ rpcUrl: undefined }))).toBe(account);
});

test('an account that the chain does not list as coordinator is not trusted', async () => {
  const stranger = address(Wallet.createRandom().address);
  expect(await refusal({ coordinator: stranger })).toMatchObject({ code: 'COORDINATOR_UNTRUSTED' });
});

test('a node of another chain is refused', async () => {
  const other = { ...deployment, chainId: deployment.chainId + 1 };
  expect(await refusal({ deployment: other })).toMatchObject({ code: 'CHAIN_MISMATCH' });
  await expect(dialChain(chain.rpcUrl, other)).rejects.toMatchObject({ code: 'CHAIN_MISMATCH' });
});

test('a node without the contracts being known is wrong usage', async () => {
  expect(await refusal({ deployment: undefined })).toMatchObject({ code: 'USAGE' });
});
