import { describe, expect, test } from '@jest/globals';
import { blockHash, readHeader } from '../../../../audit/blocks/header.ts';
import { encodeQbftExtra, readQbftExtra } from '../../../../audit/blocks/qbftExtra.ts';
import { checkQbftSeals } from '../../../../audit/blocks/seals.ts';
import type { Address } from '../../../../core/values.ts';
import { type Item, rlp } from '../../../support/audit/rlp.ts';
import {
  addressOf,
  hashWith,
  highTwin,
  ORDER,
  seal,
  testBlock,
  testKey,
} from '../../../support/audit/sealedHeaders.ts';

const VANITY = `0x${'62'.repeat(32)}`;
const keys = Array.from({ length: 7 }, (_, i) => testKey(i));
const validators = keys.map(addressOf);
const PARENT = `0x${'aa'.repeat(32)}`;

interface Parts {
  readonly round?: Item;
  readonly seals?: readonly Item[];
  readonly listed?: readonly Item[];
  readonly vote?: Item;
}

const extraOf = ({ round = '0x', seals = [], listed = validators.slice(0, 4), vote = [] }: Parts) =>
  rlp([VANITY, listed, vote, round, seals]);
const blockOf = (parts: Parts) => testBlock(7, PARENT, extraOf(parts));
const headerOf = (parts: Parts) => readHeader(blockOf(parts));
/** What a validator signs: the block in its round, without seals. */
const signedHash = (parts: Parts) => hashWith(blockOf(parts), extraOf({ ...parts, seals: [] }));
const sealsBy = (signers: readonly number[], parts: Parts = {}) => {
  const hash = signedHash(parts);
  return signers.map((i) => seal(testKey(i), hash));
};
const sealed = (signers: readonly number[], parts: Parts = {}) =>
  headerOf({ ...parts, seals: sealsBy(signers, parts) });
const insufficient = (signers: readonly Address[], needed: number) =>
  expect.objectContaining({ code: 'SEALS_INSUFFICIENT', details: expect.objectContaining({ signers, needed }) });
const refusal = (check: () => unknown): unknown => {
  try {
    return check();
  } catch (error) {
    return error;
  }
};

describe('a QBFT block’s hash', () => {
  test('is of its header with round 0 and no seals, as another library writes it', () => {
    for (const round of ['0x', '0x01', '0x80', '0x0100', '0xfedcba', '0xffffffff']) {
      const block = blockOf({ round, seals: sealsBy([0, 1, 2], { round }) });
      expect(blockHash(readHeader(block), 'qbft')).toBe(hashWith(block, extraOf({})));
    }
  });

  test('is another with other validators, another vote or another vanity', () => {
    const plain = blockHash(headerOf({}), 'qbft');
    const vote = [validators[5] ?? '0x', '0xff'];
    const vain = testBlock(7, PARENT, rlp([`0x${'63'.repeat(32)}`, validators.slice(0, 4), [], '0x', []]));
    const hashes = [headerOf({ listed: [] }), headerOf({ vote }), readHeader(vain)].map((one) =>
      blockHash(one, 'qbft'),
    );
    expect(new Set([plain, ...hashes]).size).toBe(4);
    expect(hashes[1]).toBe(hashWith(blockOf({}), extraOf({ vote })));
  });
});

