import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { aggregate, type WeighedUpdate } from '../../core/aggregate/aggregate.ts';
import { readerOf } from '../../core/aggregate/ChunkReader.ts';
import { fedavg } from '../../core/aggregate/fedavg.ts';
import { encodeManifest, type ManifestEntry } from '../../core/manifest/Manifest.ts';
import { encodeReport, type MetricSet } from '../../core/manifest/Report.ts';
import { initialModel } from '../../core/model/initialModel.ts';
import { tensorSpecs } from '../../core/model/tensorSpecs.ts';
import type { CheckedPlan } from '../../core/plan/Plan.ts';
import { RandomStream } from '../../core/random/RandomStream.ts';
import { sha256 } from '../../core/sha256.ts';
import { encodeReceipt, encodeStatement } from '../../core/statements/documents.ts';
import { OUTCOME, type Outcome, REASON, STATUS } from '../../core/statements/entries.ts';
import { encodeFile } from '../../core/tensors/file.ts';
import { updateMetadata } from '../../core/tensors/salt.ts';
import { elementCount } from '../../core/tensors/TensorSpec.ts';
import { type Digest, digest, fileName, type Signature, type StudyId, ZERO_DIGEST } from '../../core/values.ts';

/** What the demo's `--json` says of a round, as far as its files can be held to it. */
export interface ToldRound {
  round: number;
  outcome: Outcome;
  base: Digest;
  global: Digest;
  manifest: Digest;
  entries: { slot: number; status: number; update: Digest; samples: number }[];
}

export interface ToldStudy {
  study: StudyId;
  plan: Digest;
  models: string;
  rounds: ToldRound[];
}

const SIGNATURE = `0x${'11'.repeat(65)}` as Signature;
const NONE: MetricSet['rows'] = { value: null, reason: 'minCell' };
const METRICS: MetricSet = { rows: NONE, positives: NONE, negatives: NONE, loss: NONE, accuracy: NONE, auroc: NONE };
const SAMPLES = [199, 172, 30];

/**
 * Makes the files of a study whose updates are drawn instead of trained: rounds with these outcomes, three members of
 * whom the third answers in the first round only. Nothing is signed in earnest.
 */
export async function finishStudy(
  folder: string,
  checked: CheckedPlan,
  outcomes: readonly Outcome[],
): Promise<ToldStudy> {
  const models = join(folder, 'models');
  await mkdir(models, { recursive: true });
  const put = async (bytes: Uint8Array): Promise<Digest> => {
    const of = sha256(bytes);
    await writeFile(join(models, fileName(of)), bytes);
    return of;
  };
  const told: ToldStudy = { study: digest(`0x${'5a'.repeat(32)}`), plan: await put(checked.bytes), models, rounds: [] };
  let base = initialModel(checked.plan);
  await put(base);
  for (const [i, outcome] of outcomes.entries()) {
    const made = await finishRound(told, checked, i + 1, outcome, base, put);
    told.rounds.push(made.round);
    base = made.global;
  }
  return told;
}

async function finishRound(
  told: ToldStudy,
  { plan }: CheckedPlan,
  round: number,
  outcome: Outcome,
  base: Uint8Array,
  put: (bytes: Uint8Array) => Promise<Digest>,
): Promise<{ round: ToldRound; global: Uint8Array }> {
  const common = { study: told.study, round, baseModel: sha256(base) };
  const entries: ToldRound['entries'] = [];
  const lines: ManifestEntry[] = [];
  const updates: WeighedUpdate[] = [];
  for (const [i, samples] of SAMPLES.entries()) {
    const slot = i + 1;
    if (round > 1 && slot === SAMPLES.length) {
      entries.push({ slot, status: STATUS.ABSENT, update: ZERO_DIGEST, samples: 0 });
      lines.push({ slot, status: STATUS.ABSENT, reason: REASON.NO_ANSWER });
      continue;
    }
    const bytes = drawnUpdate(plan, slot, round);
    const update = await put(bytes);
    const report = await put(reportOf(told.study, round, slot));
    const message = { ...common, slot, plan: told.plan, update, samples, dataset: ZERO_DIGEST, report };
    const statement = await put(encodeStatement({ message, signature: SIGNATURE }));
    const promise = { ...common, statement: ZERO_DIGEST, slot, update, samples, recordBy: 1_795_000_000 };
    const receipt = await put(encodeReceipt({ message: promise, signature: SIGNATURE }));
    const included = outcome === OUTCOME.COMPLETED;
    const status = included ? STATUS.INCLUDED : STATUS.EXCLUDED;
    entries.push({ slot, status, update, samples });
    const reason = included ? REASON.NONE : REASON.ROUND_FAILED;
    lines.push({ slot, status, reason, ...(included ? { weight: samples } : {}), statement, receipt, report });
    if (included) updates.push({ slot, weight: samples, read: readerOf(bytes) });
  }
  const global = updates.length > 0 ? await averageOf(base, updates) : base;
  const manifest = await put(
    encodeManifest({
      schema: 'syndic.manifest/1',
      ...common,
      outcome,
      plan: told.plan,
      globalModel: await put(global),
      strategy: { name: 'fedavg' },
      opened: 1_794_900_000,
      deadline: 1_794_900_600,
      closed: 1_794_900_100,
      entries: lines,
    }),
  );
  return { round: { round, outcome, base: common.baseModel, global: sha256(global), manifest, entries }, global };
}

/** An update of a plan's model, drawn. */
export function drawnUpdate(plan: CheckedPlan['plan'], slot: number, round: number): Uint8Array {
  const stream = RandomStream.of(plan.seed, 'test/update', slot, round);
  const tensors = tensorSpecs(plan.model).map(({ name, shape }) => ({
    name,
    shape,
    data: Float32Array.from({ length: elementCount(shape) }, () => stream.uniform() / 8 - 1 / 16),
  }));
  return encodeFile(tensors, updateMetadata(stream.bytes(32)));
}

function reportOf(study: StudyId, round: number, slot: number): Uint8Array {
  const runtime = { backend: 'cpu', threads: 1, library: 'none', platform: 'test' };
  const metrics = { before: METRICS, after: METRICS };
  return encodeReport({ schema: 'syndic.report/1', salt: ZERO_DIGEST, study, round, slot, steps: 1, runtime, metrics });
}

async function averageOf(base: Uint8Array, updates: readonly WeighedUpdate[]): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const write = (chunk: Uint8Array): void => {
    chunks.push(chunk);
  };
  await aggregate({ strategy: fedavg, base: readerOf(base), updates, write });
  return new Uint8Array(Buffer.concat(chunks));
}
