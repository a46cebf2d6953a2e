import { createHash } from 'node:crypto';

/**
 * The root of RFC 6962's Merkle tree (section 2.1, SHA-256) over leaves that come one by one. It keeps one hash a
 * level: memory grows with the logarithm of the number of leaves.
 */
export class MerkleTree {
  /** Roots of perfect subtrees, largest first, as the binary digits of `count` say. */
  private readonly peaks: Buffer[] = [];
  private count = 0;

  /** @param parts the leaf's bytes, in pieces */
  add(...parts: readonly Uint8Array[]): void {
    let hash = sha256(LEAF, ...parts);
    for (let size = this.count; size % 2 === 1; size = Math.floor(size / 2)) {
      const left = this.peaks.pop();
      if (left !== undefined) hash = sha256(NODE, left, hash);
    }
    this.peaks.push(hash);
    this.count += 1;
  }

  /** Of no leaves: the hash of nothing. */
  root(): Uint8Array {
    const root = this.peaks.reduceRight<Buffer | null>(
      (right, left) => (right === null ? left : sha256(NODE, left, right)),
      null,
    );
    return new Uint8Array(root ?? sha256());
  }
}

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
