import { describe, expect, test } from '@jest/globals';
import { hexlify, keccak256 } from 'ethers';
import { provenValue } from '../../../../audit/proofs/trie.ts';
import { type Digest, digest } from '../../../../core/values.ts';
import { type Item, rlp } from '../../../support/audit/rlp.ts';

const EMPTY_ROOT = digest('0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421');
const LONG = `0x${'76'.repeat(33)}`;
const NONE = Array<Item>(16).fill('0x');

const bytes = (...key: number[]) => Uint8Array.from(key);
const rootOf = (node: Item): Digest => digest(keccak256(rlp(node)));
const branch = (children: Readonly<Record<number, Item>>, value: Item = '0x'): Item[] => [
  ...NONE.map((none, i) => children[i] ?? none),
  value,
];
const invalid = (message: RegExp) =>
  expect.objectContaining({ code: 'PROOF_INVALID', message: expect.stringMatching(message) });
const outcome = (root: Digest, key: Uint8Array, proof: readonly string[]): unknown => {
  try {
    const value = provenValue(root, key, proof);
    return value === null ? null : hexlify(value);
  } catch (error) {
    return error;
  }
};
/** What a trie of these nodes, each in RLP in its place, says of a key; its root is the first's hash. */
const said = (key: Uint8Array, ...nodes: Item[]) => outcome(rootOf(nodes[0] ?? '0x'), key, nodes.map(rlp));

describe('a trie without a key', () => {
  test('has nothing at any key, proven by no node or by the empty one', () => {
    for (const key of [bytes(), bytes(1), new Uint8Array(32)]) {
      expect(outcome(EMPTY_ROOT, key, [])).toBeNull();
      expect(outcome(EMPTY_ROOT, key, ['0x80'])).toBeNull();
    }
  });

  test('is proven by no other node, and no proof at all proves nothing of another trie', () => {
    expect(outcome(EMPTY_ROOT, bytes(1), ['0x80', '0x80'])).toEqual(invalid(/2 nodes/));
    expect(outcome(EMPTY_ROOT, bytes(1), ['0xc0'])).toEqual(invalid(/is not/));
    expect(outcome(rootOf(['0x2001', LONG]), bytes(1), [])).toEqual(invalid(/ends before/));
  });
});

describe('a leaf', () => {
  test('has its value at its own key, and proves that there is none at another', () => {
    const even: Item = ['0x201234', LONG];
    expect(said(bytes(0x12, 0x34), even)).toBe(LONG);
    for (const key of [bytes(0x12, 0x35), bytes(0x12), bytes(0x12, 0x34, 0), bytes(), bytes(0x34, 0x12)]) {
      expect(said(key, even)).toBeNull();
    }
    expect(said(bytes(), ['0x20', '0x07'])).toBe('0x07');
  });

  test('is refused with a value that is a list or empty, as the root and as the last node', () => {
    for (const value of [[], ['0x01'], '0x'] as const) {
      expect(said(bytes(0x12), ['0x2012', value])).toEqual(invalid(/value/));
    }
  });
});

describe('a branch', () => {
  const under = (nibble: number): Item => ['0x31', `0x${nibble.toString(16).padStart(66, '0')}`];
  const children = Object.fromEntries([0, 7, 15].map((nibble) => [nibble, keccak256(rlp(under(nibble)))]));
  const node = branch(children, LONG);

  test('leads by each half-byte to the node whose hash it has, and to nothing where it has none', () => {
    for (const nibble of [0, 7, 15]) {
      expect(said(bytes((nibble << 4) | 1), node, under(nibble))).toBe((under(nibble) as string[])[1]);
      expect(said(bytes((nibble << 4) | 2), node, under(nibble))).toBeNull();
      expect(said(bytes((nibble << 4) | 1), node, under((nibble + 7) % 14))).toEqual(invalid(/is not/));
    }
    expect(said(bytes(0x11), node)).toBeNull();
  });

  test('has the value of the key that ends there, if any', () => {
    expect(said(bytes(), node)).toBe(LONG);
    expect(said(bytes(), branch(children))).toBeNull();
    expect(said(bytes(), branch(children, []))).toEqual(invalid(/value/));
  });

  test('is refused with another number of items, and with a child that is neither a hash nor a node', () => {
    expect(said(bytes(0x01), node.slice(1))).toEqual(invalid(/16 items/));
    expect(said(bytes(0x01), [...node, '0x'])).toEqual(invalid(/18 items/));
    expect(said(bytes(0x01), [])).toEqual(invalid(/0 items/));
    for (const child of ['0x07', `0x${'11'.repeat(31)}`, `0x${'11'.repeat(33)}`]) {
      expect(said(bytes(0x01), branch({ 0: child }))).toEqual(invalid(/names no node/));
    }
  });
});