describe('extraData of QBFT', () => {
  test('is read as Besu’s own test has it (QbftExtraDataCodecTest, RAW_HEX_ENCODING_STRING)', () => {
    const raw =
      '0xf8f0a00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20ea940000000000000000' +
      '000000000000000000000001940000000000000000000000000000000000000002d7940000000000000000' +
      '00000000000000000000000181ff83fedcbaf886b841000000000000000000000000000000000000000000' +
      '0000000000000000000001000000000000000000000000000000000000000000000000000000000000000a' +
      '00b841000000000000000000000000000000000000000000000000000000000000000a0000000000000000' +
      '00000000000000000000000000000000000000000000000100';
    const word = (n: number) => n.toString(16).padStart(64, '0');
    const [one, two] = [1, 2].map((n) => `0x${n.toString(16).padStart(40, '0')}`);
    const extra = readQbftExtra(raw);
    expect(extra).toEqual({
      vanity: `0x${Array.from({ length: 32 }, (_, i) => (i + 1).toString(16).padStart(2, '0')).join('')}`,
      validators: [one, two],
      vote: [one, '0xff'],
      round: 0xfedcban,
      seals: [`0x${word(1)}${word(10)}00`, `0x${word(10)}${word(1)}00`],
    });
    expect(encodeQbftExtra(extra)).toBe(raw);
  });

  test('is refused as QBFT’s draft had it, whose block hashes were others (Consensys/qbft-tests, bft_block_headers_data.json)', () => {
    // The round in four bytes, zeros before it: Besu wrote so until its change 2039, as IBFT 2.0 does still.
    const extraData =
      '0xf90178a0000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1fea940000000000000000000000000000000000000001' +
      '940000000000000000000000000000000000000002d794000000000000000000000000000000000000000381ff8400fedcbaf9010cb8412d98' +
      'a30d2844aa05b4fcf3abcd333e195d4ad365726a7b9a5bc19744dcec0ad42d129ad2890b86c32a969a9b511d8c1c846f7eb694455bb29b7365' +
      'ab260a188100b8416e65e1097c802f12fe12048871f228fc394fb005cbf5c55225adbff7e82c94d352fc83967effa3a777a9d50e677108b732' +
      '258c7ef6e1a3e8fc34919b90e0f34e00b841b8462060df24936c7da7413fbf8ac706775d06ba052831075fd2059458ca91e971f35a7a90ec52' +
      '25328fe25d6dec51de3a2d71e81a581ceb98acdafd5bcd12f801b841be1cb71a2525013ae8ac676505597229265960b4d34654dc88249d1bc7' +
      'e07a324f44b16542adad19bddade1785ac9687b656cbf64685a2e6e6b4f04d9aad23cd00';
    expect(refusal(() => readQbftExtra(extraData))).toMatchObject({
      code: 'HEADER_UNKNOWN',
      message: expect.stringMatching(/leading zeros/),
    });
  });

  test('is refused where it is another thing', () => {
    const good = [VANITY, validators, [], '0x', []] as const;
    const wrong: Item[] = [
      [...good, '0x'],
      good.slice(0, 4),
      VANITY,
      [[], ...good.slice(1)],
      [VANITY, '0x', [], '0x', []],
      [VANITY, [], '0x', '0x', []],
      [VANITY, [], [], [], []],
      [VANITY, [], [], '0x', '0x'],
      [VANITY, [], [], '0x00', []],
      [VANITY, [], [], '0x00fedcba', []],
      [VANITY, [], [], '0x0100000000', []],
    ];
    for (const item of wrong) {
      expect(refusal(() => readQbftExtra(rlp(item)))).toMatchObject({ code: 'HEADER_UNKNOWN' });
    }
    // A trailing byte; a round of one small byte that is spelt as two; no byte at all.
    const spelt = rlp(good)
      .replace(/80c0$/, '8101c0')
      .replace(/^0xf8(..)/, (_, n) => `0xf8${(Number.parseInt(n, 16) + 1).toString(16)}`);
    for (const raw of [`${rlp(good)}00`, spelt, '0x', VANITY]) {
      expect(refusal(() => readQbftExtra(raw))).toMatchObject({ code: 'HEADER_UNKNOWN' });
    }
  });
});

