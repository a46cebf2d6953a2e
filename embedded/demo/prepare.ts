import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
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
/** The rows that the FLamby benchmark uses, with its split: not one of the UCI files, and not needed beside them. */
const FLAMBY_TABLE = /^flamby_preprocessed.*\.csv$/;
/** Where that table is not there: about as many rows for testing as FLamby's split sets aside. */
const FRACTION = { kind: 'fraction', test: 0.34 } as const;

export type PrepareOptions = Pick<DemoOptions, 'data' | 'plan' | 'rounds' | 'seed' | 'workdir'>;

export interface Prepared {
  readonly sites: readonly Site[];
  readonly plan: CheckedPlan;
  readonly planFile: string;
  /** The rows describe nobody. */
  readonly synthetic: boolean;
  /** What is to be told of the data beforehand. */
  readonly remarks: readonly string[];
}

/** Puts the plan and the sites' data where the demonstration finds them. @throws SyndicError NOT_FOUND, PLAN_INVALID */
export async function prepare(options: PrepareOptions): Promise<Prepared> {
  await mkdir(options.workdir, { recursive: true });
  const planFile = join(options.workdir, 'plan.json');
  const given = await readPlan(options);
  if (options.data === undefined) {
    const plan = await writePlan(given, planFile);
    const remarks = ['synthetic rows, generated from published summaries: they describe nobody'];
    return { sites: sitesIn(await standIn(options.workdir, plan.plan.seed)), plan, planFile, synthetic: true, remarks };
  }
  const found = sitesIn(options.data);
  const table = await flambyTable(options.data);
  if (!wantsSplitFiles(given)) {
    return { sites: found, plan: await writePlan(given, planFile), planFile, synthetic: false, remarks: [] };
  }
  if (table === null) {
    const plan = await writePlan({ ...given, split: FRACTION }, planFile);
    const remark = `FLamby's split is not in ${options.data}: ${FRACTION.test * 100} % of each hospital's rows, drawn by the plan's seed, are for testing`;
    return { sites: found, plan, planFile, synthetic: false, remarks: [remark] };
  }
  const plan = await writePlan(given, planFile);
  const splits = join(options.workdir, 'splits');
  await mkdir(splits, { recursive: true });
  await writeFlambySplit(table, splits);
  const sites = found.map((site) => ({ ...site, split: join(splits, `${site.name}.json`) }));
  return { sites, plan, planFile, synthetic: false, remarks: ["the split into training and test rows is FLamby's"] };
}

/** The plan as given, with the rounds and the seed that the command line asks for. */
async function readPlan(options: PrepareOptions): Promise<object> {
  const standard = options.data === undefined ? 'standin-plan.yaml' : 'plan.yaml';
  const from = options.plan ?? join(EXAMPLES, standard);
  const given = parsePlanText(await readFile(from, 'utf8'), from.endsWith('.json') ? 'json' : 'yaml');
  return {
    ...(given as object),
    ...(options.rounds === undefined ? {} : { rounds: options.rounds }),
    ...(options.seed === undefined ? {} : { seed: options.seed }),
  };
}

async function writePlan(plan: object, to: string): Promise<CheckedPlan> {
  const text = `${JSON.stringify(plan, null, 2)}\n`;
  const checked = checkPlan(text, 'json');
  await keepFile(to, text, 0o644);
  return checked;
}

/** Whether each site's split is a file of its own. Anything that is no plan is refused when it is checked. */
function wantsSplitFiles(plan: object): boolean {
  const split = 'split' in plan ? plan.split : null;
  return typeof split === 'object' && split !== null && 'kind' in split && split.kind === 'file';
}

function sitesIn(dir: string): Site[] {
  const missing = HEART_SITES.map((name) => heartFile(dir, name)).filter((path) => !existsSync(path));
  if (missing.length > 0) {
    const names = missing.join(', ');
    throw new SyndicError('NOT_FOUND', `no such file: ${names}; --data wants the folder of the UCI files`, { missing });
  }
  return HEART_SITES.map((name) => ({ name, data: resolve(heartFile(dir, name)) }));
}

async function flambyTable(dir: string): Promise<string | null> {
  const name = (await readdir(dir)).sort().find((one) => FLAMBY_TABLE.test(one));
  return name === undefined ? null : join(dir, name);
}

async function standIn(workdir: string, seed: number): Promise<string> {
  const dir = join(workdir, 'synthetic-data');
  await mkdir(dir, { recursive: true });
  await generateStandIn(seed, dir);
  return dir;
}
