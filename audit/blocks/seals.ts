import { keccak256 } from 'ethers/crypto';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { type Address, address, type Digest, digest } from '../../core/values.ts';
import { blockHash, CLIQUE, type Header, headerRlp } from './header.ts';
import { encodeQbftExtra, readQbftExtra } from './qbftExtra.ts';
import { recoverSigner } from './recoverSigner.ts';

/** Who sealed a block. */
export interface Seals {
  /** Trusted validators that signed, each once, in the order met. */
  readonly signers: readonly Address[];
  /** Distinct trusted validators that must have. */
  readonly needed: number;
  /** Signers that are no trusted validators, each once; they count for nothing. */
  readonly foreign: readonly Address[];
  /** Seals that are malformed or no key's; they count for nothing either. */
  readonly malformed: number;
}

/**
 * Holds a QBFT header's commit seals against validators that the caller trusts: ceil(2n/3) of them must have signed
 * (Besu's `BftHelpers.calculateRequiredValidatorQuorum`). The list of validators in the header is not believed.
 *
 * @param trusted the validators, from elsewhere than this chain's node
 * @throws SyndicError HEADER_UNKNOWN when `extraData` is not QBFT's, SEALS_INSUFFICIENT when too few signed
 */
export function checkQbftSeals(header: Header, trusted: readonly Address[]): Seals {
  const extra = readQbftExtra(header.extraData);
  // What a validator signs is of its round, without the seals; no prefix.
  const signed = digest(keccak256(headerRlp(header, encodeQbftExtra({ ...extra, seals: [] }))));
  const validators = asSet(trusted);
  const needed = Math.ceil((2 * validators.size) / 3);
  const met = extra.seals.map((seal) => recoverSigner(signed, seal));
  return enough(tally(met, validators, needed), `block ${header.number}`);
}

/**
 * Refuses a QBFT header that has a seal of nobody whom its own list of validators names, or two of one: no part of the
 * block's hash is of its seals. Where a contract keeps the validators, the list is empty and tells nothing.
 *
 * @throws SyndicError HEADER_UNKNOWN when `extraData` is not QBFT's, SEALS_INSUFFICIENT
 */
export function requireOwnSeals(header: Header): void {
  const extra = readQbftExtra(header.extraData);
  const signed = digest(keccak256(headerRlp(header, encodeQbftExtra({ ...extra, seals: [] }))));
  const met = extra.seals.map((seal) => recoverSigner(signed, seal));
  const named = new Set(extra.validators);
  const own = named.size === 0 || met.every((one) => one !== null && named.has(one));
  if (own && new Set(met).size === met.length) return;
  throw insufficient(`block ${header.number} has a seal of none whom it names as its validators, or two of one`, {});
}

/**
 * Who sealed a Clique header: the key that signed the keccak-256 of its RLP with `extraData` less its last 65 bytes,
 * which are the signature, v 0 or 1 (EIP-225).
 *
 * @returns null when there is no such signature, as in a genesis block
 * @throws SyndicError HEADER_UNKNOWN when `extraData` is too short to be Clique's
 */
export function cliqueSigner(header: Header): Address | null {
  // Refuses what is too short.
  blockHash(header, 'clique');
  const { extraData } = header;
  const cut = extraData.length - 2 * CLIQUE.seal;
  const signed = digest(keccak256(headerRlp(header, extraData.slice(0, cut))));
  return recoverSigner(signed, `0x${extraData.slice(cut)}`);
}

/**
 * Holds a Clique block against sealers that the caller trusts. One sealer seals one block; the block stands once more
 * than half of them (floor(n/2) + 1) have sealed it or one built upon it, since each signs for all that came before.
 * A foreign or malformed seal counts for nothing, and does not break the chain: who built upon it vouches for it.
 *
 * @param headers the block first, then those built upon it, each the child of the one before
 * @param trusted the sealers, from elsewhere than this chain's node
 * @throws SyndicError HEADER_UNKNOWN when a header is not Clique's, SEALS_INSUFFICIENT when the headers are no chain or
 *   too few sealed them
 */
export function checkCliqueSeals(headers: readonly Header[], trusted: readonly Address[]): Seals {
  const [first] = headers;
  if (first === undefined) throw insufficient('there is no header', {});
  headers.forEach((header, i) => {
    const parent = headers[i - 1];
    if (parent !== undefined && !isChild(header, parent)) {
      throw insufficient(`block ${header.number} is not built upon block ${parent.number} as given before it`, {
        at: i,
      });
    }
  });
  const validators = asSet(trusted);
  const needed = Math.floor(validators.size / 2) + 1;
  return enough(tally(headers.map(cliqueSigner), validators, needed), `block ${first.number}`);
}

function isChild(header: Header, parent: Header): boolean {
  const hash: Digest = blockHash(parent, 'clique');
  return header.parentHash === hash && header.number === parent.number + 1;
}

/** @throws SyndicError SEALS_INSUFFICIENT when nobody is trusted: then anything would be sealed enough. */
function asSet(trusted: readonly Address[]): ReadonlySet<Address> {
  if (trusted.length === 0) throw insufficient('no validator is trusted: name those whose seals count', {});
  return new Set(trusted.map(address));
}

function tally(met: readonly (Address | null)[], validators: ReadonlySet<Address>, needed: number): Seals {
  const distinct = [...new Set(met.filter((one) => one !== null))];
  return {
    signers: distinct.filter((one) => validators.has(one)),
    needed,
    foreign: distinct.filter((one) => !validators.has(one)),
    malformed: met.filter((one) => one === null).length,
  };
}

function enough(seals: Seals, what: string): Seals {
  const { signers, needed } = seals;
  if (signers.length >= needed) return seals;
  throw insufficient(`${what} is sealed by ${signers.length} trusted validators; ${needed} are needed`, { ...seals });
}

function insufficient(message: string, details: Record<string, unknown>): SyndicError {
  return new SyndicError('SEALS_INSUFFICIENT', message, details);
}
