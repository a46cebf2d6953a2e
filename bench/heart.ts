/**
 * `npm run bench:heart -- --data DIR [--json FILE]`: FLamby's Fed-Heart-Disease (Ogier du Terrail et al., NeurIPS 2022
 * Datasets and Benchmarks, table of federated strategies; its split and recipe, our processes and chain), seeds 0 to 9,
 * every one printed: accuracy of the final model on each site's test rows, and weighted by their numbers.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CoordinatorClient } from '../cli/http/CoordinatorClient.ts';
import { drawTable, printLine, printNote } from '../cli/output.ts';
import type { MetricSet } from '../core/manifest/Report.ts';
import { parsePlanText } from '../core/plan/parsePlanText.ts';
import { Consortium } from '../embedded/Consortium.ts';
import { callSyndic } from '../embedded/callSyndic.ts';
import { prepare } from '../embedded/demo/prepare.ts';
import { storedAt } from '../embedded/demo/result.ts';
import { grantAll, openStudy, untilClosed } from '../embedded/study.ts';

const SEEDS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
/** FLamby's FedAvg: sites 0 to 3, weighted. */
const FLAMBY = [0.731, 0.719, 0.65, 0.64, 0.706];

interface Line {
  readonly seed: number;
  /** By site, in the order of their slots. */
  readonly sites: readonly number[];
  readonly weighted: number;
}

const { values } = parseArgs({ options: { data: { type: 'string' }, json: { type: 'string' } } });
if (values.data === undefined) {
  printNote('usage: npm run bench:heart -- --data DIR [--json FILE]; DIR holds the UCI files and the FLamby table');
  process.exit(2);
}
const dir = await mkdtemp(join(tmpdir(), 'syndic-bench-heart-'));
const lines: Line[] = [];
const { sites, planFile } = await prepare({ data: resolve(values.data), workdir: dir });
const consortium = await Consortium.prepare({ dir, sites, plan: planFile, tell: printNote });
try {
  await consortium.startCoordinator();
  await consortium.startWorkers();
  for (const seed of SEEDS) {
    lines.push(await Promise.race([measure(seed), consortium.untilOneEnds()]));
    printNote(`seed ${seed}: weighted ${lines.at(-1)?.weighted.toFixed(3)}`);
  }
} finally {
  await consortium.stop();
  await rm(dir, { recursive: true, force: true });
}
await print();

async function measure(seed: number): Promise<Line> {
  const plan = join(dir, `plan-${seed}.json`);
  const text = parsePlanText(await readFile(planFile, 'utf8'), 'json') as object;
  await writeFile(plan, JSON.stringify({ ...text, seed }));
  const client = await CoordinatorClient.logIn({ profile: consortium.profile });
  const study = await openStudy(consortium, client, plan);
  await grantAll(consortium, study, plan);
  const { detail } = await untilClosed(client, study);
  if (detail.completed !== detail.rounds)
    throw new Error(`seed ${seed}: ${detail.completed} of ${detail.rounds} rounds were completed`);
  // What a hospital's own people may see on their own screen: nothing withheld.
  const own = join(dir, `plan-${seed}-own.json`);
  await writeFile(own, JSON.stringify({ ...text, seed, minCell: 1 }));
  const figures: { accuracy: number; rows: number }[] = [];
  for (const { dir: at, site } of consortium.members) {
    const model = ['--plan', own, '--model', storedAt(consortium.modelsDir, detail.model)];
    const rows = ['--data', site.data, ...(site.split === undefined ? [] : ['--split', site.split])];
    const told = await callSyndic<MetricSet>('worker', 'evaluate', '--dir', join(at, 'worker'), ...model, ...rows);
    if (told.accuracy.value === null || told.rows.value === null)
      throw new Error(`${site.name} withholds its accuracy`);
    figures.push({ accuracy: told.accuracy.value, rows: told.rows.value });
  }
  const all = figures.reduce((sum, { rows }) => sum + rows, 0);
  return {
    seed,
    sites: figures.map(({ accuracy }) => accuracy),
    weighted: figures.reduce((sum, { accuracy, rows }) => sum + accuracy * rows, 0) / all,
  };
}

async function print(): Promise<void> {
  const three = (value: number) => value.toFixed(3);
  const cells = ({ sites, weighted }: Omit<Line, 'seed'>) => [...sites, weighted].map(three);
  const mean = (of: (line: Line) => number) => lines.reduce((sum, line) => sum + of(line), 0) / lines.length;
  const average = {
    sites: sites.map((_, i) => mean((line) => line.sites[i] ?? 0)),
    weighted: mean((line) => line.weighted),
  };
  const rows = [
    ...lines.map((line) => [`seed ${line.seed}`, ...cells(line)]),
    ['mean of 10 seeds', ...cells(average)],
    ['FLamby, FedAvg', ...FLAMBY.map(three)],
  ];
  printLine(drawTable(['', 'Cleveland', 'Hungary', 'Switzerland', 'VA', 'weighted'], rows));
  const json = JSON.stringify({ date: new Date().toISOString(), lines, mean: average, flamby: FLAMBY }, null, 2);
  if (values.json !== undefined) await writeFile(values.json, `${json}\n`);
}
