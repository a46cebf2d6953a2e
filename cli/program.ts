import { Command } from 'commander';
import { version } from './version.ts';

interface Noun {
  readonly name: string;
  readonly description: string;
  /** Imports the noun's module: only the one that is used, so that `--help` answers at once. */
  load(): Promise<Command>;
}

const nouns: readonly Noun[] = [
  {
    name: 'demo',
    description: 'train one model on four hospitals here, recorded on a chain of its own',
    load: async () => (await import('./demo.ts')).demoCommand(),
  },
  {
    name: 'up',
    description: 'start a consortium in a box, for evaluation',
    load: async () => (await import('./up.ts')).upCommand(),
  },
  {
    name: 'coordinator',
    description: 'run a coordinator, make its key, migrate or recover its database',
    load: async () => (await import('./coordinator.ts')).coordinatorCommand(),
  },
  {
    name: 'worker',
    description: "a hospital's worker: make its key, run it",
    load: async () => (await import('./worker.ts')).workerCommand(),
  },
  {
    name: 'consortium',
    description: 'deploy the contracts, admit members',
    load: async () => (await import('./consortium.ts')).consortiumCommand(),
  },
  {
    name: 'member',
    description: "a hospital's account: worker key, dataset versions, grants, verdicts on records",
    load: async () => (await import('./member.ts')).memberCommand(),
  },
  {
    name: 'plan',
    description: 'check a plan before anybody is asked to join',
    load: async () => (await import('./plan.ts')).planCommand(),
  },
  {
    name: 'study',
    description: 'open, start, watch, pause, resume and abort studies',
    load: async () => (await import('./study/study.ts')).studyCommand(),
  },
  {
    name: 'model',
    description: 'fetch models',
    load: async () => (await import('./model.ts')).modelCommand(),
  },
  {
    name: 'audit',
    description: 'verify a study from the chain and artifacts alone',
    load: async () => (await import('./audit.ts')).auditCommand(),
  },
];

/** The program, with the one noun that `args` names loaded and the others as lines of the help. */
export async function createProgram(args: readonly string[]): Promise<Command> {
  const wanted = nounOf(args);
  const program = new Command('syndic')
    .description('Federated learning for hospital consortia, with an audit trail that any member can verify.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', EXIT_CODES);
  for (const noun of nouns) {
    program.addCommand(noun.name === wanted ? await noun.load() : new Command(noun.name).description(noun.description));
  }
  prepare(program);
  return program;
}

const EXIT_CODES = `
Exit codes: 0 done, 1 a fault of ours, 2 wrong usage, 3 invalid input, 4 not allowed, 5 not found, 6 state does not
allow it, 7 a service does not answer (try again), 8 over a limit, 9 the other end is not to be trusted, 10 the run
failed. Data goes to stdout, everything else to stderr; --json makes both JSON.`;

/** The first word that is no option (`help NOUN` counts as NOUN): the nouns' own options come after it. */
function nounOf(args: readonly string[]): string | undefined {
  const words = args.filter((arg) => !arg.startsWith('-'));
  return words[0] === 'help' ? words[1] : words[0];
}

/** Errors are thrown, never printed by commander: one place words them and picks the exit code. */
function prepare(command: Command): void {
  command.exitOverride().configureOutput({ outputError: () => {} });
  for (const child of command.commands) prepare(child);
}
