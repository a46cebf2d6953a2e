import { readFileSync } from 'node:fs';
import { RLP } from '@ethereumjs/rlp';
import { describe, expect, test } from '@jest/globals';
import { getBytes, hexlify } from 'ethers';
import { EXTRA_DATA } from '../../../../audit/blocks/fields.ts';
import { blockHash, type Consensus, headerRlp, readHeader } from '../../../../audit/blocks/header.ts';

type Block = Readonly<Record<string, unknown>>;
interface Vector {
  readonly shape: string;
  /** Whence the block and its hash are. */
  readonly source: string;
  readonly consensus: Consensus;
  readonly block: Block;
}

const vectors: Vector[] = JSON.parse(readFileSync(new URL('../vectors/headers.json', import.meta.url), 'utf8'));
const BESIDE = ['hash', 'size', 'totalDifficulty', 'author', 'transactions', 'uncles', 'withdrawals'];
const SCALARS = ['difficulty', 'number', 'gasLimit', 'gasUsed', 'timestamp', 'baseFeePerGas', 'blobGasUsed'];
/** The field that a fork's header has more than the fork's before, where it is one. */
const ONLY_FIELD = new Map([
  ['London', 'baseFeePerGas'],
  ['Shanghai', 'withdrawalsRoot'],
  ['Prague', 'requestsHash'],
]);
const scalars = [...SCALARS, 'excessBlobGas'];

const vector = (shape: string): Block => vectors.find((one) => one.shape === shape)?.block ?? {};
const fieldsOf = (block: Block) => Object.keys(block).filter((key) => !BESIDE.includes(key));
const without = (block: Block, ...keys: string[]) =>
  Object.fromEntries(Object.entries(block).filter(([key]) => !keys.includes(key)));
const hashOf = (block: unknown, consensus: Consensus = 'ethereum') => blockHash(readHeader(block), consensus);
const refused = (message: RegExp) =>
  expect.objectContaining({ code: 'HEADER_UNKNOWN', message: expect.stringMatching(message) });
const refusal = (block: unknown, consensus?: Consensus): unknown => {
  try {
    return hashOf(block, consensus);
  } catch (error) {
    return error;
  }
};

describe.each(vectors)('a $shape header: $source', ({ shape, block, consensus }) => {
  test('has the hash that it is known by', () => {
    expect(hashOf(block, consensus)).toBe(block.hash);
  });

  test('has another hash when any of its fields is another', () => {
    for (const key of fieldsOf(block)) {
      const value = String(block[key]);
      const last = value === '0x' ? '0x00' : `${value.slice(0, -1)}${value.endsWith('1') ? '2' : '1'}`;
      expect([key, hashOf({ ...block, [key]: last }, consensus)]).not.toEqual([key, block.hash]);
    }
  });

  test('has RLP that another library reads as its fields', () => {
    const header = readHeader(block);
    const decoded = RLP.decode(getBytes(headerRlp(header))) as Uint8Array[];
    expect(decoded.map((item) => hexlify(item))).toEqual(header.items);
    expect(decoded).toHaveLength(fieldsOf(block).length);
    expect(hexlify(decoded[EXTRA_DATA] ?? new Uint8Array())).toBe(block.extraData);
  });

  test('tells its number, time, parent and state', () => {
    const { number, timestamp, parentHash, stateRoot } = block;
    expect(readHeader(block)).toMatchObject({
      parentHash,
      stateRoot,
      number: Number(number),
      timestamp: Number(timestamp),
    });
  });

  test('is refused when a field is missing, with its name; without a fork’s only field it is an older fork’s', () => {
    for (const key of fieldsOf(block)) {
      const outcome = refusal(without(block, key), consensus);
      if (key === ONLY_FIELD.get(shape)) expect(outcome).toMatch(/^0x/);
      else expect(outcome).toEqual(refused(new RegExp(`lacks ${key}`)));
      expect(outcome).not.toBe(block.hash);
    }
  });

  test('is refused when a field is malformed, with its name', () => {
    for (const key of fieldsOf(block)) {
      const value = String(block[key]);
      const wrong = scalars.includes(key)
        ? ['0x', '0x00', '0x01', '0xg', '12', 12, 12n, `0x1${'0'.repeat(64)}`, ['0x1']]
        : ['0x0', `${value}0`, value.slice(2), `0xzz${value.slice(4)}`, 5, ['0x']];
      if (!scalars.includes(key) && key !== 'extraData') wrong.push(`${value}00`, value.slice(0, -2), '0x');
      for (const one of wrong) expect(refusal({ ...block, [key]: one }, consensus)).toEqual(refused(new RegExp(key)));
    }
  });

  test('has the same hash whatever stands beside it, and however its hex is spelt', () => {
    const beside = Object.fromEntries(BESIDE.map((key) => [key, '0xffff']));
    const upper = Object.fromEntries(
      fieldsOf(block).map((key) => [key, `0x${String(block[key]).slice(2).toUpperCase()}`]),
    );
    expect(hashOf({ ...block, ...beside, ...upper }, consensus)).toBe(block.hash);
    expect(hashOf(without(block, ...BESIDE), consensus)).toBe(block.hash);
  });

  test('is refused with a field that this release does not know, and has its hash where that is null', () => {
    for (const key of ['blockAccessListHash', 'slotNumber', 'verkleRoot', 'requestsRoot', 'signature', 'Hash', '']) {
      expect(refusal({ ...block, [key]: '0x00' }, consensus)).toEqual(refused(new RegExp(`"${key}"`)));
      expect(hashOf({ ...block, [key]: null }, consensus)).toBe(block.hash);
    }
  });
});

