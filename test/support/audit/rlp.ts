import { RLP } from '@ethereumjs/rlp';
import { getBytes, hexlify } from 'ethers';

/** An item of RLP: bytes, or a list of items. */
export type Item = string | readonly Item[];

/** RLP by a library that the auditor does not use. */
export function rlp(item: Item): string {
  const bytes = (one: Item): Uint8Array | Uint8Array[] =>
    typeof one === 'string' ? getBytes(one) : (one.map(bytes) as Uint8Array[]);
  return hexlify(RLP.encode(bytes(item)));
}
