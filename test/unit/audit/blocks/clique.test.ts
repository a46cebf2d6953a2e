import { describe, expect, test } from '@jest/globals';
import { blockHash, type Header, readHeader } from '../../../../audit/blocks/header.ts';
import { checkCliqueSeals, cliqueSigner } from '../../../../audit/blocks/seals.ts';
import type { Address } from '../../../../core/values.ts';
import {
  addressOf,
  hashWith,
  highTwin,
  seal,
  type TestBlock,
  testBlock,
  testKey,
} from '../../../support/audit/sealedHeaders.ts';

const VANITY = `0x${'d8'.repeat(32)}`;
const ROOT = `0x${'ab'.repeat(32)}`;
const sealers = Array.from({ length: 7 }, (_, i) => addressOf(testKey(i)));

/** A block sealed by the key of that number; `list` is a checkpoint's list of sealers. */
function sealedBlock(number: number, parentHash: string, signer: number, list = ''): TestBlock {
  const block = testBlock(number, parentHash, '0x');
  const unsealed = `${VANITY}${list}`;
  return { ...block, extraData: `${unsealed}${seal(testKey(signer), hashWith(block, unsealed)).slice(2)}` };
}

/** Blocks from 5 on, each upon the one before, sealed by those keys. */
function chainBy(...signers: number[]): TestBlock[] {
  const blocks: TestBlock[] = [];
  for (const signer of signers) {
    const parent = blocks.at(-1);
    const parentHash = parent === undefined ? ROOT : hashWith(parent, parent.extraData);
    blocks.push(sealedBlock(5 + blocks.length, parentHash, signer));
  }
  return blocks;
}

const headers = (blocks: readonly unknown[]): Header[] => blocks.map(readHeader);
const refusal = (check: () => unknown): unknown => {
  try {
    return check();
  } catch (error) {
    return error;
  }
};

describe('the sealer of a Clique block', () => {
  test('is the key that signed its header without the seal, in a checkpoint block too', () => {
    for (let i = 0; i < 7; i++) {
      for (const list of ['', sealers.map((one) => one.slice(2)).join('')]) {
        const block = sealedBlock(9, ROOT, i, list);
        expect(cliqueSigner(readHeader(block))).toBe(sealers[i]);
        expect(blockHash(readHeader(block), 'clique')).toBe(hashWith(block, block.extraData));
      }
    }
  });

  test('is another key’s, or nobody, when a field is another', () => {
    const block = sealedBlock(9, ROOT, 1);
    for (const [key, value] of Object.entries({
      stateRoot: `0x${'11'.repeat(32)}`,
      timestamp: '0x1',
      baseFeePerGas: '0x1',
    })) {
      expect(cliqueSigner(readHeader({ ...block, [key]: value }))).not.toBe(sealers[1]);
    }
  });

  test('is nobody where the seal is none: zeros, a high s, v 27 or 28', () => {
    const block = sealedBlock(9, ROOT, 1);
    const own = `0x${block.extraData.slice(-130)}`;
    for (const one of [`0x${'0'.repeat(130)}`, highTwin(own), `${own.slice(0, -2)}1b`, `${own.slice(0, -2)}1c`]) {
      const extraData = `${VANITY}${one.slice(2)}`;
      expect(cliqueSigner(readHeader({ ...block, extraData }))).toBeNull();
    }
  });

  test('is asked only of a header that has room for a seal', () => {
    const short = readHeader({ ...sealedBlock(9, ROOT, 1), extraData: `0x${'00'.repeat(96)}` });
    expect(refusal(() => cliqueSigner(short))).toMatchObject({ code: 'HEADER_UNKNOWN' });
  });
});

