import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { untilSettled } from '../../../coordinator/anchor/untilSettled.ts';
import { openRpc } from '../../../coordinator/chain/openRpc.ts';
import type { Rpc } from '../../../coordinator/chain/rpc.ts';
import { address } from '../../../core/values.ts';
import { startAnvil, type TestChain } from '../../support/anvil.ts';
import { silentLog } from '../../support/silentLog.ts';

const SIGNER = address(`0x${'51'.repeat(20)}`);
let chain: TestChain;
let rpc: Rpc;

beforeAll(async () => {
  chain = await startAnvil({ noMining: true });
  rpc = openRpc(chain, silentLog);
});
afterAll(async () => {
  rpc?.close();
  await chain?.stop();
});

test('a key counts as settled only when nothing that it sent is still on its way', async () => {
  const settled = (n: number, seconds: number) =>
    untilSettled({ ...chain, finality: { kind: 'blocks', n }, seconds }, SIGNER, silentLog);
  await settled(1, 0);
  await rpc.request('anvil_impersonateAccount', [SIGNER]);
  await rpc.request('eth_sendTransaction', [{ from: SIGNER, to: SIGNER, gas: '0x5208', gasPrice: '0x0' }]);
  await expect(settled(1, 0)).rejects.toMatchObject({ code: 'STATE_CONFLICT', details: { waiting: 1 } });
  await rpc.request('evm_mine', []);
  // In a block, and not in a final one.
  await expect(settled(1, 0)).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
  const waiting = settled(1, 60);
  await rpc.request('evm_mine', []);
  await waiting;
});
