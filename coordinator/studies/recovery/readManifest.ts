import { SyndicError } from '../../../core/errors/SyndicError.ts';
import { decodeManifest, type Manifest } from '../../../core/manifest/Manifest.ts';
import { sha256 } from '../../../core/sha256.ts';
import type { ChainRound } from '../../chain/port.ts';
import type { RecoveryContext } from './context.ts';

/** The manifest that a record names. @throws SyndicError NOT_FOUND, DIGEST_MISMATCH when the store's file is damaged */
export async function readManifest(
  { document }: Pick<RecoveryContext, 'document'>,
  { manifest }: ChainRound,
): Promise<Manifest> {
  const bytes = await document(manifest);
  const got = sha256(bytes);
  if (got !== manifest) {
    throw new SyndicError('DIGEST_MISMATCH', `the store's file ${manifest} is damaged: restore it from a copy`, {
      got,
      want: manifest,
    });
  }
  return decodeManifest(bytes);
}
