import { describe, expect, test } from '@jest/globals';
import { blockHash, readHeader } from '../../../audit/blocks/header.ts';
import { checkCliqueSeals, checkQbftSeals } from '../../../audit/blocks/seals.ts';
import type { Address } from '../../../core/values.ts';
import { readVectors } from '../../support/vectors.ts';
import { thrown } from '../core/thrown.ts';

interface Vector {
  readonly name: string;
  readonly block: Readonly<Record<string, string>>;
  readonly hash: string;
  readonly signers: readonly Address[];
}

const vectors = readVectors<{
  readonly validators: readonly Address[];
  readonly qbft: readonly Vector[];
  readonly clique: readonly Vector[];
}>('blocks');
const named = (all: readonly Vector[]) => all.map((vector) => [vector.name, vector] as const);

describe('a block of QBFT, sealed by another implementation from the published rules', () => {
  test.each(named(vectors.qbft))('%s', (_, { block, hash, signers }) => {
    const header = readHeader(block);
    expect(blockHash(header, 'qbft')).toBe(hash);
    // Whose seals they are is read off them: everybody who signed is trusted, then those who should have.
    const { validators } = vectors;
    const trusted = validators.filter((one) => signers.includes(one));
    if (trusted.length >= 3) {
      expect([...checkQbftSeals(header, validators).signers].sort()).toEqual(trusted);
    } else {
      expect(thrown(() => checkQbftSeals(header, validators))).toMatchObject({
        code: 'SEALS_INSUFFICIENT',
        details: { needed: 3 },
      });
    }
    expect([...checkQbftSeals(header, signers).signers].sort()).toEqual(signers);
  });

  test('there are some of each kind', () => {
    const enough = vectors.qbft.filter(({ signers }) => signers.every((one) => vectors.validators.includes(one)));
    expect(enough.length).toBeGreaterThan(5);
    expect(enough.length).toBeLessThan(vectors.qbft.length);
  });
});

describe('a block of Clique, sealed by the same', () => {
  test.each(named(vectors.clique))('%s', (_, { block, hash, signers }) => {
    const header = readHeader(block);
    expect(blockHash(header, 'clique')).toBe(hash);
    expect(checkCliqueSeals([header], signers).signers).toEqual(signers);
  });
});
