import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { hexlify } from 'ethers';
import { blockHash, type Header, readHeader } from '../../../audit/blocks/header.ts';
import { provenAccount, provenWord } from '../../../audit/proofs/account.ts';
import { type Address, address } from '../../../core/values.ts';
import { startAnvil, type TestChain } from '../../support/anvil.ts';
import { askNode, type BlockOfNode, type ProofOfNode } from '../../support/audit/askNode.ts';
import { ABSENT, CODE_HASH, INIT_CODE, placeOf, STORED, wordsOf } from '../../support/audit/storedWords.ts';
import { until } from '../../support/until.ts';

describe('what Anvil proves', () => {
  let chain: TestChain;
  let contract: Address;
  let sender: Address;
  let header: Header;
  let blocks: BlockOfNode[];
  const ask = <T>(method: string, ...params: readonly unknown[]) => askNode<T>(chain.rpcUrl, method, ...params);
  const prove = (who: string, places: readonly bigint[] = []) =>
    ask<ProofOfNode>('eth_getProof', who, places.map(placeOf), `0x${header.number.toString(16)}`);

  beforeAll(async () => {
    chain = await startAnvil({ accounts: 2 });
    const [from = ''] = await ask<string[]>('eth_accounts');
    sender = address(from);
    const sent = await ask<string>('eth_sendTransaction', { from, data: INIT_CODE, gas: '0x989680' });
    const receiptNow = () => ask<{ contractAddress: string; status: string } | null>('eth_getTransactionReceipt', sent);
    // Anvil answers with the hash before the block is there.
    await until(async () => (await receiptNow()) !== null);
    const receipt = await receiptNow();
    if (receipt === null) throw new Error('the receipt was there, and is gone');
    expect(receipt.status).toBe('0x1');
    contract = address(receipt.contractAddress);
    await ask('evm_mine');
    const count = Number(await ask<string>('eth_blockNumber'));
    const numbers = Array.from({ length: count + 1 }, (_, i) => `0x${i.toString(16)}`);
    blocks = await Promise.all(numbers.map((at) => ask<BlockOfNode>('eth_getBlockByNumber', at, false)));
    header = readHeader(blocks.at(-1));
  });

  afterAll(async () => {
    await chain?.stop();
  });

  test('a block’s hash is the node’s, from the first block on, with whole transactions too', async () => {
    expect(blocks.length).toBeGreaterThan(2);
    for (const block of blocks) {
      expect(blockHash(readHeader(block), 'ethereum')).toBe(block.hash);
      const whole = await ask<BlockOfNode>('eth_getBlockByNumber', block.number, true);
      expect(blockHash(readHeader(whole), 'ethereum')).toBe(block.hash);
    }
  });

  test('a contract and every word of it are proven against the header’s state', async () => {
    const places = [...STORED.keys()];
    const answer = await prove(contract, places);
    expect(provenAccount(header.stateRoot, contract, answer.accountProof)).toEqual({
      nonce: 1n,
      balance: 0n,
      storageRoot: answer.storageHash,
      codeHash: CODE_HASH,
    });
    expect(wordsOf(header.stateRoot, contract, places, answer)).toEqual([...STORED.values()]);
  });

  test('words that nobody stored are proven zero, in a contract and in an account without storage', async () => {
    for (const who of [contract, sender]) {
      const answer = await prove(who, ABSENT);
      expect(wordsOf(header.stateRoot, who, ABSENT, answer)).toEqual(ABSENT.map(() => 0n));
    }
  });

  test('an account that never was is proven to be none', async () => {
    for (let i = 1; i <= 8; i++) {
      const nobody = address(hexlify(new Uint8Array(20).fill(0xa0 + i)));
      const { accountProof } = await prove(nobody);
      expect(provenAccount(header.stateRoot, nobody, accountProof)).toBeNull();
    }
  });

  test('the proof of an absent word does not prove a stored one absent', async () => {
    const answer = await prove(contract, [0n, ABSENT[0] ?? 3n]);
    const account = provenAccount(header.stateRoot, contract, answer.accountProof);
    const [stored, absent] = answer.storageProof;
    if (account === null || stored === undefined || absent === undefined) throw new Error('the node proved too little');
    for (const proof of [absent.proof, [], stored.proof.slice(0, -1), [...stored.proof, ...absent.proof]]) {
      expect(() => provenWord(account.storageRoot, 0n, proof)).toThrow(
        expect.objectContaining({ code: 'PROOF_INVALID' }),
      );
    }
  });
});
