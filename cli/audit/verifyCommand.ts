import { Command, InvalidArgumentError, Option } from 'commander';
import { decodeBundle, type OpenedBundle, openBundle } from '../../audit/bundle.ts';
import { htmlReport } from '../../audit/report/html.ts';
import { basisOf, type Trust } from '../../audit/trust.ts';
import { type Report, verify } from '../../audit/verify.ts';
import { verifyBundle } from '../../audit/verifyBundle.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Address, Digest, StudyId } from '../../core/values.ts';
import { keepFile } from '../../worker/keepFile.ts';
import { readChainFile } from '../chain/chainFile.ts';
import { addressArgument, digestArgument } from '../chain/options.ts';
import { readInput } from '../files.ts';
import { printJson } from '../output.ts';
import { version } from '../version.ts';
import { asJson } from './asJson.ts';
import {
  artifactsOption,
  type ChainSource,
  chainSource,
  onAuditedChain,
  type Place,
  readReceipts,
  receiptOption,
  withChainOptions,
} from './options.ts';
import { inThreads } from './remakingThreads.ts';
import { showProgress } from './showProgress.ts';
import { showReport } from './showReport.ts';

type Options = Partial<ChainSource> & {
  readonly artifacts?: readonly Place[];
  readonly receipt?: readonly string[];
  readonly bundle?: string;
  readonly trustedBlock?: Digest;
  readonly trustedValidators?: readonly Address[];
  readonly consensus?: 'qbft' | 'clique';
  readonly html?: string;
  readonly json?: boolean;
};

export function verifyCommand(): Command {
  return withChainOptions(new Command('verify'))
    .description(
      'check everything that the chain and the artifacts say of a study; exits with 9 when anything is wrong',
    )
    .argument('[study]', "the study's id (default: the bundle's)", digestArgument)
    .addOption(artifactsOption())
    .addOption(receiptOption())
    .option('--bundle <file>', 'instead of --rpc: what `audit export` wrote; needs no network')
    .option('--trusted-block <hash>', "the bundle's block, as you know it from elsewhere", digestArgument)
    .option('--trusted-validators <addresses>', 'instead of it: whose seals you trust, with commas', validatorsArgument)
    .addOption(new Option('--consensus <name>', 'how they seal blocks').choices(['qbft', 'clique']))
    .option('--html <file>', 'also write the report as one HTML file, to read offline and to print')
    .option('--json', 'print JSON')
    .action(async (study: StudyId | undefined, options: Options) => {
      const report = options.bundle === undefined ? await online(study, options) : await offline(study, options);
      if (options.html !== undefined) await keepPage(options.html, report);
      if (options.json) printJson(asJson(report));
      else showReport(report);
      if (!report.verified) throw failed(report);
    });
}

async function online(study: StudyId | undefined, options: Options): Promise<Report> {
  if (study === undefined) throw new SyndicError('USAGE', 'name the study, or give a bundle of one with --bundle');
  if (options.trustedBlock !== undefined || options.trustedValidators !== undefined) {
    throw new SyndicError('USAGE', 'a block or validators are trusted of a --bundle, which holds proofs');
  }
  const artifacts = given(options.artifacts);
  const receipts = await readReceipts(options.receipt);
  const progress = showProgress();
  return await onAuditedChain(chainSource(options), 0, async (chain, ledger) => {
    const wanted = { chain, ledger, study, artifacts, receipts, onProgress: progress.step };
    const report = await inThreads(artifacts, (remaking) => verify({ ...wanted, remaking }));
    progress.end();
    return report;
  });
}

async function offline(study: StudyId | undefined, options: Options): Promise<Report> {
  const { bundle: file = '', artifacts = [] } = options;
  const progress = showProgress();
  progress.step({ what: 'reading the bundle' });
  const opened = openBundle(decodeBundle(await readInput(file)));
  if (study !== undefined && study !== opened.study) {
    throw new SyndicError('WRONG_STUDY', `the bundle is of study ${opened.study}, not of ${study}`, { study });
  }
  if (options.deployment !== undefined) await requireDeployment(opened, options.deployment);
  const basis = basisOf(opened, trustOf(options));
  const receipts = await readReceipts(options.receipt);
  const wanted = { artifacts, receipts, basis, onProgress: progress.step };
  const report = await inThreads(artifacts, (remaking) => verifyBundle(opened, { ...wanted, remaking }));
  progress.end();
  return report;
}

/** A bundle names its ledger itself: whoever made it may have deployed one. */
async function requireDeployment({ chain, ledger }: OpenedBundle, file: string): Promise<void> {
  const { deployment } = await readChainFile(file);
  if (chain.chainId === deployment.chainId && ledger === deployment.ledger) return;
  const message = `the bundle is of ledger ${ledger} on chain ${chain.chainId}; the file names ${deployment.ledger} on chain ${deployment.chainId}`;
  throw new SyndicError('CHAIN_MISMATCH', message, { got: ledger, want: deployment.ledger });
}

/** A bundle proves what it says to its own block; which block that is, its reader has to know. */
function trustOf({ trustedBlock, trustedValidators, consensus }: Options): Trust {
  if (trustedBlock !== undefined && trustedValidators === undefined) return { kind: 'block', hash: trustedBlock };
  if (trustedBlock === undefined && trustedValidators !== undefined && consensus !== undefined) {
    return { kind: 'validators', consensus, validators: trustedValidators };
  }
  throw new SyndicError(
    'USAGE',
    'say what you trust: --trusted-block HASH, or --trusted-validators ADDRESS,… with --consensus qbft|clique',
  );
}

function given(artifacts: readonly Place[] | undefined): readonly Place[] {
  if (artifacts !== undefined) return artifacts;
  throw new SyndicError('USAGE', 'give --artifacts FOLDER: where the files of the study are');
}

function validatorsArgument(text: string): readonly Address[] {
  const addresses = text.split(',').map((one) => addressArgument(one.trim()));
  if (new Set(addresses).size !== addresses.length) throw new InvalidArgumentError('name each validator once');
  return addresses;
}

async function keepPage(path: string, report: Report): Promise<void> {
  await keepFile(path, htmlReport(report, { version: version(), madeAt: Math.floor(Date.now() / 1000) }), 0o644);
}

function failed({ findings, study }: Report): SyndicError {
  const faults = findings.filter(({ severity }) => severity === 'fault').length;
  return new SyndicError('AUDIT_FAILED', `the history of study ${study} has ${faults} faults: see the report`, {
    faults,
  });
}
