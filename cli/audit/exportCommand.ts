import { Command, Option } from 'commander';
import type { Consensus } from '../../audit/blocks/header.ts';
import { encodeBundle } from '../../audit/bundle.ts';
import { exportBundle } from '../../audit/exportBundle.ts';
import type { StudyId } from '../../core/values.ts';
import { keepFile } from '../../worker/keepFile.ts';
import { digestArgument, numberArgument } from '../chain/options.ts';
import { printFields, printJson, printNote } from '../output.ts';
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

type Options = Partial<ChainSource> & {
  readonly artifacts?: readonly Place[];
  readonly receipt?: readonly string[];
  readonly consensus: Consensus;
  readonly behind?: number;
  readonly out: string;
  readonly json?: boolean;
};

export function exportCommand(): Command {
  return withChainOptions(new Command('export'))
    .description(
      'write one file that proves a study offline: headers, proofs of all that a verdict rests on, documents',
    )
    .argument('<study>', "the study's id", digestArgument)
    .addOption(artifactsOption().makeOptionMandatory())
    .addOption(receiptOption())
    .addOption(
      new Option('--consensus <name>', 'how the chain seals blocks: what its hashes are of')
        .choices(['ethereum', 'qbft', 'clique'])
        .makeOptionMandatory(),
    )
    .option('--behind <n>', 'blocks before the newest: on Clique, those that seal the one exported', numberArgument)
    .requiredOption('--out <file>', 'where to write it')
    .option('--json', 'print JSON')
    .action(async (study: StudyId, options: Options) => {
      const { consensus, behind = 0, artifacts = [], out } = options;
      const receipts = await readReceipts(options.receipt);
      const progress = showProgress();
      const done = await onAuditedChain(chainSource(options), behind, async (chain, ledger) => {
        const request = { ledger, study, artifacts, receipts, onProgress: progress.step };
        const { bundle, report } = await inThreads(artifacts, (remaking) =>
          exportBundle(chain, consensus, { ...request, remaking }),
        );
        const bytes = encodeBundle(bundle);
        await keepFile(out, bytes, 0o644);
        const words = bundle.accounts.reduce((sum, account) => sum + account.words.length, 0);
        const { number: block, hash } = chain.block;
        return { study, block, hash, verified: report.verified, words, bytes: bytes.byteLength, file: out };
      });
      progress.end();
      if (options.json) printJson(done);
      else printFields(Object.entries(done).map(([name, value]) => [name, String(value)]));
      if (!done.verified) printNote('the study has faults, which the bundle proves too: see `audit verify`');
    });
}
