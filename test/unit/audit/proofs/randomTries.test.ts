import { createMerkleProof, createMPT, verifyMerkleProof } from '@ethereumjs/mpt';
import { describe, expect, test } from '@jest/globals';
import { getBytes, hexlify, keccak256 } from 'ethers';
import fc from 'fast-check';
import { provenValue } from '../../../../audit/proofs/trie.ts';
import { type Digest, digest } from '../../../../core/values.ts';

/** A trie by another implementation, what is in it, and keys to ask for. */
interface Case {
  readonly entries: ReadonlyMap<string, string>;
  readonly asked: readonly string[];
}

/** Half-bytes from a few, so that keys share their beginnings and some begin others. */
const nibble = fc.constantFrom('0', '1', '2', 'f');
const shared = fc
  .array(fc.tuple(nibble, nibble), { minLength: 0, maxLength: 4 })
  .map((pairs) => `0x${pairs.flat().join('')}`);
const hashed = fc.nat({ max: 400 }).map((n) => keccak256(`0x${n.toString(16).padStart(4, '0')}`));
/** From one byte, which gives nodes that stand inside their parents, to more than a hash. */
const value = fc
  .oneof(fc.uint8Array({ minLength: 1, maxLength: 2 }), fc.uint8Array({ minLength: 1, maxLength: 50 }))
  .map((bytes) => hexlify(bytes));

const cases: fc.Arbitrary<Case> = fc.oneof(shared, hashed).chain((one) => {
  const key = one.length === 66 ? hashed : shared;
  return fc.record({
    entries: fc.array(fc.tuple(key, value), { minLength: 0, maxLength: 24 }).map((pairs) => new Map(pairs)),
    asked: fc.array(key, { minLength: 1, maxLength: 6 }),
  });
});

async function trieOf({ entries }: Case) {
  const trie = await createMPT();
  for (const [key, bytes] of entries) await trie.put(getBytes(key), getBytes(bytes));
  const root = digest(hexlify(trie.root()));
  /** The nodes as `eth_getProof` lists them: this library lists those inside their parents too. */
  const proofOf = async (key: string) => {
    const nodes = await createMerkleProof(trie, getBytes(key));
    return nodes.map((node) => hexlify(node)).filter((node, i) => i === 0 || node.length >= 66);
  };
  return { root, proofOf };
}

const outcome = (root: Digest, key: string, proof: readonly string[]): unknown => {
  try {
    const found = provenValue(root, getBytes(key), proof);
    return found === null ? null : hexlify(found);
  } catch (error) {
    return (error as { code?: unknown }).code ?? error;
  }
};

describe('a proof of another implementation’s trie', () => {
  test('gives the value at every key of it, and none at a key that it has not', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (one) => {
        const { root, proofOf } = await trieOf(one);
        for (const key of [...one.entries.keys(), ...one.asked]) {
          const proof = await proofOf(key);
          expect(outcome(root, key, proof)).toBe(one.entries.get(key) ?? null);
          if (proof.length === 0) continue;
          const theirs = await verifyMerkleProof(
            getBytes(key),
            proof.map((node) => getBytes(node)),
            { root: getBytes(root) },
          );
          expect(theirs === null ? null : hexlify(theirs)).toBe(one.entries.get(key) ?? null);
        }
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  test('asked about another key says what stands there, or does not hold', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (one) => {
        const { root, proofOf } = await trieOf(one);
        const keys = [...one.entries.keys(), ...one.asked];
        for (const key of one.asked) {
          const proof = await proofOf(key);
          for (const other of keys) {
            expect(['PROOF_INVALID', one.entries.get(other) ?? null]).toContain(outcome(root, other, proof));
          }
        }
      }),
      { numRuns: 60, seed: 2 },
    );
  });

  test('does not hold with a byte changed, cut off or added anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(cases, fc.integer({ min: 1, max: 255 }), async (one, flip) => {
        const { root, proofOf } = await trieOf(one);
        const key = [...one.entries.keys(), ...one.asked][0] ?? '0x';
        const proof = await proofOf(key);
        for (const [i, node] of proof.entries()) {
          const bytes = getBytes(node);
          const changed = Array.from(bytes, (byte, at) => hexlify(bytes.with(at, byte ^ flip)));
          for (const other of [...changed, node.slice(0, -2), `${node}00`, `0x00${node.slice(2)}`]) {
            expect(outcome(root, key, proof.with(i, other))).toBe('PROOF_INVALID');
          }
        }
      }),
      { numRuns: 10, seed: 3 },
    );
  });

  test('does not hold with a node left out, twice, or moved, nor for another root', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (one) => {
        const { root, proofOf } = await trieOf(one);
        for (const key of [...one.entries.keys(), ...one.asked].slice(0, 4)) {
          const proof = await proofOf(key);
          const others = proof.flatMap((node, i) => [
            proof.toSpliced(i, 1),
            proof.toSpliced(i, 0, node),
            [...proof, node],
            ...(proof.length > 1 ? [[...proof.slice(1), proof[0] ?? '']] : []),
          ]);
          // A trie without a key is proven by no node as well.
          const held = one.entries.size === 0 ? [null, 'PROOF_INVALID'] : ['PROOF_INVALID'];
          for (const other of others) expect(held).toContain(outcome(root, key, other));
          expect(outcome(digest(keccak256(root)), key, proof)).toBe('PROOF_INVALID');
        }
      }),
      { numRuns: 60, seed: 4 },
    );
  });
});
