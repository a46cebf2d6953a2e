import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Wallet } from 'ethers';
import { keyOf } from '../../../cli/chain/consortium.ts';
import { writeInvitation } from '../../../cli/chain/invite.ts';
import { addressIn } from '../../../cli/chain/keystore.ts';
import { consortiumAbi } from '../../../coordinator/chain/abi.ts';
import { decodeKey } from '../../../coordinator/chain/decode.ts';
import { blockAt, call } from '../../../coordinator/chain/node.ts';
import { openKey, sealKey } from '../../../core/statements/keystore.ts';
import { type Address, ZERO_DIGEST } from '../../../core/values.ts';
import { syndic } from '../../unit/cli/spawn.ts';
import { addressOf, randomWallet, startWorld, type World } from './world.ts';

let dir: string;
let world: World;
const file = (name: string) => join(dir, name);
const WORKER = () => file('worker-key.json');
const COORDINATOR = () => file('coordinator-key.json');

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'syndic-rotate-'));
  world = await startWorld({ members: 1 });
  const { chainId, contracts, rpc, coordinator, coordinatorKey, members } = world;
  writeFileSync(file('passphrase'), 'correct horse\n');
  const deployment = { chainId, genesis: (await blockAt(rpc, 0)).hash, ...contracts };
  writeFileSync(file('deployment.json'), JSON.stringify(deployment));
  const [only] = members;
  if (only === undefined) throw new RangeError('a member is wanted');
  const terms = { deployment, url: 'grpcs://coordinator.example:8443', pin: ZERO_DIGEST };
  await writeInvitation(file('invitation.json'), { ...terms, coordinator: addressOf(coordinator), slot: only.slot });
  const keep = async (path: string, { privateKey }: Wallet) =>
    writeFileSync(path, await sealKey(privateKey, 'correct horse', 2));
  await keep(file('member.json'), only.account);
  await keep(file('coordinator.json'), coordinator);
  await keep(file('payer.json'), randomWallet());
  await keep(WORKER(), only.key);
  await keep(COORDINATOR(), coordinatorKey);
});

afterAll(async () => {
  await world?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const passphrase = () => ['--passphrase-file', file('passphrase')];
const rotate = (...args: readonly string[]) => [
  ...['member', 'rotate', '--dir', dir, '--rpc', world.rpcUrl, '--invitation', file('invitation.json')],
  ...['--keystore', file('member.json'), ...passphrase(), '--key-passphrase-file', file('passphrase')],
  ...['--scrypt-cost', '2', ...args],
];

async function run(args: readonly string[]) {
  const { code, stdout, stderr } = await syndic([...args, '--json']);
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}`);
  return JSON.parse(stdout);
}

const currentKey = async (account: Wallet) =>
  await keyOf(world.provider, world.contracts.consortium, addressOf(account));

async function keyInfo(key: Address) {
  const data = consortiumAbi.encodeFunctionData('keyInfo', [key]);
  const answer = await call(world.rpc, { to: world.contracts.consortium, data }, 'latest');
  return decodeKey(key, consortiumAbi.decodeFunctionResult('keyInfo', answer)[0]);
}

const account = () => world.members[0]?.account as Wallet;

describe('another worker key', () => {
  test('is made, told in plain words, listed, and in the folder; the one before ends and lies beside it', async () => {
    const old = await addressIn(WORKER());
    const asked = await syndic(rotate());
    expect([asked.code, asked.stdout]).toEqual([2, '']);
    expect(asked.stderr).toContain(`ends now     ${old}`);
    expect(await currentKey(account())).toBe(old);
    const made = await addressIn(`${WORKER()}.next`);
    const { code, stdout, stderr } = await syndic(rotate('--yes'));
    expect(code).toBe(0);
    expect(stdout).toContain(`key\t${made}`);
    expect(stderr).toContain(`from now on  ${made}`);
    expect(stderr).toContain('Restart the worker');
    expect(await currentKey(account())).toBe(made);
    expect((await openKey(await readFile(WORKER(), 'utf8'), 'correct horse')).address).toBe(made);
    expect(await addressIn(`${WORKER()}.${old}`)).toBe(old);
    expect(await keyInfo(old)).toMatchObject({ compromised: false, validTo: expect.any(Number) });
    expect(existsSync(`${WORKER()}.next`)).toBe(false);
  });

  test('in place of a stolen one marks that as compromised', async () => {
    const old = await addressIn(WORKER());
    const { key, ended, listed } = await run(rotate('--yes', '--compromised'));
    expect([ended, listed]).toEqual([old, true]);
    expect(await keyInfo(old)).toMatchObject({ compromised: true });
    expect(await currentKey(account())).toBe(key);
  });

  test('is signed into a file for others to send; once they have, the folder gets it', async () => {
    const old = await addressIn(WORKER());
    const written = await run(rotate('--yes', '--relay', file('key.json')));
    expect(written).toMatchObject({ ended: old, listed: false, signed: true });
    expect([await currentKey(account()), await addressIn(WORKER())]).toEqual([old, old]);
    const sending = ['--rpc', world.rpcUrl, '--deployment', file('deployment.json'), '--keystore', file('payer.json')];
    await run(['consortium', 'relay', file('key.json'), ...sending, ...passphrase()]);
    expect(await run(rotate('--yes'))).toMatchObject({ key: written.key, listed: true });
    expect([await currentKey(account()), await addressIn(WORKER())]).toEqual([written.key, written.key]);
  });

  test('is not made for a folder whose key is not the current one', async () => {
    await rename(WORKER(), file('aside.json'));
    writeFileSync(WORKER(), await sealKey(randomWallet().privateKey, 'correct horse', 2));
    const { code, stderr } = await syndic(rotate('--yes', '--json'));
    expect([code, JSON.parse(stderr).error.code]).toEqual([6, 'STATE_CONFLICT']);
    expect(existsSync(`${WORKER()}.next`)).toBe(false);
  });
});

test('another coordinator key is listed by its account, and in its folder', async () => {
  const old = await addressIn(COORDINATOR());
  const made = await run([
    ...['consortium', 'rotate', '--dir', dir, '--rpc', world.rpcUrl, '--deployment', file('deployment.json')],
    ...['--keystore', file('coordinator.json'), ...passphrase(), '--key-passphrase-file', file('passphrase')],
    ...['--scrypt-cost', '2', '--yes'],
  ]);
  expect(made).toMatchObject({ account: addressOf(world.coordinator), ended: old, listed: true });
  expect([await currentKey(world.coordinator), await addressIn(COORDINATOR())]).toEqual([made.key, made.key]);
  expect(await keyInfo(old)).toMatchObject({ compromised: false, validTo: expect.any(Number) });
});
