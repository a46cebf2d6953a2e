import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ChainLine, connectChain } from '../../../cli/chain/connectChain.ts';
import { startAnvil, type TestChain } from '../../support/anvil.ts';
import { syndic } from '../../unit/cli/spawn.ts';

let dir: string;
let anvil: TestChain;
let chain: ChainLine;
const file = (name: string) => join(dir, name);

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'syndic-test-deploy-'));
  writeFileSync(file('passphrase'), 'correct horse\n');
  anvil = await startAnvil();
  chain = await connectChain(anvil.rpcUrl);
  await syndic(['consortium', 'account', ...signed(), '--scrypt-cost', '2']);
});

afterAll(async () => {
  chain?.close();
  await anvil?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const signed = () => ['--keystore', file('admin.json'), '--passphrase-file', file('passphrase')];
const deploy = (out: string) =>
  syndic(['consortium', 'deploy', '--rpc', anvil.rpcUrl, ...signed(), '--out', file(out), '--json']);

test('what is deployed already is not deployed again, and the command prints the same', async () => {
  const first = await deploy('deployment.json');
  const height = await chain.provider.getBlockNumber();
  const second = await deploy('deployment.json');
  expect([first.code, second.code, second.stdout]).toEqual([0, 0, first.stdout]);
  expect(second.stderr).toContain('nothing was deployed');
  expect(await chain.provider.getBlockNumber()).toBe(height);
});

test.each([
  ['another chain', { chainId: 1 }, 'serves chain'],
  ['a chain of that id which began otherwise', { genesis: `0x${'00'.repeat(32)}` }, 'with genesis'],
  ['contracts that are not there', { ledger: `0x${'12'.repeat(20)}` }, 'no contract ledger'],
])('a file that tells of %s is CHAIN_MISMATCH: it stays, and nothing is deployed', async (_, change, said) => {
  const told = { ...JSON.parse(readFileSync(file('deployment.json'), 'utf8')), ...change };
  writeFileSync(file('other.json'), JSON.stringify(told));
  const height = await chain.provider.getBlockNumber();
  const { code, stderr } = await deploy('other.json');
  expect([code, JSON.parse(stderr).error.code]).toEqual([9, 'CHAIN_MISMATCH']);
  expect(JSON.parse(stderr).error.message).toContain(said);
  expect(JSON.parse(readFileSync(file('other.json'), 'utf8'))).toEqual(told);
  expect(await chain.provider.getBlockNumber()).toBe(height);
});
