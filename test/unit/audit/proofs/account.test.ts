import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { getBytes, hexlify, keccak256, toBeHex } from 'ethers';
import { provenAccount, provenWord } from '../../../../audit/proofs/account.ts';
import { address, type Digest, digest } from '../../../../core/values.ts';
import { type Item, rlp } from '../../../support/audit/rlp.ts';

interface StorageProof {
  readonly key: string;
  readonly value: string;
  readonly proof: readonly string[];
}
interface AccountProof {
  readonly address: string;
  readonly accountProof: readonly string[];
  readonly balance: string;
  readonly codeHash: string;
  readonly nonce: string;
  readonly storageHash: string;
  readonly storageProof: readonly StorageProof[];
}
interface Vectors {
  readonly accounts: readonly { source: string; proof: AccountProof }[];
  readonly storage: { source: string; storageHash: string; storageProof: readonly StorageProof[] };
}

const vectors: Vectors = JSON.parse(readFileSync(new URL('../vectors/proofs.json', import.meta.url), 'utf8'));
const stateRootOf = ({ accountProof }: AccountProof): Digest => digest(keccak256(accountProof[0] ?? '0x'));
const HASH = keccak256('0x05');
const SOMEBODY = address(`0x${'5a'.repeat(20)}`);
const refusal = (read: () => unknown): unknown => {
  try {
    return read();
  } catch (error) {
    return error;
  }
};
const invalid = expect.objectContaining({ code: 'PROOF_INVALID' });

/** The proof in a trie of one leaf, with any value. */
const alone = (key: string, value: string) => {
  const leaf = rlp([`0x20${keccak256(key).slice(2)}`, value]);
  return { root: digest(keccak256(leaf)), proof: [leaf] };
};

describe.each(vectors.accounts)('$source', ({ proof }) => {
  test('proves the account that the answer tells of', () => {
    expect(provenAccount(stateRootOf(proof), address(proof.address), proof.accountProof)).toEqual({
      nonce: BigInt(proof.nonce),
      balance: BigInt(proof.balance),
      storageRoot: proof.storageHash,
      codeHash: proof.codeHash,
    });
  });

  test('proves the words that the answer tells of', () => {
    for (const { key, value, proof: nodes } of proof.storageProof) {
      expect(provenWord(digest(proof.storageHash), BigInt(key), nodes)).toBe(BigInt(value));
    }
  });

  test('proves nothing of another account, state or word', () => {
    const { accountProof } = proof;
    const other = address(`0x${'11'.repeat(20)}`);
    const found = refusal(() => provenAccount(stateRootOf(proof), other, accountProof));
    expect([null, 'PROOF_INVALID']).toContain(found === null ? null : (found as { code: string }).code);
    expect(refusal(() => provenAccount(digest(HASH), address(proof.address), accountProof))).toEqual(invalid);
    for (const { key, proof: nodes } of proof.storageProof) {
      expect(refusal(() => provenWord(digest(HASH), BigInt(key), nodes))).toEqual(invalid);
    }
  });
});

describe(`${vectors.storage.source}`, () => {
  const { storageHash, storageProof } = vectors.storage;
  const [present, absent] = storageProof as [StorageProof, StorageProof];
  const root = digest(storageHash);

  test('proves a word and an absent one', () => {
    expect(provenWord(root, BigInt(present.key), present.proof)).toBe(0x1e4ebdd7n);
    expect(provenWord(root, BigInt(absent.key), absent.proof)).toBe(0n);
  });

  test('proves nothing with the proof of the word beside it, with nodes left out, or with a byte changed', () => {
    expect(refusal(() => provenWord(root, BigInt(present.key), absent.proof))).toEqual(invalid);
    expect(refusal(() => provenWord(root, BigInt(absent.key), present.proof))).toEqual(invalid);
    for (let i = 0; i < present.proof.length; i++) {
      expect(refusal(() => provenWord(root, BigInt(present.key), present.proof.toSpliced(i, 1)))).toEqual(invalid);
      const node = getBytes(present.proof[i] ?? '0x');
      for (let at = 0; at < node.length; at++) {
        const changed = present.proof.with(i, hexlify(node.with(at, (node[at] ?? 0) ^ 1)));
        expect(refusal(() => provenWord(root, BigInt(present.key), changed))).toEqual(invalid);
      }
    }
  });
});

