import type { Address, Digest, StudyId } from '../core/values.ts';

/** An event, with what its block and transaction tell of it. */
export interface ChainLog {
  readonly topics: readonly string[];
  readonly data: string;
  /** These two are null out of a bundle: nothing proves there where an event stands. */
  readonly transaction: Digest | null;
  readonly block: number | null;
  /** The block's, Unix seconds. */
  readonly time: number;
}

/**
 * The chain as of one block. Storage and code are what a verdict rests on; events only say where to look and what was
 * hashed.
 */
export interface AuditedChain {
  readonly chainId: number;
  readonly block: { readonly number: number; readonly hash: Digest; readonly time: number };
  /** Words of a contract's storage, in the order of `slots`. */
  words(contract: Address, slots: readonly bigint[]): Promise<bigint[]>;
  /** Runtime code; empty where no contract stands. */
  code(contract: Address): Promise<Uint8Array>;
  /** A contract's events of one study up to the block, in the chain's order. */
  logs(contract: Address, study: StudyId): Promise<ChainLog[]>;
}

/** Files by the SHA-256 of their bytes, wherever the reader has them. */
export interface Artifacts {
  /** Null: it is nowhere here. Whoever opens checks the bytes: a store's word is not taken for them. */
  open(digest: Digest): Promise<Artifact | null>;
}

export interface Artifact {
  /** In bytes. */
  readonly size: number;
  /** Up to `length` bytes from `offset`; fewer only where the file ends. They are good until its next read, or its close. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}
