import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { checkPlan } from '../../core/plan/checkPlan.ts';
import type { CheckedPlan } from '../../core/plan/Plan.ts';
import { parsePlanText } from '../../core/plan/parsePlanText.ts';
import { writeFlambySplit } from '../../examples/heart/flamby-split.ts';
import { generateStandIn } from '../../examples/heart/standin.ts';
import { keepFile } from '../../worker/keepFile.ts';
import { HEART_SITES, heartFile, type Site } from '../sites.ts';
import type { DemoOptions } from './options.ts';

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples', 'heart');
/** Published beside the UCI files: the rows that the FLamby benchmark uses, with its split. */
const FLAMBY_TABLE = 'flamby_preprocessed_unnormalised.csv';

export type PrepareOptions = Pick<DemoOptions, 'data' | 'plan' | 'rounds' | 'seed' | 'workdir'>;

export interface Prepared {
  readonly sites: readonly Site[];
  readonly plan: CheckedPlan;
  readonly planFile: string;
  /** The rows describe nobody. */
  readonly synthetic: boolean;
}

/** Puts the plan and the sites' data where the demonstration finds them. @throws SyndicError NOT_FOUND, PLAN_INVALID */
export async function prepare(options: PrepareOptions): Promise<Prepared> {
  await mkdir(options.workdir, { recursive: true });
  const synthetic = options.data === undefined;
  const planFile = join(options.workdir, 'plan.json');
  const plan = await writePlan(options, planFile);
  const dir = options.data ?? (await standIn(options.workdir, plan.plan.seed));
  const missing = HEART_SITES.map((name) => heartFile(dir, name)).filter((path) => !existsSync(path));
  if (missing.length > 0) {
    const names = missing.join(', ');
    throw new SyndicError('NOT_FOUND', `no such file: ${names}; --data wants the folder of the UCI files`, { missing });
  }
  const splits = plan.plan.split.kind === 'file' ? await splitFiles(dir, options.workdir) : null;
  const sites = HEART_SITES.map((name) => {
    const split = splits === null ? {} : { split: join(splits, `${name}.json`) };
    return { name, data: resolve(heartFile(dir, name)), ...split };
  });
  return { sites, plan, planFile, synthetic };
}

/** The plan as given, with the rounds and the seed that the command line asks for. */
async function writePlan(options: PrepareOptions, to: string): Promise<CheckedPlan> {
  const standard = options.data === undefined ? 'standin-plan.yaml' : 'plan.yaml';
  const from = options.plan ?? join(EXAMPLES, standard);
  const given = parsePlanText(await readFile(from, 'utf8'), from.endsWith('.json') ? 'json' : 'yaml');
  const changed = {
    ...(given as object),
    ...(options.rounds === undefined ? {} : { rounds: options.rounds }),
    ...(options.seed === undefined ? {} : { seed: options.seed }),
  };
  const text = `${JSON.stringify(changed, null, 2)}\n`;
  const checked = checkPlan(text, 'json');
  await keepFile(to, text, 0o644);
  return checked;
}

async function standIn(workdir: string, seed: number): Promise<string> {
  const dir = join(workdir, 'synthetic-data');
  await mkdir(dir, { recursive: true });
  await generateStandIn(seed, dir);
  return dir;
}

async function splitFiles(dataDir: string, workdir: string): Promise<string> {
  const table = join(dataDir, FLAMBY_TABLE);
  if (!existsSync(table)) {
    throw new SyndicError(
      'NOT_FOUND',
      `the plan's split is a file of the site's own, and ${table} to make it from is not there: put it there, or take a plan whose split is a fraction`,
    );
  }
  const dir = join(workdir, 'splits');
  await mkdir(dir, { recursive: true });
  await writeFlambySplit(table, dir);
  return dir;
}
