import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Transaction, TypedDataEncoder } from 'ethers';
import { admitMember, keyOf } from '../../../cli/chain/consortium.ts';
import { writeInvitation } from '../../../cli/chain/invite.ts';
import { RemoteSigner } from '../../../cli/chain/RemoteSigner.ts';
import { send } from '../../../cli/chain/send.ts';
import { blockAt, getReceipt } from '../../../coordinator/chain/node.ts';
import { sealKey } from '../../../core/statements/keystore.ts';
import { type Address, address, type Slot, ZERO_DIGEST } from '../../../core/values.ts';
import { syndic } from '../../unit/cli/spawn.ts';
import { type FakeSigner, fakeSigner } from './fakeSigner.ts';
import { addressOf, randomDigest, randomWallet, startWorld, type World } from './world.ts';

let dir: string;
let world: World;
/** Accounts that the chain's node holds; the first two are members. */
let held: Address[];
let fake: FakeSigner | undefined;
const file = (name: string) => join(dir, name);

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'syndic-signer-'));
  world = await startWorld({ members: 0, anvil: { accounts: 3 } });
  held = ((await world.rpc.request('eth_accounts', [])) as string[]).map(address);
  writeFileSync(file('passphrase'), 'correct horse\n');
  writeFileSync(file('payer.json'), await sealKey(randomWallet().privateKey, 'correct horse', 2));
  for (const account of held.slice(0, 2)) await invite(account);
});

afterEach(async () => {
  await fake?.stop();
  fake = undefined;
});

