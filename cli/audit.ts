import { Command } from 'commander';
import { diffCommand } from './audit/diffCommand.ts';
import { exportCommand } from './audit/exportCommand.ts';
import { historyCommand } from './audit/historyCommand.ts';
import { receiptCommand } from './audit/receiptCommand.ts';
import { verifyCommand } from './audit/verifyCommand.ts';
import { watchCommand } from './audit/watchCommand.ts';

export function auditCommand(): Command {
  return new Command('audit')
    .description('verify who contributed what to which model, from the chain and artifacts alone')
    .addCommand(verifyCommand())
    .addCommand(exportCommand())
    .addCommand(historyCommand())
    .addCommand(receiptCommand())
    .addCommand(diffCommand())
    .addCommand(watchCommand());
}
