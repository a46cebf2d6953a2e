import { Command } from 'commander';
import { exportCommand } from './audit/exportCommand.ts';
import { verifyCommand } from './audit/verifyCommand.ts';

export function auditCommand(): Command {
  return new Command('audit')
    .description('verify who contributed what to which model, from the chain and artifacts alone')
    .addCommand(verifyCommand())
    .addCommand(exportCommand());
}