describe('a header', () => {
  test('is refused where a fork’s field stands without those of the forks before it', () => {
    const prague = vector('Prague');
    for (const key of ['baseFeePerGas', 'withdrawalsRoot', 'blobGasUsed', 'excessBlobGas', 'parentBeaconBlockRoot']) {
      expect(refusal(without(prague, key))).toEqual(refused(new RegExp(`lacks ${key}`)));
      expect(refusal({ ...prague, [key]: null })).toEqual(refused(new RegExp(`lacks ${key}`)));
    }
    expect(refusal({ ...vector('legacy'), withdrawalsRoot: prague.withdrawalsRoot })).toEqual(
      refused(/lacks baseFeePerGas/),
    );
  });

  test('is refused with only a part of a fork’s fields', () => {
    const shanghai = vector('Shanghai');
    const cancun = vector('Cancun');
    for (const keys of [['blobGasUsed'], ['blobGasUsed', 'excessBlobGas'], ['parentBeaconBlockRoot']]) {
      const some = Object.fromEntries(keys.map((key) => [key, cancun[key]]));
      expect(refusal({ ...shanghai, ...some })).toEqual(refused(/lacks/));
    }
  });

  test('is refused where it is no object, and where a pending block has no number yet', () => {
    for (const one of [null, undefined, 'latest', 5, [], [vector('Prague')]])
      expect(refusal(one)).toEqual(refused(/object/));
    expect(refusal({ ...vector('Prague'), number: null })).toEqual(refused(/lacks number/));
  });

  test('counts with numbers that JavaScript has exactly', () => {
    const most = `0x${Number.MAX_SAFE_INTEGER.toString(16)}`;
    expect(readHeader({ ...vector('Prague'), number: most }).number).toBe(Number.MAX_SAFE_INTEGER);
    for (const key of ['number', 'timestamp']) {
      expect(refusal({ ...vector('Prague'), [key]: '0x20000000000000' })).toEqual(refused(new RegExp(key)));
    }
  });

  test('counts gas in 64 bits, and wei in 256', () => {
    for (const [key, bits] of [
      ['gasLimit', 64],
      ['gasUsed', 64],
      ['blobGasUsed', 64],
      ['excessBlobGas', 64],
      ['difficulty', 256],
      ['baseFeePerGas', 256],
    ] as const) {
      const most = 2n ** BigInt(bits) - 1n;
      expect(typeof refusal({ ...vector('Prague'), [key]: `0x${most.toString(16)}` })).toBe('string');
      const more = `0x${(most + 1n).toString(16)}`;
      expect(refusal({ ...vector('Prague'), [key]: more })).toEqual(refused(new RegExp(key)));
    }
  });

  test('is refused by rules of sealing that its extraData is not made by', () => {
    const long = (bytes: number) => ({ ...vector('London'), extraData: `0x${'11'.repeat(bytes)}` });
    expect(refusal(long(33))).toEqual(refused(/33 bytes/));
    expect(typeof refusal(long(32))).toBe('string');
    expect(refusal(long(96), 'clique')).toEqual(refused(/no Clique seal/));
    expect(typeof refusal(long(97), 'clique')).toBe('string');
    expect(refusal(long(97), 'qbft')).toEqual(refused(/not QBFT/));
  });
});
