import { SyndicError } from '../../core/errors/SyndicError.ts';

/** Counts the bytes that a store holds against its bound. */
export interface Space {
  /** Bytes counted now. */
  readonly held: number;
  /** @throws SyndicError STORE_FULL when they do not fit; nothing is taken then */
  take(bytes: number): void;
  give(bytes: number): void;
}

/** @param used bytes that are there already, which may be over the bound */
export function createSpace(maxBytes: number, used: number): Space {
  let held = used;
  return {
    get held() {
      return held;
    },
    take(bytes) {
      if (held + bytes > maxBytes) {
        throw new SyndicError(
          'STORE_FULL',
          `the store holds ${held} of at most ${maxBytes} bytes: make room or raise --max-store`,
          { held, maxBytes, wanted: bytes },
        );
      }
      held += bytes;
    },
    give(bytes) {
      held -= bytes;
    },
  };
}