describe('a Clique block', () => {
  test('stands once floor(n/2) + 1 trusted sealers have sealed it or built upon it, and not before', () => {
    for (const [n, needed] of [
      [2, 2],
      [3, 2],
      [4, 3],
      [5, 3],
      [7, 4],
    ] as const) {
      const trusted = sealers.slice(0, n);
      const signers = Array.from({ length: needed }, (_, i) => i);
      const chain = headers(chainBy(...signers));
      expect(checkCliqueSeals(chain, trusted)).toEqual({
        signers: sealers.slice(0, needed),
        needed,
        foreign: [],
        malformed: 0,
      });
      expect(refusal(() => checkCliqueSeals(chain.slice(0, -1), trusted))).toMatchObject({
        code: 'SEALS_INSUFFICIENT',
        details: { signers: sealers.slice(0, needed - 1), needed },
      });
    }
  });

  test('does not stand by one sealer’s many blocks, nor by strangers’, who are listed', () => {
    const trusted = sealers.slice(0, 3);
    expect(refusal(() => checkCliqueSeals(headers(chainBy(0, 0, 0)), trusted))).toMatchObject({
      code: 'SEALS_INSUFFICIENT',
      details: { signers: [sealers[0]], needed: 2, foreign: [] },
    });
    expect(refusal(() => checkCliqueSeals(headers(chainBy(0, 5, 6, 5)), trusted))).toMatchObject({
      code: 'SEALS_INSUFFICIENT',
      details: { signers: [sealers[0]], foreign: [sealers[5], sealers[6]] },
    });
  });

  test('stands by trusted sealers who built upon a stranger’s block: they vouch for it', () => {
    expect(checkCliqueSeals(headers(chainBy(5, 0, 1)), sealers.slice(0, 3))).toEqual({
      signers: sealers.slice(0, 2),
      needed: 2,
      foreign: [sealers[5]],
      malformed: 0,
    });
  });

  test('does not stand by blocks that are not built upon it', () => {
    const trusted = sealers.slice(0, 3);
    const [first, second, third] = headers(chainBy(0, 1, 2)) as [Header, Header, Header];
    const [elsewhere] = headers([sealedBlock(6, `0x${'99'.repeat(32)}`, 1)]) as [Header];
    const skipped = readHeader(sealedBlock(7, blockHash(first, 'clique'), 1));
    for (const chain of [
      [first, elsewhere],
      [first, third],
      [second, first],
      [first, first],
      [first, skipped],
    ]) {
      expect(refusal(() => checkCliqueSeals(chain, trusted))).toMatchObject({
        code: 'SEALS_INSUFFICIENT',
        message: expect.stringMatching(/not built upon/),
      });
    }
    expect(refusal(() => checkCliqueSeals([], trusted))).toMatchObject({ code: 'SEALS_INSUFFICIENT' });
  });

  test('does not stand with a byte of it changed: those who built upon it built upon another', () => {
    const [first, second] = chainBy(0, 1) as [TestBlock, TestBlock];
    const trusted = sealers.slice(0, 3);
    expect(checkCliqueSeals(headers([first, second]), trusted).signers).toHaveLength(2);
    const changed = { ...first, stateRoot: `0x${'77'.repeat(32)}` };
    expect(refusal(() => checkCliqueSeals(headers([changed, second]), trusted))).toMatchObject({
      code: 'SEALS_INSUFFICIENT',
    });
  });

  test('counts a malformed seal for nothing', () => {
    const blocks = chainBy(0, 1) as [TestBlock, TestBlock];
    const second = { ...blocks[1], extraData: `${VANITY}${'00'.repeat(65)}` };
    expect(refusal(() => checkCliqueSeals(headers([blocks[0], second]), sealers.slice(0, 3)))).toMatchObject({
      code: 'SEALS_INSUFFICIENT',
      details: { signers: [sealers[0]], malformed: 1 },
    });
  });

  test('never stands where nobody is trusted', () => {
    const nobody: Address[] = [];
    expect(refusal(() => checkCliqueSeals(headers(chainBy(0, 1)), nobody))).toMatchObject({
      code: 'SEALS_INSUFFICIENT',
    });
  });
});
