import { join } from 'node:path';
import { type ChainLine, connectChain } from '../../cli/chain/connectChain.ts';
import type { CheckedHistory } from '../../cli/chain/history.ts';
import { CoordinatorClient } from '../../cli/http/CoordinatorClient.ts';
import { getReceipt } from '../../coordinator/chain/node.ts';
import type { StudyDetail } from '../../coordinator/studies/port.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { MetricSet } from '../../core/manifest/Report.ts';
import type { Digest } from '../../core/values.ts';
import { keepFile } from '../../worker/keepFile.ts';
import { type Attested, attestedOf } from '../attested.ts';
import { Consortium } from '../Consortium.ts';
import { runSyndic } from '../runSyndic.ts';
import { grantAll, historyOf, openStudy, untilClosed } from '../study.ts';
import type { DemoOptions } from './options.ts';
import { createProgress, type Progress } from './Progress.ts';
import { type Prepared, prepare } from './prepare.ts';
import { furtherLines, resultLines } from './print.ts';
import { requireEqual } from './readBack.ts';
import { type DemoResult, type DemoRound, reportedMetrics, storedAt } from './result.ts';

/**
 * Four hospitals train one model: a consortium in a box, one study, its history read back from the chain.
 *
 * @param signal aborts when the person at the terminal has had enough; what was started is stopped first
 * @throws SyndicError RUN_FAILED unless every round was anchored and read back equal
 */
export async function runDemo(options: DemoOptions, signal: AbortSignal): Promise<DemoResult> {
  const prepared = await prepare(options);
  const names = new Map(prepared.sites.map(({ name }, i) => [i + 1, name]));
  const progress = createProgress(names, process.stdout);
  for (const remark of prepared.remarks) progress.step(remark);
  const { sites, planFile } = prepared;
  const consortium = await Consortium.prepare({
    ...{ dir: options.workdir, sites, plan: planFile },
    tell: (line) => progress.step(line),
  });
  const state = { complete: false };
  try {
    return await Promise.race([
      run(options, prepared, consortium, progress, signal, state),
      interrupted(signal, state),
    ]);
  } finally {
    await consortium.stop();
  }
}

async function run(
  options: DemoOptions,
  prepared: Prepared,
  consortium: Consortium,
  progress: Progress,
  signal: AbortSignal,
  state: { complete: boolean },
): Promise<DemoResult> {
  progress.step('starting one coordinator and four workers, each a process of its own');
  await consortium.startCoordinator();
  await consortium.startWorkers();
  const client = await CoordinatorClient.logIn({ profile: consortium.profile });
  progress.step(`opening a study of the plan "${prepared.plan.plan.name}", ${prepared.plan.hash}`);
  const study = await openStudy(consortium, client, prepared.planFile);
  progress.step('each hospital grants the use of its dataset under that plan');
  await grantAll(consortium, study, prepared.planFile);
  const closing = untilClosed(client, study, (detail) => progress.show(detail));
  const { detail, seconds } = await Promise.race([closing, consortium.untilOneEnds()]);
  progress.done();
  progress.step('reading the history back from the chain; each hospital evaluates the final model');
  const history = await historyOf(consortium, study);
  const updatesKept = prepared.plan.plan.retainDays > 0;
  await requireEqual(detail, history, { models: consortium.modelsDir, updatesKept });
  const result = await resultOf(options, prepared, consortium, { detail, seconds, history });
  const json = options.json ?? join(options.workdir, 'demo.json');
  await keepFile(json, `${JSON.stringify(result, null, 2)}\n`, 0o644);
  for (const line of resultLines(result, history)) progress.step(line);
  state.complete = true;
  for (const line of furtherLines(result, { json, data: options.data, running: options.keep })) progress.step(line);
  if (options.keep) {
    progress.step('\nRunning until interrupted (Ctrl-C).');
    await Promise.race([aborted(signal), consortium.untilOneEnds()]);
  }
  return result;
}

interface Told {
  readonly detail: StudyDetail;
  readonly seconds: ReadonlyMap<number, number>;
  readonly history: CheckedHistory;
}

