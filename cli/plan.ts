import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { initialDigest } from '../core/model/initialModel.ts';
import { loadPlanFile } from './loadPlanFile.ts';
import { printFields, printJson, printLine } from './output.ts';
import { planSummary } from './planSummary.ts';

export function planCommand(): Command {
  return new Command('plan').description('check a plan before anybody is asked to join').addCommand(checkCommand());
}

function checkCommand(): Command {
  return new Command('check')
    .description('list every fault of a plan, or print its hash and what it means in plain words')
    .argument('<file>', 'the plan, YAML or JSON (by its ending); - reads YAML from standard input')
    .option('--write <file>', 'write the normalised plan: the bytes that the hash covers')
    .option('--json', 'print JSON')
    .action(check);
}

async function check(file: string, options: { write?: string; json?: boolean }): Promise<void> {
  const { plan, bytes, hash } = await loadPlanFile(file);
  const initialModel = initialDigest(plan);
  if (options.write !== undefined) await writeFile(options.write, bytes);
  const summary = planSummary(plan);
  if (options.json) {
    printJson({ valid: true, name: plan.name, hash, initialModel, summary, plan });
    return;
  }
  printFields([
    ['plan', plan.name],
    ['hash', hash],
    ['initial model', initialModel],
  ]);
  for (const sentence of summary) printLine(sentence);
}