describe('an extension', () => {
  const leaf: Item = ['0x20', LONG];
  const below = branch({ 5: keccak256(rlp(leaf)) });
  const node: Item = ['0x1234', keccak256(rlp(below))];

  test('leads over its half-bytes to a branch, and proves that there is nothing beside them', () => {
    expect(said(bytes(0x23, 0x45), node, below, leaf)).toBe(LONG);
    for (const key of [bytes(0x23), bytes(0x24, 0x45), bytes(0x13, 0x45), bytes()]) expect(said(key, node)).toBeNull();
    expect(said(bytes(0x23, 0x46), node, below)).toBeNull();
  });

  test('is refused where it leads to no branch, or over nothing', () => {
    const long: Item = ['0x35', LONG];
    expect(said(bytes(0x23, 0x45), ['0x1234', keccak256(rlp(long))], long)).toEqual(invalid(/no branch/));
    expect(said(bytes(0x23, 0x45), ['0x1234', ['0x35', '0x07']])).toEqual(invalid(/no branch/));
    expect(said(bytes(0x50), ['0x00', keccak256(rlp(below))], below)).toEqual(invalid(/extension of nothing/));
    expect(said(bytes(0x23, 0x45), ['0x1234', '0x'])).toEqual(invalid(/names no node/));
  });
});

describe('a way', () => {
  test('is refused with other flags, with padding that is not zero, without a byte, and as a list', () => {
    for (const packed of ['0x4012', '0x8012', '0xf1', '0x2112', '0x0f12', '0x']) {
      expect(said(bytes(0x12), [packed, LONG])).toEqual(invalid(/a way/));
    }
    expect(said(bytes(0x12), [['0x20'], LONG])).toEqual(invalid(/2 items/));
  });
});

describe('a node below 32 bytes', () => {
  const short: Item = ['0x31', '0x07'];

  test('stands inside its parent, however deep', () => {
    expect(said(bytes(0x21), branch({ 2: short }))).toBe('0x07');
    expect(said(bytes(0x22), branch({ 2: short }))).toBeNull();
    const inner = branch({ 3: ['0x20', '0x09'] });
    expect(said(bytes(0x21, 0x23), ['0x1212', inner])).toBe('0x09');
  });

  test('is refused as a node of its own, and a longer one inside its parent', () => {
    expect(said(bytes(0x21), branch({ 2: keccak256(rlp(short)) }), short)).toEqual(invalid(/short node/));
    expect(said(bytes(0x21), branch({ 2: ['0x31', LONG] }))).toEqual(invalid(/long node/));
    const edge = (bytes: number): Item => ['0x31', `0x${'01'.repeat(bytes)}`];
    // 1 byte before the list, 1 of the way, 1 before the value.
    expect(said(bytes(0x21), branch({ 2: edge(28) }))).toBe(`0x${'01'.repeat(28)}`);
    expect(said(bytes(0x21), branch({ 2: edge(29) }))).toEqual(invalid(/long node/));
    expect(said(bytes(0x21), branch({ 2: keccak256(rlp(edge(29))) }), edge(29))).toBe(`0x${'01'.repeat(29)}`);
  });

  test('may be the root', () => {
    expect(said(bytes(0x12), ['0x2012', '0x07'])).toBe('0x07');
  });
});

describe('a proof', () => {
  const leaf: Item = ['0x31', LONG];
  const node = branch({ 2: keccak256(rlp(leaf)) });
  const key = bytes(0x21);
  const [top, bottom] = [rlp(node), rlp(leaf)];
  const root = rootOf(node);

  test('is refused with a node more, a node less, or another order', () => {
    expect(outcome(root, key, [top, bottom])).toBe(LONG);
    for (const proof of [
      [top, bottom, bottom],
      [top, bottom, '0x80'],
      [top, top, bottom],
      [bottom, top],
      [top],
      [bottom],
      [],
    ]) {
      expect(outcome(root, key, proof)).toEqual(invalid(/./));
    }
    // The way ends at the branch; the leaf beside it proves nothing.
    expect(outcome(root, bytes(0x31), [top])).toBeNull();
    expect(outcome(root, bytes(0x31), [top, bottom])).toEqual(invalid(/2 nodes, of which the way uses 1/));
  });

  test('is refused with bytes that are not hex, or not lower-case hex of what was hashed', () => {
    expect(outcome(root, key, [top.toUpperCase().replace('0X', '0x'), bottom])).toBe(LONG);
    for (const bad of ['', '0x', top.slice(2), `${top}0`, 'zz', 5 as unknown as string, null as unknown as string]) {
      expect(outcome(root, key, [bad, bottom])).toEqual(invalid(/not 0x-hex/));
    }
  });

  test('is refused where it is no list', () => {
    for (const none of [undefined, null, top, { 0: top, 1: bottom, length: 2 }] as unknown as string[][]) {
      expect(outcome(root, key, none)).toEqual(invalid(/no list/));
    }
  });

  test('is refused whose nodes are not RLP as it is spelt, even when they hash to what is named', () => {
    const value = '0x07';
    const good = rlp(['0x2012', value]);
    expect(good).toBe('0xc482201207');
    const spelt = [
      // A small byte as a string of one; a length in a byte of its own that needs none; a leading zero in one.
      '0xc5822012' + '8107',
      '0xf804' + '82201207',
      '0xf90004' + '82201207',
      '0xc5b802201207',
      // A byte behind the end, within and without; an end that is missing.
      `${good}00`,
      '0xc48220120700',
      '0xc5822012',
      '0xc48320120',
      '0xff',
      '0xbfffffffffffffffff',
      `0x${'c1'.repeat(20_000)}c0`,
    ].map((one) => (one.length % 2 === 0 ? one : `${one}0`));
    for (const one of spelt) {
      expect([one.slice(0, 40), outcome(digest(keccak256(one)), bytes(0x12), [one])]).toEqual([
        one.slice(0, 40),
        invalid(/./),
      ]);
    }
  });
});
