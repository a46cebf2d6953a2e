import { X509Certificate } from 'node:crypto';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { type Invitation, invitationDigest, parseInvitation } from '../../core/invitation/Invitation.ts';
import { sha256 } from '../../core/sha256.ts';
import type { Address, Digest, Slot } from '../../core/values.ts';
import { keepFile } from '../../worker/keepFile.ts';
import { readInput } from '../files.ts';
import type { Deployment } from './chainFile.ts';

export interface InvitationTerms {
  readonly deployment: Deployment;
  /** `grpcs://host:port`. */
  readonly url: string;
  readonly pin: Digest;
  /** The coordinator's account. */
  readonly coordinator: Address;
  readonly slot: Slot;
}

/** Writes what a hospital receives. @returns the figure to be read out by telephone */
export async function writeInvitation(path: string, terms: InvitationTerms): Promise<Digest> {
  const { deployment, url, pin, coordinator, slot } = terms;
  const { chainId, genesis, consortium, dataUse, ledger } = deployment;
  const invitation: Invitation = parseInvitation({
    ...{ schema: 'syndic.invitation/1', url, pin, chainId, genesis },
    ...{ contracts: { consortium, dataUse, ledger }, coordinator, slot },
  });
  await keepFile(path, `${JSON.stringify(invitation, null, 2)}\n`, 0o644);
  return invitationDigest(invitation);
}

/** SHA-256 of the SubjectPublicKeyInfo of a PEM certificate (RFC 7469, section 2.4). */
export async function pinOf(certificate: string): Promise<Digest> {
  const pem = await readInput(certificate);
  try {
    return sha256(new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' }));
  } catch (cause) {
    throw new SyndicError('CONFIG_INVALID', `${certificate} is no certificate in PEM`, { certificate }, { cause });
  }
}
