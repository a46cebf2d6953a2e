import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { decodeRlp } from 'ethers';
import { foundChain } from '../../../deploy/chain/found.ts';
import { cliqueGenesis, type Genesis, qbftGenesis } from '../../../deploy/chain/genesis.ts';
import { NODE_FLAGS } from '../../../embedded/runSyndic.ts';
import { temporaryFolders } from '../../support/temporaryFolder.ts';

const CHAIN = join(import.meta.dirname, '..', '..', '..', 'deploy', 'chain');
/** The first accounts of a mnemonic that every Ethereum developer knows. */
const KNOWN = [
  '0x90F8bf6A479f320ead074411a4B0e7944Ea8c9C1',
  '0xFFcf8FDEE72ac11b5c542428B35EEF5769C409f0',
  '0x22d491Bde2303f2f43325b2108D26f1eAbA1e32b',
  '0xE11BA2b4D45Eaed5996Cd0823791E0C93114882d',
];
const three = KNOWN.slice(0, 3);
const sorted = (list: readonly string[]) => list.map((one) => one.toLowerCase()).toSorted();
const folder = temporaryFolders();

describe('the genesis of a Clique chain', () => {
  test('names the sealers, ascending, between vanity and seal (EIP-225)', () => {
    const { extraData } = cliqueGenesis({ chainId: 7, sealers: three });
    const middle = sorted(three).map((one) => one.slice(2));
    expect(extraData).toBe(`0x${'0'.repeat(64)}${middle.join('')}${'0'.repeat(130)}`);
  });

  test('does not depend on the order or the spelling of the addresses', () => {
    const other = { chainId: 7, sealers: sorted(three).reverse() };
    expect(JSON.stringify(cliqueGenesis(other))).toBe(JSON.stringify(cliqueGenesis({ chainId: 7, sealers: three })));
  });
});

describe('the genesis of a QBFT chain', () => {
  test('is RLP of vanity, validators ascending, no vote, round 0 and no seals, and its base fee stays zero', () => {
    const { config, extraData } = qbftGenesis({ chainId: 7, validators: KNOWN });
    expect(decodeRlp(extraData)).toEqual([`0x${'0'.repeat(64)}`, sorted(KNOWN), [], '0x', []]);
    expect(config).toMatchObject({ zeroBaseFee: true, qbft: { blockperiodseconds: 1, requesttimeoutseconds: 4 } });
  });

  test('waits longer for a proposal where blocks are further apart', () => {
    const { config } = qbftGenesis({ chainId: 7, validators: KNOWN, period: 5 });
    expect(config).toMatchObject({ qbft: { blockperiodseconds: 5, requesttimeoutseconds: 10 } });
  });
});

const kinds: [string, number, (validators: readonly string[], rest?: object) => Genesis][] = [
  ['Clique', 3, (sealers, rest) => cliqueGenesis({ chainId: 7, sealers, ...rest })],
  ['QBFT', 4, (validators, rest) => qbftGenesis({ chainId: 7, validators, ...rest })],
];
describe.each(kinds)('a %s genesis', (_, least, make) => {
  const enough = KNOWN.slice(0, least);
  const refused = (validators: readonly string[], rest?: object) => expect(() => make(validators, rest));

  test('stays at London, free of charge, with a gas limit of a hundred million', () => {
    const { config, baseFeePerGas, gasLimit, alloc } = make(enough);
    expect(config).toMatchObject({ chainId: 7, berlinBlock: 0, londonBlock: 0 });
    expect(Object.keys(config).filter((name) => /shanghai|cancun|prague|terminal/i.test(name))).toEqual([]);
    expect([baseFeePerGas, Number(gasLimit)]).toEqual(['0x0', 100_000_000]);
    expect(Object.keys(alloc)).toEqual(sorted(enough));
  });

  test('gives ether to whom it is told', () => {
    expect(Object.keys(make(enough, { funded: [KNOWN[0], KNOWN[0]] }).alloc)).toEqual(sorted(KNOWN.slice(0, 1)));
  });

  test('refuses too few validators, one named twice, and what is no account', () => {
    refused(enough.slice(1)).toThrow(`wants at least ${least} validators, and ${least - 1} are named`);
    refused([...enough.slice(1), enough[1]?.toLowerCase() ?? '']).toThrow('is named twice');
    refused([...enough, '0x1234']).toThrow('"0x1234" is no address');
    refused([...enough, `0x${'0'.repeat(40)}`]).toThrow('the zero address is nobody');
  });

  test.each([[0], [-1], [1.5], [Number.NaN], [2 ** 53]])('refuses %s as chain id, and as period', (number) => {
    refused(enough, { chainId: number }).toThrow(`the chain id is ${number}: give a whole number from 1`);
    refused(enough, { period: number }).toThrow(`the period is ${number}: give a whole number from 1`);
  });
});

