import { decodeRlp, encodeRlp } from 'ethers/utils';

/** What RLP holds: 0x-hex, or a list of what RLP holds. */
export type RlpItem = string | RlpItem[];

/**
 * Decodes RLP that is spelt in the only way there is (Yellow Paper, appendix B): shortest lengths, a small byte as
 * itself, nothing behind the end. Two spellings of one thing would be two hashes of it.
 *
 * @throws RangeError on anything else
 */
export function decodeCanonical(hex: string): RlpItem {
  if (!/^0x(?:[0-9a-f]{2})+$/.test(hex)) throw new RangeError('not lower-case 0x-hex of at least one byte');
  let item: RlpItem;
  try {
    item = decodeRlp(hex) as RlpItem;
  } catch (cause) {
    throw new RangeError('not RLP', { cause });
  }
  if (encodeRlp(item) !== hex) throw new RangeError('RLP that is spelt otherwise than it must be');
  return item;
}

/**
 * A scalar (Yellow Paper, appendix B): big-endian bytes without leading zeros; zero is no byte at all.
 *
 * @param item as `decodeCanonical` gave it
 * @throws RangeError on a list, on leading zeros, on more bytes than `bytes`
 */
export function scalarOf(item: RlpItem | undefined, bytes: number): bigint {
  if (typeof item !== 'string') throw new RangeError('a list where a number must stand');
  if (item === '0x') return 0n;
  if (item.startsWith('0x00')) throw new RangeError('a number with leading zeros');
  if (item.length > 2 + 2 * bytes) throw new RangeError(`a number of more than ${bytes} bytes`);
  return BigInt(item);
}