async function resultOf(
  options: DemoOptions,
  { plan, planFile, synthetic }: Prepared,
  consortium: Consortium,
  { detail, seconds, history }: Told,
): Promise<DemoResult> {
  const { rpcUrl, deployment, modelsDir } = consortium;
  const [sites, attested] = await Promise.all([
    evaluated(consortium, planFile, [history.initialModel, detail.model]),
    attestedOf(consortium, history.study, history.rounds),
  ]);
  const bundle = await bundleOf(options, consortium, history);
  const { chainId, ledger, consortium: members, dataUse } = deployment;
  return {
    study: history.study,
    plan: plan.hash,
    synthetic,
    workdir: options.workdir,
    models: modelsDir,
    chain: { rpcUrl, chainId, ledger, consortium: members, dataUse },
    rounds: await roundsOf(consortium, history, seconds, attested),
    totals: history.totals,
    sites,
    finalModel: { sha256: detail.model, path: storedAt(modelsDir, detail.model) },
    bundle,
  };
}

/** Written once members attested: it proves that too. */
async function bundleOf(
  { workdir }: DemoOptions,
  { rpcUrl, modelsDir }: Consortium,
  { study }: CheckedHistory,
): Promise<DemoResult['bundle']> {
  const path = join(workdir, 'study.json');
  const chain = ['--rpc', rpcUrl, '--deployment', join(workdir, 'deployment.json'), '--consensus', 'ethereum'];
  const { hash } = await runSyndic<{ hash: Digest }>([
    ...['audit', 'export', study, ...chain, '--artifacts', modelsDir, '--out', path],
  ]);
  return { path, block: hash };
}

async function roundsOf(
  { rpcUrl, modelsDir }: Consortium,
  history: CheckedHistory,
  seconds: ReadonlyMap<number, number>,
  attested: Attested,
): Promise<DemoRound[]> {
  const chain = await connectChain(rpcUrl);
  try {
    return await Promise.all(
      history.rounds.map(async ({ round, outcome, baseModel, globalModel, manifest, transaction, block, entries }) => ({
        ...{ round, outcome, base: baseModel, global: globalModel, manifest, transaction, block },
        gas: await gasOf(chain, transaction),
        seconds: Number((seconds.get(round) ?? 0).toFixed(3)),
        entries: entries.map(({ slot, status, update, samples }) => ({ slot, status, update, samples })),
        attested: attested.rounds.get(round) ?? 0,
        metrics: await reportedMetrics(manifest, modelsDir),
      })),
    );
  } finally {
    chain.close();
  }
}

async function gasOf({ rpc }: ChainLine, transaction: Digest): Promise<number> {
  const receipt = await getReceipt(rpc, transaction);
  if (receipt !== null) return receipt.gasUsed;
  throw new SyndicError('RUN_FAILED', `the chain has no receipt of transaction ${transaction}`, { transaction });
}

/** Each hospital evaluates two models on its own test rows, as its people would. */
async function evaluated(
  { members, modelsDir }: Consortium,
  planFile: string,
  models: readonly [before: StudyDetail['model'], after: StudyDetail['model']],
): Promise<DemoResult['sites']> {
  const sites: DemoResult['sites'][number][] = [];
  for (const { site, slot, dir } of members) {
    const common = ['worker', 'evaluate', '--dir', join(dir, 'worker'), '--plan', planFile, '--data', site.data];
    const split = site.split === undefined ? [] : ['--split', site.split];
    const [before, after] = await Promise.all(
      models.map((model) => runSyndic<MetricSet>([...common, ...split, '--model', storedAt(modelsDir, model)])),
    );
    if (before !== undefined && after !== undefined) sites.push({ slot, name: site.name, before, after });
  }
  return sites;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Rejects on an interrupt, unless the run is complete by then: that is how `--keep` ends. */
async function interrupted(signal: AbortSignal, state: { readonly complete: boolean }): Promise<never> {
  await aborted(signal);
  if (state.complete) return await new Promise<never>(() => undefined);
  throw new SyndicError('RUN_FAILED', 'interrupted before the study was complete');
}