describe('the commit seals of a QBFT block', () => {
  test('are enough from ceil(2n/3) of the trusted validators, and not from one fewer', () => {
    for (const [n, needed] of [
      [1, 1],
      [2, 2],
      [3, 2],
      [4, 3],
      [5, 4],
      [6, 4],
      [7, 5],
    ] as const) {
      const trusted = validators.slice(0, n);
      const signers = Array.from({ length: needed }, (_, i) => n - 1 - i);
      const parts = { round: '0x03', listed: trusted };
      const found = checkQbftSeals(sealed(signers, parts), trusted);
      expect(found).toEqual({ signers: signers.map((i) => validators[i]), needed, foreign: [], malformed: 0 });
      const fewer = signers.slice(1);
      expect(refusal(() => checkQbftSeals(sealed(fewer, parts), trusted))).toEqual(
        insufficient(
          fewer.map((i) => validators[i] as Address),
          needed,
        ),
      );
    }
  });

  test('of one validator count once, however often it signed', () => {
    const trusted = validators.slice(0, 4);
    const [a = '', b = ''] = sealsBy([0, 1]);
    for (const seals of [
      [a, b, b],
      [a, b, highTwin(b)],
      [a, a, a, b],
    ]) {
      expect(refusal(() => checkQbftSeals(headerOf({ seals }), trusted))).toEqual(insufficient(trusted.slice(0, 2), 3));
    }
  });

  test('of others are listed and do not count, whatever the header’s own list of validators says', () => {
    const trusted = validators.slice(0, 4);
    const listed = validators.slice(4, 7);
    const header = sealed([4, 5, 6, 0, 5], { listed });
    expect(refusal(() => checkQbftSeals(header, trusted))).toMatchObject({
      code: 'SEALS_INSUFFICIENT',
      details: { signers: [validators[0]], needed: 3, foreign: listed },
    });
    const enough = sealed([4, 0, 1, 2], { listed: [] });
    expect(checkQbftSeals(enough, trusted)).toEqual({
      signers: validators.slice(0, 3),
      needed: 3,
      foreign: [validators[4]],
      malformed: 0,
    });
  });

  test('that are malformed, or of a high s, count for nothing', () => {
    const trusted = validators.slice(0, 4);
    const [a = '', b = '', c = ''] = sealsBy([0, 1, 2]);
    const word = (n: bigint) => n.toString(16).padStart(64, '0');
    const [r, s] = [c.slice(2, 66), c.slice(66, 130)];
    const bad: Item[] = [
      '0x',
      highTwin(c),
      c.slice(0, -2),
      `${c}00`,
      `${c.slice(0, -2)}${c.endsWith('00') ? '1b' : '1c'}`,
      `${c.slice(0, -2)}02`,
      `0x${word(0n)}${s}00`,
      `0x${r}${word(0n)}00`,
      `0x${word(ORDER)}${s}00`,
      `0x${word(ORDER + 5n)}${s}01`,
      `0x${r}${word(ORDER)}00`,
      // No point of the curve has this abscissa.
      `0x${word(5n)}${s}00`,
      [c],
      [],
    ];
    for (const one of bad) {
      const header = headerOf({ seals: [a, b, one] });
      expect(refusal(() => checkQbftSeals(header, trusted))).toMatchObject({
        code: 'SEALS_INSUFFICIENT',
        details: { signers: trusted.slice(0, 2), foreign: [], malformed: 1 },
      });
      expect(checkQbftSeals(headerOf({ seals: [a, b, one, c] }), trusted)).toMatchObject({ malformed: 1 });
    }
  });

  test('count up to the half of the order that s may be, and not one above', () => {
    const [some = ''] = sealsBy([0]);
    const withS = (s: bigint) => `${some.slice(0, 66)}${s.toString(16).padStart(64, '0')}00`;
    const trusted = validators.slice(0, 1);
    // Any s is somebody's, only nobody's who is known.
    for (const [s, malformed] of [
      [ORDER / 2n, 0],
      [ORDER / 2n + 1n, 1],
      [2n ** 255n, 1],
    ] as const) {
      const found = checkQbftSeals(headerOf({ seals: [some, withS(s)] }), trusted);
      expect(found).toMatchObject({ signers: trusted, malformed });
      expect(found.foreign).toHaveLength(1 - malformed);
    }
  });

  test('are of one block and one round: of another they are nobody’s', () => {
    const trusted = validators.slice(0, 4);
    const seals = sealsBy([0, 1, 2], { round: '0x01' });
    expect(checkQbftSeals(headerOf({ round: '0x01', seals }), trusted).signers).toHaveLength(3);
    const other = readHeader({ ...blockOf({ round: '0x01', seals }), stateRoot: `0x${'cc'.repeat(32)}` });
    const ofTheHash = keys.slice(0, 3).map((key) => seal(key, blockHash(headerOf({ round: '0x01' }), 'qbft')));
    for (const header of [headerOf({ round: '0x02', seals }), other, headerOf({ round: '0x01', seals: ofTheHash })]) {
      const refused = refusal(() => checkQbftSeals(header, trusted));
      expect(refused).toMatchObject({ code: 'SEALS_INSUFFICIENT', details: { signers: [] } });
    }
  });

  test('are never enough where nobody is trusted, and somebody named twice is one', () => {
    expect(refusal(() => checkQbftSeals(sealed([0, 1, 2]), []))).toMatchObject({ code: 'SEALS_INSUFFICIENT' });
    const twice = validators.slice(0, 2).flatMap((one) => [one, one.toUpperCase().replace('0X', '0x') as Address]);
    expect(checkQbftSeals(sealed([0, 1]), twice)).toMatchObject({ signers: validators.slice(0, 2), needed: 2 });
  });
});
