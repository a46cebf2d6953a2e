import { keccak256 } from 'ethers/crypto';
import { encodeRlp, getBytes } from 'ethers/utils';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Digest } from '../../core/values.ts';
import { decodeCanonical, type RlpItem } from '../rlp.ts';
import { type Path, unpackPath } from './path.ts';

/** keccak-256 of RLP of no bytes: the root of a trie without a key. */
const EMPTY_ROOT = keccak256('0x80');
/** Characters of a hash as 0x-hex; a node's RLP of fewer stands inside its parent. */
const HASH_LENGTH = 2 + 64;
const HEX = /^0x(?:[0-9a-f]{2})+$/i;

/** Nodes by their RLP as 0x-hex: what they hash to, and what they say. */
export type ReadNodes = Map<string, { readonly hash: string; readonly item: RlpItem }>;

/**
 * Walks a proof from the root to where `key` stands, or would stand (Yellow Paper, appendix D; EIP-1186).
 *
 * @param root the trie's root hash, from a source that is believed
 * @param key the key's bytes: of a secure trie, its keccak-256
 * @param proof RLP of the nodes on the way, the root's first, as 0x-hex; nodes below 32 bytes stand inside their parents
 *   and are not listed
 * @param read nodes that proofs before this one were read of: many share theirs
 * @returns the value; null when the proof shows that there is none. A trie without a key has an empty proof, or the
 *   empty node alone.
 * @throws SyndicError PROOF_INVALID when a node is not the one that its parent (or `root`) names, is not a node as a
 *   trie has it, is missing, or is not used
 */
export function provenValue(
  root: Digest,
  key: Uint8Array,
  proof: readonly string[],
  read: ReadNodes = new Map(),
): Uint8Array | null {
  try {
    const nodes = new Nodes(proof, read);
    const value = walk(root, key, nodes);
    nodes.end();
    return value === null ? null : getBytes(value);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new SyndicError('PROOF_INVALID', `the proof does not hold: ${cause.message}`, { root }, { cause });
  }
}

function walk(root: Digest, key: Uint8Array, nodes: Nodes): string | null {
  if (root === EMPTY_ROOT && nodes.length === 0) return null;
  let path: Path = [...key].flatMap((byte) => [byte >> 4, byte & 15]);
  let node = nodes.root(root);
  // The empty trie's node, which no other node may name.
  if (node === '0x') return null;
  for (;;) {
    if (typeof node === 'string') throw new RangeError('a node is no list');
    if (node.length === 17) {
      const [nibble, ...rest] = path;
      if (nibble === undefined) return valueOrNone(node[16]);
      const child = node[nibble];
      if (child === '0x') return null;
      node = nodes.child(child);
      path = rest;
      continue;
    }
    const { leaf, nibbles, next } = shortNode(node);
    const shared = nibbles.every((nibble, i) => nibble === path[i]);
    if (leaf) return shared && nibbles.length === path.length ? valueIn(next) : null;
    if (!shared) return null;
    path = path.slice(nibbles.length);
    node = nodes.child(next);
    if (typeof node === 'string' || node.length !== 17) throw new RangeError('an extension leads to no branch');
  }
}

/** A leaf, whose second item is its value, or an extension, whose second item names the branch below. */
function shortNode(node: RlpItem[]): { leaf: boolean; nibbles: Path; next: RlpItem } {
  const [packed, next] = node;
  if (node.length !== 2 || typeof packed !== 'string' || next === undefined) {
    throw new RangeError(`a node of ${node.length} items`);
  }
  const { leaf, nibbles } = unpackPath(packed);
  if (!leaf && nibbles.length === 0) throw new RangeError('an extension of nothing');
  return { leaf, nibbles, next };
}

function valueOrNone(item: RlpItem | undefined): string | null {
  return item === '0x' ? null : valueIn(item);
}

function valueIn(item: RlpItem | undefined): string {
  if (typeof item !== 'string' || item === '0x') throw new RangeError('a value is a list, or of no bytes');
  return item;
}

/** The proof's nodes, each taken once, in order, by the hash that its parent has of it. */
class Nodes {
  readonly #proof: readonly string[];
  readonly #read: ReadNodes;
  #taken = 0;

  /** @throws RangeError when a node answered something else than a list. */
  constructor(proof: readonly string[], read: ReadNodes) {
    if (!Array.isArray(proof)) throw new RangeError('it is no list of nodes');
    this.#proof = proof;
    this.#read = read;
  }

  get length(): number {
    return this.#proof.length;
  }

  root(hash: Digest): RlpItem {
    return this.#take(hash).item;
  }

  /** @param reference what a branch or an extension holds of a node below: its hash, or itself when it is short */
  child(reference: RlpItem | undefined): RlpItem {
    if (Array.isArray(reference)) {
      if (encodeRlp(reference).length >= HASH_LENGTH) throw new RangeError('a long node stands inside its parent');
      return reference;
    }
    if (reference?.length !== HASH_LENGTH) throw new RangeError('a node names no node below it');
    const { encoded, item } = this.#take(reference);
    if (encoded.length < HASH_LENGTH) throw new RangeError('a short node is named by its hash');
    return item;
  }

  /** @throws RangeError when a node was not used: whoever sent it did not prove with it. */
  end(): void {
    if (this.#taken < this.#proof.length) {
      throw new RangeError(`it has ${this.#proof.length} nodes, of which the way uses ${this.#taken}`);
    }
  }

  #take(hash: string): { readonly encoded: string; readonly item: RlpItem } {
    const encoded = this.#proof[this.#taken];
    if (encoded === undefined) throw new RangeError(`it ends before the node ${hash}`);
    const node = this.#read.get(encoded) ?? this.#add(encoded);
    if (node.hash !== hash) throw new RangeError(`node ${this.#taken} is not ${hash}`);
    this.#taken += 1;
    return { encoded, item: node.item };
  }

  #add(encoded: unknown): { readonly hash: string; readonly item: RlpItem } {
    if (typeof encoded !== 'string' || !HEX.test(encoded)) throw new RangeError('a node is not 0x-hex');
    const node = { hash: keccak256(encoded), item: decodeCanonical(encoded.toLowerCase()) };
    this.#read.set(encoded, node);
    return node;
  }
}
