import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { checkReceipt } from '../../../audit/receipt.ts';
import { connectRpc } from '../../../audit/rpc.ts';
import { send } from '../../../cli/chain/send.ts';
import { consortiumAbi } from '../../../coordinator/chain/abi.ts';
import { decodeReceipt, type ReceiptDocument } from '../../../core/statements/documents.ts';
import { sign } from '../../../core/statements/sign.ts';
import { domain } from '../../../core/statements/types.ts';
import type { Digest } from '../../../core/values.ts';
import { rejected } from '../../unit/core/thrown.ts';
import { randomDigest, randomWallet, startWorld, type World } from '../chain/world.ts';
import { Scene } from './Scene.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld({ members: 3 });
});

afterAll(async () => {
  await world?.stop();
});

const receiptOf = (scene: Scene, of: Digest | undefined) => decodeReceipt(scene.files.get(of as Digest) as Uint8Array);

async function stateOf(scene: Scene, receipt: ReceiptDocument) {
  const chain = await connectRpc(world.rpcUrl);
  try {
    return await checkReceipt(chain, scene.ledger, receipt);
  } finally {
    chain.close();
  }
}

function signed(scene: Scene, honest: ReceiptDocument, change: Partial<ReceiptDocument['message']>, key?: string) {
  const message = { ...honest.message, ...change };
  const own = domain(world.chainId, scene.ledger);
  return { message, signature: sign(key ?? world.coordinatorKey.privateKey, own, 'Receipt', message) };
}

test('a receipt is kept, broken or late by the record that stands, awaited or overdue without one', async () => {
  const scene = await new Scene(world).open();
  const kept = receiptOf(scene, (await scene.round()).receipts[0]);
  const broken = receiptOf(scene, (await scene.round({ absent: [1] })).receipts[0]);
  expect(await stateOf(scene, kept)).toMatchObject({ state: 'kept', round: 1, slot: 1, update: kept.message.update });
  expect(await stateOf(scene, broken)).toMatchObject({
    state: 'broken',
    what: 'the record says that the member did not answer',
  });
  expect(await stateOf(scene, signed(scene, kept, { recordBy: 1000 }))).toMatchObject({ state: 'late' });
  expect(await stateOf(scene, signed(scene, kept, { update: randomDigest() }))).toMatchObject({ state: 'broken' });
  expect(await stateOf(scene, signed(scene, kept, { samples: 7 }))).toMatchObject({ state: 'broken' });
  expect(await stateOf(scene, signed(scene, kept, { slot: 9 }))).toMatchObject({ state: 'broken' });
  expect(await stateOf(scene, signed(scene, kept, { round: 3 }))).toMatchObject({ state: 'awaited', recordHash: null });
  const overdue = signed(scene, kept, { round: 3, recordBy: 1000 });
  expect(await stateOf(scene, overdue)).toMatchObject({ state: 'overdue', recordHash: null });
});

test('what no key of the coordinator signed promises nothing', async () => {
  const scene = await new Scene(world).open();
  const kept = receiptOf(scene, (await scene.round()).receipts[0]);
  const stranger = signed(scene, kept, {}, randomWallet().privateKey);
  expect((await rejected(stateOf(scene, stranger))).code).toBe('RECEIPT_INVALID');
  // A member's key is no coordinator's.
  const member = signed(scene, kept, {}, world.members[0]?.key.privateKey);
  expect((await rejected(stateOf(scene, member))).code).toBe('RECEIPT_INVALID');
  const elsewhere = signed(scene, kept, { study: randomDigest() });
  expect((await rejected(stateOf(scene, elsewhere))).code).toBe('NOT_FOUND');
});

test('a compromised key’s broken receipt is silenced, and its kept one stays kept', async () => {
  const scene = await new Scene(world).open();
  const kept = receiptOf(scene, (await scene.round()).receipts[0]);
  const broken = receiptOf(scene, (await scene.round({ absent: [1] })).receipts[0]);
  const data = consortiumAbi.encodeFunctionData('revokeKey', [world.coordinatorKey.address, true]);
  await send(world.provider, world.coordinator, { to: world.contracts.consortium, data });
  expect(await stateOf(scene, kept)).toMatchObject({ state: 'kept' });
  expect(await stateOf(scene, broken)).toMatchObject({ state: 'silenced' });
});
