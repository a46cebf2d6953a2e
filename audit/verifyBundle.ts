import { SyndicError } from '../core/errors/SyndicError.ts';
import type { OpenedBundle } from './bundle.ts';
import type { Artifacts } from './port.ts';
import { type Report, type Request, verify } from './verify.ts';

/**
 * The verdict of a bundle. Whatever it rests on is in the bundle, and nothing else is: what nobody asked for would be
 * bytes that anybody may change.
 *
 * @param request `artifacts`: models and updates, where the reader has them. `basis`: what `basisOf` found; left out
 *   where two bundles are compared, whoever made them
 * @throws as `verify`; SyndicError PROOF_INVALID when the bundle does not prove what is asked, DOCUMENT_INVALID when it
 * holds something that nothing asks for
 */
export async function verifyBundle(
  { chain, ledger, study, documents, unread }: OpenedBundle,
  {
    artifacts = [],
    ...request
  }: Partial<Pick<Request, 'artifacts' | 'receipts' | 'basis' | 'remaking' | 'onProgress'>> = {},
): Promise<Report> {
  const places: Artifacts[] = [documents, ...artifacts];
  const report = await verify({ chain, ledger, study, artifacts: places, ...request });
  const [idle, ...more] = unread();
  // Past a fault, not everything is looked at.
  if (!report.verified || idle === undefined) return report;
  const message = `the bundle holds ${idle}, and ${more.length} things more, that nothing asks for: export it again`;
  throw new SyndicError('DOCUMENT_INVALID', message, { idle: more.length + 1 });
}
