/** A SHA-256 (FIPS 180-4) of bytes that come in pieces. */
export interface Sha256 {
  update(piece: Uint8Array): void;
  /** The 32 bytes of it; nothing may be asked of it afterwards. */
  digest(): Uint8Array;
}

/** The keystream of AES-256 in counter mode (NIST SP 800-38A), from a counter block of zeros. */
export interface Keystream {
  /** The next 16-byte blocks of it. */
  blocks(count: number): Uint8Array;
}

/**
 * What `core` needs of cryptography beyond what ethers does well: `#crypto` in package.json is `node.ts` in Node and `noble.ts` in a
 * browser. Both give the same bytes (docs/adr/0014).
 */
export interface Crypto {
  sha256(): Sha256;
  /** @param key 32 bytes; throws when it has another length */
  aes256Ctr(key: Uint8Array): Keystream;
  /**
   * The public key (65 bytes, uncompressed) whose owner made a signature on secp256k1 (SEC 1, section 4.1.6).
   *
   * @param hash 32 bytes
   * @param signature r‖s, 64 bytes, s in the lower half of the order
   * @param parity of the y of the point whose x is r: 0 or 1
   * @returns null when it is of no key
   */
  recoverKey(hash: Uint8Array, signature: Uint8Array, parity: 0 | 1): Uint8Array | null;
}
