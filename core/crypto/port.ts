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
 * What `core` needs of cryptography beyond ethers: `#crypto` in package.json is `node.ts` in Node and `noble.ts` in a
 * browser. Both give the same bytes (docs/adr/0014).
 */
export interface Crypto {
  sha256(): Sha256;
  /** @param key 32 bytes; throws when it has another length */
  aes256Ctr(key: Uint8Array): Keystream;
}
