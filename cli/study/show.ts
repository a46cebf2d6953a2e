import { Command } from 'commander';
import type { StudyDetail } from '../../coordinator/studies/port.ts';
import { withConnectionOptions } from '../http/Connection.ts';
import { inSession } from '../http/CoordinatorClient.ts';
import { isoTime, printFields, printJson, printTable, shortDigest } from '../output.ts';
import { resolveStudy } from './resolveStudy.ts';
import { ROUND_HEAD, roundRows, stateOf, TASK_HEAD, taskRows } from './rows.ts';

type Flags = Readonly<Record<string, unknown>>;

export function listCommand(): Command {
  const command = new Command('list').description("the coordinator's studies").option('--json', 'print JSON');
  return withConnectionOptions(command).action(async (flags: Flags) => {
    const studies = await inSession(flags, (client) => client.list());
    if (flags.json) return printJson(studies);
    const rows = studies.map((study) => [
      shortDigest(study.id),
      study.name,
      stateOf(study),
      `${study.completed}/${study.rounds}`,
      isoTime(study.openedAt),
    ]);
    printTable(['study', 'name', 'state', 'rounds', 'opened'], rows);
  });
}

export function showCommand(): Command {
  const command = new Command('show')
    .description('a study with its rounds, and what each member did in the newest')
    .argument('<study>', 'id of the study, or its beginning')
    .option('--json', 'print JSON, every round with every task');
  return withConnectionOptions(command).action(async (text: string, flags: Flags) => {
    const study = await inSession(flags, async (client) => await client.show(await resolveStudy(client, text)));
    if (flags.json) printJson(study);
    else print(study);
  });
}

function print(study: StudyDetail): void {
  printFields([
    ['study', study.id],
    ['name', study.name],
    ['state', stateOf(study)],
    ['rounds', `${study.completed} completed of ${study.rounds}`],
    ['plan', study.plan],
    ['model', study.model],
    ['operator', study.operator],
    ['coordinator', study.coordinator],
    ['opened', isoTime(study.openedAt)],
  ]);
  const newest = study.attempts.at(-1);
  if (newest === undefined) return;
  printTable(ROUND_HEAD, roundRows(study));
  printTable(TASK_HEAD, taskRows(newest));
}
