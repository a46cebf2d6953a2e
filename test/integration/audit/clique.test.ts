import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Wallet } from 'ethers';
import { blockHash, type Header, readHeader } from '../../../audit/blocks/header.ts';
import { checkCliqueSeals, cliqueSigner } from '../../../audit/blocks/seals.ts';
import { provenAccount } from '../../../audit/proofs/account.ts';
import { type Address, address } from '../../../core/values.ts';
import { askNode, type BlockOfNode, type ProofOfNode } from '../../support/audit/askNode.ts';
import { ABSENT, CODE_HASH, INIT_CODE, placeOf, STORED, wordsOf } from '../../support/audit/storedWords.ts';
import { CliqueNetwork, hasGeth } from '../../support/clique.ts';
import { needs } from '../../support/needs.ts';
import { until } from '../../support/until.ts';

/** How many follow the one with the contract. */
const BLOCKS = 4;

interface Receipt {
  readonly status: string;
  readonly contractAddress: string;
  readonly blockNumber: string;
}

needs('geth 1.13', hasGeth())('what three Clique sealers seal', () => {
  let network: CliqueNetwork;
  let sealers: Address[];
  /** From the genesis block on. */
  let blocks: BlockOfNode[];
  let headers: Header[];
  let contract: Address;
  const ask = <T>(method: string, ...params: readonly unknown[]) =>
    askNode<T>(network.rpcUrls[0] ?? '', method, ...params);

  beforeAll(async () => {
    network = await CliqueNetwork.start();
    const data = { type: 0, chainId: network.chainId, nonce: 0, gasPrice: 0, gasLimit: 10_000_000, data: INIT_CODE };
    const sent = await ask<string>('eth_sendRawTransaction', await Wallet.createRandom().signTransaction(data));
    const receipt = () => ask<Receipt | null>('eth_getTransactionReceipt', sent);
    await until(async () => (await receipt()) !== null);
    const last = Number((await receipt())?.blockNumber) + BLOCKS;
    await until(() => network.agree(last));
    // Asked again, for a block of one sealer may have given way to another's.
    const { status, contractAddress } = (await receipt()) as Receipt;
    expect(status).toBe('0x1');
    contract = address(contractAddress);
    sealers = ((await network.administer(0, 'clique_getSigners', 'latest')) as string[]).map(address);
    const numbers = Array.from({ length: last + 1 }, (_, i) => `0x${i.toString(16)}`);
    blocks = await Promise.all(numbers.map((at) => ask<BlockOfNode>('eth_getBlockByNumber', at, true)));
    headers = blocks.map(readHeader);
  });

  afterAll(async () => {
    await network?.stop();
  });

  test('has the hashes that the nodes name, from the genesis block on', () => {
    expect(headers.map((header) => blockHash(header, 'clique'))).toEqual(blocks.map(({ hash }) => hash));
  });

  test('is sealed by those whom the node names, each of them a sealer', async () => {
    expect(sealers).toHaveLength(3);
    expect(cliqueSigner(headers[0] as Header)).toBeNull();
    for (const header of headers.slice(1)) {
      const named = await network.administer(0, 'clique_getSigner', `0x${header.number.toString(16)}`);
      expect(cliqueSigner(header)).toBe(named);
      expect(sealers).toContain(named);
    }
  });

  test('stands once a second sealer has built upon it, and not by itself', () => {
    for (const header of headers.slice(1, -1)) {
      const chain = headers.slice(header.number, header.number + 2);
      // Nobody seals two blocks in a row.
      expect(checkCliqueSeals(chain, sealers)).toEqual({
        signers: chain.map(cliqueSigner),
        needed: 2,
        foreign: [],
        malformed: 0,
      });
      expect(() => checkCliqueSeals([header], sealers)).toThrow(
        expect.objectContaining({ code: 'SEALS_INSUFFICIENT' }),
      );
    }
  });

  test('does not stand for whoever trusts others, with a field changed, or with a block left out', () => {
    const insufficient = expect.objectContaining({ code: 'SEALS_INSUFFICIENT' });
    const strangers = [1, 2, 3].map((i) => address(`0x${`0${i}`.repeat(20)}`));
    expect(() => checkCliqueSeals(headers.slice(2), strangers)).toThrow(insufficient);
    for (const key of ['stateRoot', 'transactionsRoot', 'receiptsRoot']) {
      const changed = readHeader({ ...blocks[2], [key]: `0x${'12'.repeat(32)}` });
      expect(() => checkCliqueSeals([changed, ...headers.slice(3)], sealers)).toThrow(insufficient);
      expect(sealers).not.toContain(cliqueSigner(changed));
    }
    expect(() => checkCliqueSeals(headers.toSpliced(3, 1).slice(2), sealers)).toThrow(insufficient);
  });

  test('proves a contract and its words, words that nobody stored, and an account that is none', async () => {
    const at = headers.at(-1) as Header;
    const prove = (who: Address, places: readonly bigint[]) =>
      ask<ProofOfNode>('eth_getProof', who, places.map(placeOf), `0x${at.number.toString(16)}`);
    const places = [...STORED.keys(), ...ABSENT];
    const answer = await prove(contract, places);
    expect(provenAccount(at.stateRoot, contract, answer.accountProof)).toMatchObject({
      nonce: 1n,
      codeHash: CODE_HASH,
    });
    const words = [...STORED.values(), ...ABSENT.map(() => 0n)];
    expect(wordsOf(at.stateRoot, contract, places, answer)).toEqual(words);
    const before = headers[1] as Header;
    expect(() => wordsOf(before.stateRoot, contract, places, answer)).toThrow(
      expect.objectContaining({ code: 'PROOF_INVALID' }),
    );
    const nobody = address(`0x${'ee'.repeat(20)}`);
    expect(provenAccount(at.stateRoot, nobody, (await prove(nobody, [])).accountProof)).toBeNull();
  });
});
