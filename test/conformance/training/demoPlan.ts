import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { aggregate } from '../../../core/aggregate/aggregate.ts';
import { readerOf } from '../../../core/aggregate/ChunkReader.ts';
import { fedavg } from '../../../core/aggregate/fedavg.ts';
import { initialModel } from '../../../core/model/initialModel.ts';
import { checkPlanValue } from '../../../core/plan/checkPlan.ts';
import type { Plan } from '../../../core/plan/Plan.ts';
import { sha256 } from '../../../core/sha256.ts';
import { encodeFile } from '../../../core/tensors/file.ts';
import { round, slot } from '../../../core/values.ts';
import { standInFiles } from '../../../examples/heart/standin.ts';
import { loadBackend, type Runtime } from '../../../worker/training/backends.ts';
import { PlannedModel } from '../../../worker/training/layersModel.ts';
import { trainLocally } from '../../../worker/training/localTraining.ts';
import { saltedUpdate } from '../../../worker/training/saltedUpdate.ts';
import { readSite, type Site } from '../../support/federatedLogistic.ts';
import { joined } from '../../support/joined.ts';

export interface Study {
  readonly runtime: Runtime;
  /** SHA-256 of the initial model's file, and of what the backend gives back of it before any step. */
  readonly initial: string;
  readonly echoed: string;
  /** By site: the last global model's accuracy on its test rows, and its loss. */
  readonly sites: readonly { readonly accuracy: number | null; readonly loss: number | null }[];
}

/** The demonstration's plan as its author wrote it. */
export function standInPlan(): { data: object; training: object } & Record<string, unknown> {
  const path = join(import.meta.dirname, '..', '..', '..', 'examples', 'heart', 'standin-plan.yaml');
  return parse(readFileSync(path, 'utf8'));
}

/** The demonstration's study on one backend: its plan, its four sites, its aggregation; without wire and chain. */
async function runStudy(backend: 'native' | 'wasm' | 'cpu', rounds: number): Promise<Study> {
  const { runtime } = await loadBackend(backend);
  const { plan } = checkPlanValue(standInPlan());
  const sites = [...standInFiles(plan.seed).values()].map((csv, i) => readSite(csv, plan, i + 1));
  const initial = initialModel(plan);
  const echoed = await echo(plan, initial);
  let model = initial;
  for (let r = 1; r <= rounds; r += 1) model = await nextModel(plan, r, model, sites);
  const last = await Promise.all(sites.map((site) => trainLocally(jobOf(plan, rounds + 1, model, site), () => {})));
  return {
    runtime,
    initial: sha256(initial),
    echoed: sha256(echoed),
    sites: last.map(({ metrics: { before } }) => ({ accuracy: before.accuracy.value, loss: before.loss.value })),
  };
}

async function echo(plan: Plan, file: Uint8Array): Promise<Uint8Array> {
  const model = await PlannedModel.build(plan.model);
  model.load(file);
  return encodeFile(model.tensors());
}

async function nextModel(plan: Plan, number: number, base: Uint8Array, sites: readonly Site[]): Promise<Uint8Array> {
  const updates = [];
  for (const site of sites) {
    const { local } = await trainLocally(jobOf(plan, number, base, site), () => {});
    updates.push({ slot: site.slot, weight: site.train.y.length, read: readerOf(joined(saltedUpdate(base, local))) });
  }
  const pieces: Uint8Array[] = [];
  const write = (piece: Uint8Array): void => void pieces.push(piece);
  await aggregate({ strategy: fedavg, base: readerOf(base), updates, write });
  return new Uint8Array(Buffer.concat(pieces));
}

function jobOf(plan: Plan, number: number, baseModel: Uint8Array, site: Site) {
  const rows = ({ x, y }: Site['train']) => ({ rows: y.length, x, y });
  const features = site.train.x.length / site.train.y.length;
  const data = { train: rows(site.train), test: rows(site.test), features };
  return { plan, slot: slot(site.slot), round: round(number), baseModel, data };
}

// As a program: `node demoPlan.ts BACKEND ROUNDS` prints the study as JSON. Under Jest, what tfjs-node gives back is
// of another realm.
if (process.argv[1] === import.meta.filename) {
  const backend = (['native', 'wasm', 'cpu'] as const).find((known) => known === process.argv[2]) ?? 'cpu';
  console.log(JSON.stringify(await runStudy(backend, Number(process.argv[3]))));
}