describe('an account', () => {
  const read = (value: string) => {
    const { root, proof } = alone(SOMEBODY, value);
    return refusal(() => provenAccount(root, SOMEBODY, proof));
  };

  test('is RLP of its four parts, the largest numbers included', () => {
    const [nonce, balance] = [2n ** 64n - 1n, 2n ** 256n - 1n];
    expect(read(rlp([toBeHex(nonce), toBeHex(balance), HASH, keccak256('0x06')]))).toEqual({
      nonce,
      balance,
      storageRoot: HASH,
      codeHash: keccak256('0x06'),
    });
    expect(read(rlp(['0x', '0x', HASH, HASH]))).toMatchObject({ nonce: 0n, balance: 0n });
  });

  test('is refused as anything else', () => {
    const wrong: Item[] = [
      ['0x01', '0x01', HASH],
      ['0x01', '0x01', HASH, HASH, '0x'],
      ['0x00', '0x01', HASH, HASH],
      ['0x01', '0x0001', HASH, HASH],
      [`0x01${'00'.repeat(8)}`, '0x01', HASH, HASH],
      ['0x01', `0x01${'00'.repeat(32)}`, HASH, HASH],
      [[], '0x01', HASH, HASH],
      ['0x01', [], HASH, HASH],
      ['0x01', '0x01', HASH.slice(0, -2), HASH],
      ['0x01', '0x01', HASH, `${HASH}00`],
      ['0x01', '0x01', HASH, '0x'],
      ['0x01', '0x01', [HASH], HASH],
      HASH,
    ];
    for (const item of wrong) expect(read(rlp(item))).toEqual(invalid);
    const good = rlp(['0x01', '0x01', HASH, HASH]);
    for (const raw of [`${good}00`, good.slice(0, -2), '0x01']) expect(read(raw)).toEqual(invalid);
  });

  test('is none where the proof shows so', () => {
    const { root, proof } = alone(address(`0x${'5b'.repeat(20)}`), rlp(['0x01', '0x01', HASH, HASH]));
    expect(provenAccount(root, SOMEBODY, proof)).toBeNull();
  });
});

describe('a word', () => {
  const read = (value: string, slot = 7n) => {
    const { root, proof } = alone(toBeHex(slot, 32), value);
    return refusal(() => provenWord(root, slot, proof));
  };

  test('is RLP of a scalar, at any place', () => {
    for (const word of [1n, 0x7fn, 0x80n, 0x0100n, 2n ** 255n, 2n ** 256n - 1n]) {
      for (const slot of [0n, 7n, 2n ** 256n - 1n]) expect(read(rlp(toBeHex(word)), slot)).toBe(word);
    }
  });

  test('that is kept as zero, as Anvil keeps what became so, is zero', () => {
    expect(read(rlp('0x'))).toBe(0n);
  });

  test('is refused with leading zeros, over 32 bytes, as a list, and in another spelling', () => {
    for (const item of ['0x00', '0x0001', `0x01${'00'.repeat(32)}`, [], ['0x01']]) {
      expect(read(rlp(item))).toEqual(invalid);
    }
    for (const raw of ['0x8101', '0xb80101', '0x0100', '0x82ff']) expect(read(raw)).toEqual(invalid);
  });

  test('is asked for at a place that there is', () => {
    for (const slot of [-1n, 2n ** 256n]) {
      expect(refusal(() => provenWord(digest(HASH), slot, []))).toBeInstanceOf(RangeError);
    }
  });
});
