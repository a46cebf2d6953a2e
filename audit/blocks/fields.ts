/** How a field stands in a header: so many bytes, any number of bytes, or a scalar of at most so many bits. */
export type FieldForm = { readonly bytes: number } | 'bytes' | { readonly bits: number };

export interface HeaderField {
  /** As `eth_getBlockByNumber` spells it. */
  readonly key: string;
  readonly form: FieldForm;
}

const hash = { bytes: 32 } as const;
const field = (key: string, form: FieldForm): HeaderField => ({ key, form });

/** Whole numbers that this program counts with stay below 2^53. */
const COUNT = { bits: 53 } as const;
const GAS = { bits: 64 } as const;
const WEI = { bits: 256 } as const;

/** The header's fields in the order of its RLP (Yellow Paper, section 4.4.3). Every header has them. */
export const LEGACY_FIELDS: readonly HeaderField[] = [
  field('parentHash', hash),
  field('sha3Uncles', hash),
  field('miner', { bytes: 20 }),
  field('stateRoot', hash),
  field('transactionsRoot', hash),
  field('receiptsRoot', hash),
  field('logsBloom', { bytes: 256 }),
  field('difficulty', WEI),
  field('number', COUNT),
  field('gasLimit', GAS),
  field('gasUsed', GAS),
  field('timestamp', COUNT),
  field('extraData', 'bytes'),
  field('mixHash', hash),
  field('nonce', { bytes: 8 }),
];

/** Where `extraData` stands among them. */
export const EXTRA_DATA = LEGACY_FIELDS.findIndex(({ key }) => key === 'extraData');

/** What each fork appended, in order: a header has those of all forks up to its own, and none of a later one's. */
export const FORK_FIELDS: readonly (readonly HeaderField[])[] = [
  /** London: EIP-1559. */
  [field('baseFeePerGas', WEI)],
  /** Shanghai: EIP-4895. */
  [field('withdrawalsRoot', hash)],
  /** Cancun: EIP-4844, EIP-4788. */
  [field('blobGasUsed', GAS), field('excessBlobGas', GAS), field('parentBeaconBlockRoot', hash)],
  /** Prague: EIP-7685. */
  [field('requestsHash', hash)],
];

/**
 * What nodes say of a block beside its header: its hash, its length, its body, and what they computed themselves
 * (`author` is some nodes' word for whoever made it). Only what is known to be no part of the hash stands here: a key
 * that is missing costs a refusal with its name, one too many a wrong hash.
 */
export const BESIDE_THE_HEADER: ReadonlySet<string> = new Set([
  'hash',
  'size',
  'totalDifficulty',
  'author',
  'transactions',
  'uncles',
  'withdrawals',
]);
