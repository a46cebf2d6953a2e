import { keccak256 } from 'ethers/crypto';
import { encodeRlp } from 'ethers/utils';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { type Digest, digest, type Instant, instant } from '../../core/values.ts';
import {
  BESIDE_THE_HEADER,
  EXTRA_DATA,
  type FieldForm,
  FORK_FIELDS,
  type HeaderField,
  LEGACY_FIELDS,
} from './fields.ts';
import { encodeQbftExtra, readQbftExtra } from './qbftExtra.ts';

/**
 * Whose rules seal a chain's blocks: they say what a block's hash is of. `ethereum` is proof of work and of stake,
 * and Anvil; `clique` is EIP-225; `qbft` is Besu's and GoQuorum's.
 */
export type Consensus = 'ethereum' | 'clique' | 'qbft';

/** A block's header, read and of a known shape; not yet held against anything. */
export interface Header {
  readonly parentHash: Digest;
  readonly stateRoot: Digest;
  readonly number: number;
  readonly timestamp: Instant;
  /** 0x-hex, lower case, as all bytes here. */
  readonly extraData: string;
  /** The header's fields as bytes, in the order of its RLP. */
  readonly items: readonly string[];
}

/** Bytes that a Clique header has before and behind its list of sealers (EIP-225). */
export const CLIQUE = { vanity: 32, seal: 65 } as const;

/**
 * Reads a header off what `eth_getBlockByNumber` answers. What the answer says its hash is is not looked at.
 *
 * @throws SyndicError HEADER_UNKNOWN when a field is missing or malformed, when a fork's field stands without those of
 *   the forks before it, and when there is a field that is not known: it may be part of the hash
 */
export function readHeader(block: unknown): Header {
  if (typeof block !== 'object' || block === null || Array.isArray(block)) {
    throw unknown('a block is an object, as eth_getBlockByNumber answers it');
  }
  // A node says null of a field that its block does not have; what is not there is in no hash.
  const given = new Map(Object.entries(block).filter(([, value]) => value !== null && value !== undefined));
  const fields = fieldsOf(given);
  const known = new Set(fields.map(({ key }) => key));
  const strange = [...given.keys()].filter((key) => !known.has(key) && !BESIDE_THE_HEADER.has(key));
  if (strange.length > 0) {
    const which = strange.map((key) => JSON.stringify(key)).join(', ');
    throw unknown(`the block has ${which}, which may be part of its hash: a newer release may know it`, { strange });
  }
  const items = fields.map(({ key, form }) => bytesOf(key, form, given.get(key)));
  const at = (key: string) => items[fields.findIndex((one) => one.key === key)] ?? '0x';
  return {
    parentHash: digest(at('parentHash')),
    stateRoot: digest(at('stateRoot')),
    number: countOf(at('number')),
    timestamp: instant(countOf(at('timestamp'))),
    extraData: at('extraData'),
    items,
  };
}

/**
 * The fields of a block that its hash is of, each in its one spelling; nothing else of what a node says of it.
 *
 * @throws SyndicError HEADER_UNKNOWN as `readHeader`
 */
export function hashedFields(block: Readonly<Record<string, unknown>>): Record<string, string> {
  readHeader(block);
  const given = new Map(Object.entries(block).filter(([, value]) => value !== null && value !== undefined));
  return Object.fromEntries(fieldsOf(given).map(({ key }) => [key, String(given.get(key)).toLowerCase()]));
}

/** A header's RLP, as 0x-hex (Yellow Paper, section 4.4.3); with another `extraData` where one is given. */
export function headerRlp({ items }: Header, extraData?: string): string {
  return encodeRlp(extraData === undefined ? [...items] : items.with(EXTRA_DATA, extraData));
}

/**
 * A block's hash: the keccak-256 of its header's RLP. In QBFT it leaves out what each validator has differently: the
 * round is written as 0 and there are no seals (Besu's and GoQuorum's "hash on chain").
 *
 * @throws SyndicError HEADER_UNKNOWN when `extraData` is not of this consensus: by its rules the hash would be wrong
 */
export function blockHash(header: Header, consensus: Consensus): Digest {
  if (consensus === 'qbft') {
    const unsealed = encodeQbftExtra({ ...readQbftExtra(header.extraData), round: 0n, seals: [] });
    return digest(keccak256(headerRlp(header, unsealed)));
  }
  const bytes = (header.extraData.length - 2) / 2;
  if (consensus === 'clique' && bytes < CLIQUE.vanity + CLIQUE.seal) {
    throw unknown(`extraData of block ${header.number} has ${bytes} bytes: it holds no Clique seal`);
  }
  // Yellow Paper, section 4.4.4: what is longer is sealed by other rules.
  if (consensus === 'ethereum' && bytes > 32) {
    throw unknown(
      `extraData of block ${header.number} has ${bytes} bytes, Ethereum's at most 32: is it Clique or QBFT?`,
    );
  }
  return digest(keccak256(headerRlp(header)));
}

/** The header's own fields: the legacy ones, and those of each fork that it has any of. */
function fieldsOf(given: ReadonlyMap<string, unknown>): HeaderField[] {
  const lastFork = FORK_FIELDS.findLastIndex((fork) => fork.some(({ key }) => given.has(key)));
  const fields = [...LEGACY_FIELDS, ...FORK_FIELDS.slice(0, lastFork + 1).flat()];
  const missing = fields.filter(({ key }) => !given.has(key)).map(({ key }) => key);
  if (missing.length > 0) throw unknown(`the block's header lacks ${missing.join(', ')}`, { missing });
  return fields;
}

/** A field's bytes in RLP: a scalar's are without leading zeros. */
function bytesOf(key: string, form: FieldForm, value: unknown): string {
  if (typeof value !== 'string') throw malformed(key, value);
  const hex = value.toLowerCase();
  if (form !== 'bytes' && 'bits' in form) {
    if (!/^0x(?:0|[1-9a-f][0-9a-f]{0,63})$/.test(hex) || BigInt(hex) >> BigInt(form.bits) > 0n) {
      throw malformed(key, value);
    }
    return hex === '0x0' ? '0x' : `0x${hex.length % 2 === 1 ? '0' : ''}${hex.slice(2)}`;
  }
  if (!/^0x(?:[0-9a-f]{2})*$/.test(hex)) throw malformed(key, value);
  if (form !== 'bytes' && hex.length !== 2 + 2 * form.bytes) throw malformed(key, value);
  return hex;
}

/** Of a scalar that `bytesOf` held to 53 bits. */
function countOf(bytes: string): number {
  return bytes === '0x' ? 0 : Number(bytes);
}

function malformed(key: string, value: unknown): SyndicError {
  const said = typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : `a ${typeof value}`;
  return unknown(`the header's ${key} is malformed: ${said}`, { key });
}

function unknown(message: string, details = {}): SyndicError {
  return new SyndicError('HEADER_UNKNOWN', message, details);
}
