import { join } from 'node:path';
import type { Report } from '../../audit/verify.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Digest, StudyId } from '../../core/values.ts';
import type { Consortium } from '../Consortium.ts';
import { callSyndic } from '../callSyndic.ts';

/** What any member would come to, with what it came to it: both files outlive the chain. */
export interface Verified {
  readonly verified: boolean;
  /** Closed, every record attested by the quorum, and no dispute open. */
  readonly final: boolean;
  /** Things that were held against what they must be. */
  readonly checks: number;
  /** What there was no way to check. */
  readonly unchecked: number;
  /** The hash is what a reader of the bundle has to know from elsewhere. */
  readonly block: Report['block'];
  /** Proves the study without a node. */
  readonly bundle: string;
  /** The report as one HTML file. */
  readonly report: string;
}

/**
 * Exports a study as one bundle and verifies it from that, with the commands that a member would use.
 *
 * @throws SyndicError AUDIT_FAILED when a fault is found
 */
export async function verifyStudy(
  { rpcUrl, dir, modelsDir }: Pick<Consortium, 'rpcUrl' | 'dir' | 'modelsDir'>,
  study: StudyId,
): Promise<Verified> {
  const [bundle, report] = [join(dir, 'study.bundle.json'), join(dir, 'report.html')];
  const chain = ['--rpc', rpcUrl, '--deployment', join(dir, 'deployment.json')];
  const files = ['--artifacts', modelsDir];
  const kept = ['--consensus', 'ethereum', '--out', bundle];
  const { hash } = await callSyndic<{ hash: Digest }>('audit', 'export', study, ...chain, ...files, ...kept);
  const trusting = ['--bundle', bundle, '--trusted-block', hash, '--html', report];
  const told = await callSyndic<Report>('audit', 'verify', study, ...trusting, ...files).catch((thrown: unknown) => {
    if (!(thrown instanceof SyndicError) || thrown.code !== 'AUDIT_FAILED') throw thrown;
    const message = `the study was trained and recorded, and does not verify: see ${report}`;
    throw new SyndicError('AUDIT_FAILED', message, thrown.details, { cause: thrown });
  });
  const { verified, final, block, unchecked } = told;
  const checks = told.checks.reduce((sum, { examined }) => sum + examined, 0);
  return { verified, final, checks, unchecked: unchecked.length, block, bundle, report };
}