test.each([
  ['clique', cliqueGenesis({ chainId: 7410, sealers: three })],
  ['qbft', qbftGenesis({ chainId: 7410, validators: KNOWN })],
])('the committed example for %s is what the function makes, and says that it is one', (kind, made) => {
  const { comment, ...rest } = JSON.parse(readFileSync(join(CHAIN, `${kind}.genesis.json`), 'utf8'));
  expect(comment).toMatch(/^An example\. Everybody knows the keys/);
  expect(rest).toEqual(made);
});

describe('the command', () => {
  function run(...args: string[]) {
    const node = [...NODE_FLAGS, join(CHAIN, 'main.ts'), ...args];
    const { status: code, stdout, stderr } = spawnSync(process.execPath, node, { encoding: 'utf8' });
    return { code, stdout, stderr };
  }

  test('prints a genesis, and its SHA-256 for members to compare', () => {
    const named = KNOWN.flatMap((one) => ['--validator', one]);
    const { code, stdout, stderr } = run('genesis', 'qbft', '--chain-id', '7410', ...named);
    expect([code, JSON.parse(stdout)]).toEqual([0, qbftGenesis({ chainId: 7410, validators: KNOWN })]);
    expect(stderr).toMatch(/^SHA-256 [0-9a-f]{64}\n$/);
  });

  test('says what is wrong with what it is told', () => {
    const missing = run('genesis', 'clique', '--validator', KNOWN[0] ?? '');
    expect([missing.code, missing.stdout]).toEqual([3, '']);
    expect(missing.stderr).toMatch(/^error CONFIG_INVALID: /);
    const unknown = run('genesis', 'ibft', '--chain-id', '7');
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('"ibft" is no kind of chain')]);
    const place = run('found', 'clique', '--chain-id', '7', '--validator', 'somewhere');
    expect([place.code, place.stderr]).toEqual([2, expect.stringContaining('DIR=HOST:PORT')]);
  });
});

describe.each([
  ['clique', 3, ['address', 'genesis.json', 'keystore', 'nodekey', 'passphrase', 'peers.toml', 'sealer.sh']],
  ['qbft', 4, ['address', 'genesis.json', 'nodekey', 'static-nodes.json']],
] as const)('founding a %s chain on one host', (kind, count, files) => {
  async function places() {
    const dir = await folder();
    return Array.from({ length: count }, (_, i) => ({ dir: join(dir, `${i}`), host: '10.0.0.1', port: 30303 + i }));
  }
  const read = (dir: string, name: string) => readFileSync(join(dir, name), 'utf8');

  test('gives each validator a key, the same genesis, and the others to dial', async () => {
    const found = await foundChain({ kind, chainId: 7, places: await places() });
    const genesis = JSON.parse(read(found[0]?.dir ?? '', 'genesis.json'));
    expect(Object.keys(genesis.alloc)).toEqual(sorted(found.map(({ address }) => address)));
    expect(new Set(found.map(({ dir }) => read(dir, 'genesis.json'))).size).toBe(1);
    for (const { dir, address, enode } of found) {
      expect((await readdir(dir)).toSorted()).toEqual(files);
      expect(read(dir, 'address')).toBe(`${address}\n`);
      const peers = read(dir, kind === 'clique' ? 'peers.toml' : 'static-nodes.json');
      const named = peers.match(/enode:\/\/[0-9a-f]{128}@[\d.:]+/g);
      expect(named).toEqual(found.map((one) => one.enode).filter((one) => one !== enode));
    }
  });

  test('changes nothing the second time, and refuses to make another chain of it', async () => {
    const at = await places();
    const first = await foundChain({ kind, chainId: 7, places: at });
    expect(await foundChain({ kind, chainId: 7, places: at })).toEqual(first);
    await expect(foundChain({ kind, chainId: 8, places: at })).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
  });
});
