import { Command, InvalidArgumentError } from 'commander';
import { httpArtifacts } from '../audit/httpArtifacts.ts';
import type { Artifacts } from '../audit/port.ts';
import { connectRpc } from '../audit/rpc.ts';
import { type Report, verify } from '../audit/verify.ts';
import { SyndicError } from '../core/errors/SyndicError.ts';
import type { StudyId } from '../core/values.ts';
import { folderArtifacts } from './audit/folder.ts';
import { showProgress } from './audit/showProgress.ts';
import { showReport } from './audit/showReport.ts';
import { readChainFile } from './chain/chainFile.ts';
import { type ChainOptions, digestArgument, withChain } from './chain/options.ts';
import { printJson } from './output.ts';

type VerifyOptions = ChainOptions & { readonly artifacts: readonly Artifacts[] };

export function auditCommand(): Command {
  return new Command('audit')
    .description('verify who contributed what to which model, from the chain and artifacts alone')
    .addCommand(verifyCommand());
}

function verifyCommand(): Command {
  return withChain(new Command('verify'))
    .description(
      'check everything that the chain and the artifacts say of a study; exits with 9 when anything is wrong',
    )
    .argument('<study>', "the study's id", digestArgument)
    .requiredOption(
      '--artifacts <place>',
      'a folder, or the URL of one, with files named by their SHA-256; may be given several times',
      placeArgument,
    )
    .action(async (study: StudyId, options: VerifyOptions) => {
      const report = await verifyOn(study, options);
      if (options.json) printJson(asJson(report));
      else showReport(report);
      if (!report.verified) throw failed(report);
    });
}

async function verifyOn(study: StudyId, { rpc, deployment: file, artifacts }: VerifyOptions): Promise<Report> {
  const { deployment } = await readChainFile(file);
  const chain = await connectRpc(rpc);
  try {
    if (chain.chainId !== deployment.chainId) {
      const message = `the node serves chain ${chain.chainId}; the file names chain ${deployment.chainId}: give --rpc a node of that chain`;
      throw new SyndicError('CHAIN_MISMATCH', message, { got: chain.chainId, want: deployment.chainId });
    }
    const progress = showProgress();
    const report = await verify({ chain, ledger: deployment.ledger, study, artifacts, onProgress: progress.step });
    progress.end();
    await chain.recheck();
    return report;
  } finally {
    chain.close();
  }
}

/** Sums of samples are longer than a JSON number may be. */
function asJson(report: Report): unknown {
  return JSON.parse(JSON.stringify(report, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value)));
}

function placeArgument(text: string, before: readonly Artifacts[] = []): readonly Artifacts[] {
  if (!/^https?:\/\//.test(text)) return [...before, folderArtifacts(text)];
  if (!URL.canParse(text)) throw new InvalidArgumentError('give a folder, or an http or https URL');
  return [...before, httpArtifacts(new URL(text))];
}

function failed({ findings, study }: Report): SyndicError {
  const faults = findings.filter(({ severity }) => severity === 'fault').length;
  return new SyndicError('AUDIT_FAILED', `the history of study ${study} has ${faults} faults: see the report`, {
    faults,
  });
}
