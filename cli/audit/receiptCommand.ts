import { Command } from 'commander';
import { checkReceipt } from '../../audit/receipt.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { decodeReceipt } from '../../core/statements/documents.ts';
import { readInput } from '../files.ts';
import { isoTime, printFields, printJson } from '../output.ts';
import { type ChainSource, chainSource, onAuditedChain, withChainOptions } from './options.ts';

export function receiptCommand(): Command {
  return withChainOptions(new Command('receipt'))
    .description("whether the chain keeps what a coordinator's receipt promises; exits with 9 when it does not")
    .argument('<file>', "the receipt, as a worker's journal keeps it")
    .option('--json', 'print JSON')
    .action(async (file: string, options: Partial<ChainSource> & { readonly json?: boolean }) => {
      const receipt = decodeReceipt(await readInput(file));
      const report = await onAuditedChain(chainSource(options), 0, (chain, ledger) =>
        checkReceipt(chain, ledger, receipt),
      );
      if (options.json) printJson(report);
      else {
        const { block, recordBy, ...facts } = report;
        const times = { recordBy: isoTime(recordBy), block: `${block.number} (${block.hash}, ${isoTime(block.time)})` };
        printFields(Object.entries({ ...facts, ...times }));
      }
      if (report.state === 'broken' || report.state === 'overdue') {
        throw new SyndicError('RECEIPT_BROKEN', `the receipt is ${report.state}: ${report.what}`, {
          state: report.state,
        });
      }
    });
}