afterAll(async () => {
  await world?.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function invite(account: Address): Promise<Slot> {
  const { chainId, contracts, rpc, provider, admin, coordinator } = world;
  const slot = await admitMember(provider, admin, contracts.consortium, account);
  const deployment = { chainId, genesis: (await blockAt(rpc, 0)).hash, ...contracts };
  writeFileSync(file('deployment.json'), JSON.stringify(deployment));
  await writeInvitation(file(`${account}.json`), {
    ...{ deployment, url: 'grpcs://coordinator.example:8443', pin: ZERO_DIGEST },
    ...{ coordinator: addressOf(coordinator), slot },
  });
  return slot;
}

const member = (account: Address, verb: string, ...args: readonly string[]) => [
  ...['member', verb, ...args, '--rpc', world.rpcUrl, '--invitation', file(`${account}.json`)],
];
const behind = (url: string, account: Address) => ['--signer', url, '--account', account];
const paying = () => ['--keystore', file('payer.json'), '--passphrase-file', file('passphrase')];
const relayed = (name: string, ...args: readonly string[]) => [
  ...['consortium', 'relay', file(name), '--rpc', world.rpcUrl, '--deployment', file('deployment.json')],
  ...[...paying(), ...args],
];

async function run(args: readonly string[]) {
  const { code, stdout, stderr } = await syndic([...args, '--json']);
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}`);
  return JSON.parse(stdout);
}

async function refusal(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await syndic([...args, '--json']);
  expect(stdout).toBe('');
  const { error } = JSON.parse(stderr);
  return `${code} ${error.code}: ${error.message}`;
}

const currentKey = async (account: Address) => await keyOf(world.provider, world.contracts.consortium, account);
const [first, second] = [() => held[0] as Address, () => held[1] as Address];

describe('an account behind a JSON-RPC signer', () => {
  test('signs transactions, which the command sends by its own node', async () => {
    fake = await fakeSigner(world.rpcUrl, () => undefined);
    const key = addressOf(randomWallet());
    const { code, stderr } = await syndic([...member(first(), 'key', key), ...behind(fake.url, first())]);
    expect([code, stderr]).toEqual([
      0,
      `Account ${first()} says that ${key} is its current key from now on; the one before ends.\n`,
    ]);
    expect(await currentKey(first())).toBe(key);
    expect(fake.asked).toEqual(['eth_accounts', 'eth_signTransaction']);
  });

  test('that only sends is let send, and what the chain got is looked at', async () => {
    fake = await fakeSigner(world.rpcUrl, (method) =>
      method === 'eth_signTransaction' ? { error: { code: -32601, message: 'the method is not there' } } : undefined,
    );
    const key = addressOf(randomWallet());
    expect(await run([...member(first(), 'key', key), ...behind(fake.url, first())])).toMatchObject({ listed: true });
    expect(await currentKey(first())).toBe(key);
    expect(fake.asked).toEqual(['eth_accounts', 'eth_signTransaction', 'eth_sendTransaction']);
  });

  test('signs a message (eth_signTypedData_v4) that somebody else sends and pays for, once', async () => {
    const key = addressOf(randomWallet());
    const write = member(second(), 'key', key, '--relay', file('key.json'));
    expect(await run([...write, ...behind(world.rpcUrl, second())])).toMatchObject({
      relay: file('key.json'),
      signed: true,
    });
    expect(await currentKey(second())).toBeNull();
    const told = await syndic(relayed('key.json'));
    expect([told.code, told.stderr]).toEqual([
      0,
      `Account ${second()} says that ${key} is its current key from now on; the one before ends.\n`,
    ]);
    expect(await currentKey(second())).toBe(key);
    expect(await refusal(relayed('key.json'))).toMatch(/^4 SIGNATURE_INVALID: .*has acted since/);
    const version = { schema: 'syndic.version/1', dataset: randomDigest(), root: randomDigest(), rows: 256 };
    writeFileSync(file('version.json'), JSON.stringify({ ...version, secret: randomDigest(), created: 1 }));
    const anchor = member(second(), 'version', '--file', file('version.json'), '--relay', file('v.json'));
    await run([...anchor, ...behind(world.rpcUrl, second())]);
    const { transaction, message } = await run(relayed('v.json'));
    expect([message, (await getReceipt(world.rpc, transaction))?.status]).toEqual(['AddVersion', 1]);
  });

  test('of its only account needs no name; of several, one', async () => {
    const only = await fakeSigner(world.rpcUrl, (method) =>
      method === 'eth_accounts' ? { result: [second()] } : undefined,
    );
    try {
      expect((await RemoteSigner.open({ url: only.url })).address).toBe(second());
    } finally {
      await only.stop();
    }
    const args = member(first(), 'revoke-key', addressOf(randomWallet()));
    expect(await refusal([...args, '--signer', world.rpcUrl])).toMatch(/^2 USAGE: .*several accounts/);
    expect(await refusal(args)).toMatch(/^2 USAGE: say who signs/);
    for (const url of ['http://signer.example:8550', 'signer.example', 'ws://127.0.0.1:1']) {
      await expect(RemoteSigner.open({ url })).rejects.toMatchObject({ code: 'USAGE' });
    }
  });
});

describe('a signer that is not to be trusted', () => {
  const key = () => addressOf(randomWallet());
  const asked = async (answer: Parameters<typeof fakeSigner>[1], ...more: readonly string[]): Promise<string> => {
    await fake?.stop();
    fake = await fakeSigner(world.rpcUrl, answer);
    const before = await currentKey(first());
    const said = await refusal([...member(first(), 'key', key(), ...more), ...behind(fake.url, first())]);
    expect(await currentKey(first())).toBe(before);
    return said;
  };

  test('and signs as somebody else, or something else, is found out before anything is sent', async () => {
    const stranger = randomWallet();
    const another = (method: string, [request]: readonly unknown[]) => {
      if (method !== 'eth_signTransaction') return undefined;
      const { from: _, gas, ...rest } = request as { from: string; gas: string; data: string };
      const { gasPrice, maxFeePerGas, maxPriorityFeePerGas, ...plain } = rest as Record<string, string>;
      const unsigned = Transaction.from({ ...plain, gasLimit: gas, type: 0, gasPrice: 0 } as object);
      unsigned.signature = stranger.signingKey.sign(unsigned.unsignedHash);
      return { result: unsigned.serialized };
    };
    expect(await asked(another)).toMatch(/^4 SIGNATURE_INVALID: .*its from is /);
    const other = key().slice(2);
    const changed = await fakeSigner(world.rpcUrl, () => undefined);
    const altering = async (body: { method: string; params: [Record<string, string>] }) => {
      const headers = { 'content-type': 'application/json' };
      const [request] = body.params;
      const data = `${request.data?.slice(0, -40)}${other}`;
      const altered = { ...body, id: 1, jsonrpc: '2.0', params: [{ ...request, data }] };
      const answer = await fetch(changed.url, { method: 'POST', headers, body: JSON.stringify(altered) });
      return ((await answer.json()) as { result: string }).result;
    };
    // What a real signer makes of an altered request, kept for the one that lies.
    const nonce = await world.provider.getTransactionCount(first(), 'pending');
    const request = { from: first(), to: world.contracts.consortium, data: `0x${'00'.repeat(36)}`, gas: '0x100000' };
    const fees = { gasPrice: '0x0', nonce: `0x${nonce.toString(16)}`, chainId: `0x${world.chainId.toString(16)}` };
    const raw = await altering({ method: 'eth_signTransaction', params: [{ ...request, ...fees }] });
    await changed.stop();
    expect(await asked((method) => (method === 'eth_signTransaction' ? { result: raw } : undefined))).toMatch(
      /^4 SIGNATURE_INVALID: .*its data is /,
    );
    const forged = stranger.signingKey.sign(randomDigest()).serialized;
    for (const result of [forged, '0x1234', `0x${'00'.repeat(65)}`]) {
      const said = await asked(
        (method) => (method === 'eth_signTypedData_v4' ? { result } : undefined),
        ...['--relay', file('forged.json')],
      );
      expect(said).toMatch(/^4 SIGNATURE_INVALID: .*is no signature of/);
    }
  });

  test('and says that it sent what it did not is found out by looking at the chain', async () => {
    const { transactions } = (await world.rpc.request('eth_getBlockByNumber', ['latest', false])) as {
      transactions: string[];
    };
    const said = await asked((method) => {
      if (method === 'eth_signTransaction') return { error: { code: -32601, message: 'no such method' } };
      return method === 'eth_sendTransaction' ? { result: transactions[0] } : undefined;
    });
    expect(said).toMatch(/^4 SIGNATURE_INVALID: .*signed another transaction than was asked/);
  });

  test('and lacks the account, refuses, answers nonsense or nothing, is told apart', async () => {
    const without = (method: string) => (method === 'eth_accounts' ? { result: [second()] } : undefined);
    expect(await asked(without)).toMatch(/^4 SIGNER_REFUSED: .*does not offer account .*; it offers /);
    const denied = (method: string) =>
      method === 'eth_signTransaction' ? { error: { code: 4001, message: 'User rejected the request.' } } : undefined;
    expect(await asked(denied)).toMatch(/^4 SIGNER_REFUSED: .*refused eth_signTransaction: User rejected/);
    for (const nonsense of ['<html>', '{}', '{"result":{"raw":7}}', '{"result":"0xzz"}', '{"result":"0x1234"}']) {
      const said = await asked((method) => (method === 'eth_signTransaction' ? nonsense : undefined));
      expect(said).toMatch(/^7 SIGNER_UNAVAILABLE: .*malformed answer to eth_signTransaction/);
    }
    expect(await refusal([...member(first(), 'key', key()), ...behind('http://127.0.0.1:9', first())])).toMatch(
      /^7 SIGNER_UNAVAILABLE: .*did not answer/,
    );
    const deaf = await fakeSigner(world.rpcUrl, (method) => (method === 'eth_accounts' ? undefined : null));
    try {
      const patient = await RemoteSigner.open({ url: deaf.url, account: first(), patience: 1 });
      await expect(patient.signTransaction({ data: '0x' })).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' });
    } finally {
      await deaf.stop();
    }
  });
});

describe('a multisig', () => {
  /** Takes the hash itself for its signature, as one whose owners approved the hash on chain does. */
  const RUNTIME = '60043560643514631626ba7e60e01b0260005260206000f3';
  const INIT = `0x6018600c60003960186000f3${RUNTIME}`;

  test('has its message written unsigned, and recorded by its pasted signature', async () => {
    const { contractAddress } = await send(world.provider, world.operator, { data: INIT });
    const multisig = address(contractAddress ?? '');
    await invite(multisig);
    const key = addressOf(randomWallet());
    const write = member(multisig, 'key', key, '--relay', file('multi.json'), '--account', multisig);
    expect(await run(write)).toMatchObject({ account: multisig, signed: false });
    expect(await refusal(relayed('multi.json'))).toMatch(/^2 USAGE: .*is not signed/);
    expect(await refusal(relayed('multi.json', '--signature', randomDigest()))).toMatch(/^4 SIGNATURE_INVALID/);
    const { domain, types, message } = JSON.parse(readFileSync(file('multi.json'), 'utf8')).typedData;
    const { EIP712Domain: _, ...own } = types;
    const hash = TypedDataEncoder.hash(domain, own, message);
    expect(await run(relayed('multi.json', '--signature', hash))).toMatchObject({ message: 'SetKey' });
    expect(await currentKey(multisig)).toBe(key);
  });

  test('whose file was altered, or is for another contract, is refused before anything is sent', async () => {
    const good = JSON.parse(readFileSync(file('multi.json'), 'utf8'));
    const refused = async (change: (typedData: typeof good.typedData) => void) => {
      const altered = structuredClone(good);
      change(altered.typedData);
      writeFileSync(file('altered.json'), JSON.stringify(altered));
      return await refusal(relayed('altered.json', '--signature', randomDigest()));
    };
    const elsewhere = (typedData: typeof good.typedData) => {
      typedData.domain.verifyingContract = world.contracts.ledger;
    };
    expect(await refused(elsewhere)).toMatch(/^9 CHAIN_MISMATCH/);
    const another = (typedData: typeof good.typedData) => {
      typedData.types.SetKey[0].type = 'bytes32';
    };
    expect(await refused(another)).toMatch(/^3 DOCUMENT_INVALID: .*not a SetKey as the contract reads it/);
    const unknown = (typedData: typeof good.typedData) => {
      typedData.primaryType = 'Permit';
    };
    expect(await refused(unknown)).toMatch(/^3 DOCUMENT_INVALID/);
  });
});
