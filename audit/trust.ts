import { SyndicError } from '../core/errors/SyndicError.ts';
import type { Address, Digest } from '../core/values.ts';
import { blockHash, type Consensus, type Header } from './blocks/header.ts';
import { checkCliqueSeals, checkQbftSeals, cliqueSigner, requireOwnSeals, type Seals } from './blocks/seals.ts';
import type { OpenedBundle } from './bundle.ts';

/** What its reader takes for granted of the chain, from elsewhere than the bundle. */
export type Trust =
  | { readonly kind: 'block'; readonly hash: Digest }
  | { readonly kind: 'validators'; readonly consensus: 'qbft' | 'clique'; readonly validators: readonly Address[] };

/** Why the state that a report is of is taken for the chain's. */
export type Basis =
  | { readonly kind: 'node' }
  | { readonly kind: 'block'; readonly hash: Digest }
  | {
      readonly kind: 'validators';
      readonly consensus: Consensus;
      readonly seals: Seals;
      /** A longer chain of other blocks could still take this one's place. */
      readonly probabilistic: boolean;
    };

/**
 * Holds a bundle's block against what its reader trusts.
 *
 * @throws SyndicError CHAIN_MISMATCH when it is another block, or of another consensus; SEALS_INSUFFICIENT,
 * HEADER_UNKNOWN; DOCUMENT_INVALID when there is more than what is trusted proves
 */
export function basisOf({ headers, consensus }: Pick<OpenedBundle, 'headers' | 'consensus'>, trust: Trust): Basis {
  const [header] = headers;
  if (header === undefined) throw new SyndicError('DOCUMENT_INVALID', 'the bundle has no header');
  if (consensus === 'qbft') requireOwnSeals(header);
  if (trust.kind === 'block') {
    const hash = blockHash(header, consensus);
    if (headers.length > 1) {
      const message = `the bundle has ${headers.length - 1} blocks built upon its own, which the trusted block does not prove: export it without --behind, or trust validators`;
      throw new SyndicError('DOCUMENT_INVALID', message);
    }
    if (hash === trust.hash) return { kind: 'block', hash };
    const message = `the bundle is of block ${header.number} with hash ${hash}, not of the trusted ${trust.hash}`;
    throw new SyndicError('CHAIN_MISMATCH', message, { got: hash, want: trust.hash });
  }
  if (trust.consensus !== consensus) {
    const message = `the bundle's blocks are of ${consensus}; the validators given are of ${trust.consensus}`;
    throw new SyndicError('CHAIN_MISMATCH', message, { got: consensus, want: trust.consensus });
  }
  const probabilistic = trust.consensus === 'clique';
  const seals = probabilistic ? checkCliqueSeals(headers, trust.validators) : checkQbftSeals(header, trust.validators);
  if (probabilistic) requireTrustedEnd(headers, seals);
  return { kind: 'validators', consensus, seals, probabilistic };
}

/** A block is bound by the next one's parent hash; the last of them by its seal alone. */
function requireTrustedEnd(headers: readonly Header[], { signers }: Seals): void {
  const last = headers.at(-1);
  const signer = last === undefined ? null : cliqueSigner(last);
  if (signer !== null && signers.includes(signer)) return;
  const message = `the last block given, ${last?.number}, is sealed by ${signer ?? 'nobody'}: nobody trusted vouches for what it says`;
  throw new SyndicError('SEALS_INSUFFICIENT', message);
}
