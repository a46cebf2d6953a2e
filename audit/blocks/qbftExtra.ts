import { encodeRlp } from 'ethers/utils';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { decodeCanonical, type RlpItem, scalarOf } from '../rlp.ts';

/**
 * What a QBFT header's `extraData` holds. Its list of validators proves nothing: it is the header's own word, and with
 * validators kept by a contract it is empty.
 */
export interface QbftExtra {
  readonly vanity: RlpItem;
  readonly validators: readonly RlpItem[];
  readonly vote: RlpItem;
  readonly round: bigint;
  /** Commit seals, each r‖s‖v where it is well-formed. */
  readonly seals: readonly RlpItem[];
}

/**
 * Reads RLP [vanity, [validator …], vote, round, [seal …]] (Besu's QbftExtraDataCodec; GoQuorum's QBFTExtra).
 *
 * @throws SyndicError HEADER_UNKNOWN on anything else: a sixth element, or a round with leading zeros, as QBFT's draft
 *   had it and IBFT 2.0 has it, whose blocks are hashed by other rules
 */
export function readQbftExtra(extraData: string): QbftExtra {
  try {
    const items = decodeCanonical(extraData);
    if (typeof items === 'string' || items.length !== 5) throw new RangeError('not a list of five');
    const [vanity, validators, vote, round, seals] = items as [RlpItem, RlpItem, RlpItem, RlpItem, RlpItem];
    if (typeof vanity !== 'string') throw new RangeError('the vanity is a list');
    if (typeof validators === 'string' || typeof vote === 'string' || typeof seals === 'string') {
      throw new RangeError('validators, vote or seals are no list');
    }
    // Besu and GoQuorum count rounds in 32 bits.
    return { vanity, validators, vote, round: scalarOf(round, 4), seals };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new SyndicError('HEADER_UNKNOWN', `extraData is not QBFT's: ${cause.message}`, {}, { cause });
  }
}

/** The bytes of `extraData`, as 0x-hex. */
export function encodeQbftExtra({ vanity, validators, vote, round, seals }: QbftExtra): string {
  const digits = round.toString(16);
  const scalar = round === 0n ? '0x' : `0x${digits.length % 2 === 1 ? '0' : ''}${digits}`;
  return encodeRlp([vanity, [...validators], vote, scalar, [...seals]]);
}
