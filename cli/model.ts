import { Command, InvalidArgumentError } from 'commander';
import type { StudyDetail } from '../coordinator/studies/port.ts';
import { SyndicError } from '../core/errors/SyndicError.ts';
import type { Digest } from '../core/values.ts';
import { withConnectionOptions } from './http/Connection.ts';
import { inSession } from './http/CoordinatorClient.ts';
import { printFields, printJson } from './output.ts';
import { saveVerified } from './saveVerified.ts';
import { resolveStudy } from './study/resolveStudy.ts';

interface Flags extends Record<string, unknown> {
  readonly study: string;
  readonly round?: number;
  readonly out: string;
  readonly json?: boolean;
}

export function modelCommand(): Command {
  return new Command('model').description('fetch models').addCommand(pullCommand());
}

function pullCommand(): Command {
  const command = new Command('pull')
    .description("save a study's global model, its SHA-256 verified")
    .requiredOption('--study <study>', 'id of the study, or its beginning')
    .requiredOption('--out <file>', 'where to write it; what is there is replaced once the new file is whole')
    .option('--round <number>', 'the model after this round (0: the initial one); default: the newest', roundNumber)
    .option('--json', 'print JSON');
  return withConnectionOptions(command).action(pull);
}

async function pull(flags: Flags): Promise<void> {
  const pulled = await inSession(flags, async (client) => {
    const study = await resolveStudy(client, flags.study);
    const model = modelOf(await client.show(study), flags.round);
    const bytes = await saveVerified(await client.file(model), model, flags.out);
    return { study, model, bytes, file: flags.out };
  });
  if (flags.json) printJson(pulled);
  else printFields(Object.entries(pulled));
}

function modelOf(study: StudyDetail, round: number | undefined): Digest {
  if (round === undefined) return study.model;
  if (round === 0) return study.initialModel;
  const attempt = study.attempts.find((each) => each.round === round);
  if (attempt === undefined) {
    throw new SyndicError('NOT_FOUND', `the study has no round ${round}; its newest is ${study.attempts.length}`);
  }
  if (attempt.global !== null) return attempt.global;
  throw new SyndicError('STATE_CONFLICT', `round ${round} has no model yet: it is ${attempt.state}`);
}

function roundNumber(text: string): number {
  const round = Number(text);
  if (Number.isSafeInteger(round) && round >= 0 && text.trim() !== '') return round;
  throw new InvalidArgumentError('a round is a whole number from 0.');
}
