import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDeployment } from '../cli/chain/chainFile.ts';
import { send } from '../cli/chain/send.ts';
import { blockAt } from '../coordinator/chain/node.ts';
import { aggregate } from '../core/aggregate/aggregate.ts';
import { readerOf } from '../core/aggregate/ChunkReader.ts';
import { strategies } from '../core/aggregate/strategies.ts';
import { encodeManifest, type ManifestEntry } from '../core/manifest/Manifest.ts';
import { encodeReport, type MetricSet } from '../core/manifest/Report.ts';
import { initialModel } from '../core/model/initialModel.ts';
import { checkPlanValue } from '../core/plan/checkPlan.ts';
import { sha256 } from '../core/sha256.ts';
import { encodeReceipt, encodeStatement } from '../core/statements/documents.ts';
import { type Entry, OUTCOME, REASON, STATUS } from '../core/statements/entries.ts';
import { digestOf, sign } from '../core/statements/sign.ts';
import { studyId } from '../core/statements/studyId.ts';
import { domain } from '../core/statements/types.ts';
import { asBytes } from '../core/tensors/floats.ts';
import { encodeHeader, headerLength, LENGTH_BYTES, parseHeader } from '../core/tensors/header.ts';
import { updateMetadata } from '../core/tensors/salt.ts';
import { type Digest, fileName, type StudyId } from '../core/values.ts';
import {
  addressOf,
  encode,
  randomDigest,
  recordRound,
  VERSION,
  type World,
  type WorldMember,
} from '../test/integration/chain/world.ts';
import { benchmarkPlan } from './plan.ts';

const SOME = { value: 16 };
const METRICS: MetricSet = {
  ...{ rows: { value: 64 }, positives: SOME, negatives: SOME },
  ...{ loss: { value: 0.5 }, accuracy: { value: 0.75 }, auroc: { value: 0.75 } },
};
const RUNTIME = { backend: 'none', threads: 1, library: 'none', platform: 'none' };

/** A closed study on chain, with every file of it in one folder. */
export interface FinishedStudy {
  readonly study: StudyId;
  readonly deployment: string;
  readonly artifacts: string;
}

/**
 * Makes one as a consortium leaves it, without training: updates are drawn, the rest is signed, aggregated and recorded as
 * by members and a coordinator.
 */
export async function finishedStudy(
  world: World,
  { dir, width, rounds, tell }: { dir: string; width: number; rounds: number; tell: (line: string) => void },
): Promise<FinishedStudy> {
  const { chainId, contracts, operator, coordinator, coordinatorKey, provider, members, rpc } = world;
  const artifacts = join(dir, 'artifacts');
  await mkdir(artifacts);
  const put = async (bytes: Uint8Array): Promise<Digest> => {
    const digest = sha256(bytes);
    await writeFile(join(artifacts, fileName(digest)), bytes);
    return digest;
  };
  const plan = checkPlanValue(benchmarkPlan({ width, rounds, sites: members.length }));
  await put(plan.bytes);
  let model = initialModel(plan.plan);
  const salt = randomDigest();
  const study = studyId(chainId, contracts.ledger, addressOf(operator), plan.hash, salt);
  const opening = [plan.hash, await put(model), addressOf(coordinator), members.length, salt];
  await send(provider, operator, { to: contracts.ledger, data: encode('openStudy', opening) });
  await world.grantAll(study, plan.hash);
  const say = (data: `0x${string}`) => send(provider, coordinatorKey, { to: contracts.ledger, data });
  await say(encode('startStudy', [study]));
  const signed = domain(chainId, contracts.ledger);
  const draw = updatesLike(model);

  async function answer({ slot, key }: WorldMember, round: number, baseModel: Digest) {
    const bytes = draw();
    const update = await put(bytes);
    const metrics = { before: METRICS, after: METRICS };
    const told = { salt: randomDigest(), study, round, slot, steps: 1, runtime: RUNTIME, metrics };
    const report = await put(encodeReport({ schema: 'syndic.report/1', ...told }));
    const samples = 100 + slot;
    const common = { study, round, slot, baseModel, update, samples };
    const message = { ...common, plan: plan.hash, dataset: VERSION, report };
    const statement = await put(
      encodeStatement({ message, signature: sign(key.privateKey, signed, 'Update', message) }),
    );
    const recordBy = Math.floor(Date.now() / 1000) + 86_400;
    const promise = { ...common, statement: digestOf('Update', signed, message), recordBy };
    const promised = sign(coordinatorKey.privateKey, signed, 'Receipt', promise);
    const receipt = await put(encodeReceipt({ message: promise, signature: promised }));
    const entry: Entry = { slot, status: STATUS.INCLUDED, reason: REASON.NONE, update, samples };
    const weight = strategies.fedavg.weightOf(entry, plan.plan);
    const line: ManifestEntry = {
      slot,
      status: entry.status,
      reason: entry.reason,
      weight,
      statement,
      receipt,
      report,
    };
    return { entry, line, weighed: { slot, weight, read: readerOf(bytes) } };
  }

  for (let round = 1; round <= rounds; round++) {
    const base = sha256(model);
    const answers = [];
    for (const member of members) answers.push(await answer(member, round, base));
    const pieces: Uint8Array[] = [];
    await aggregate({
      strategy: strategies.fedavg,
      base: readerOf(model),
      updates: answers.map(({ weighed }) => weighed),
      write: (piece) => void pieces.push(piece),
    });
    model = new Uint8Array(Buffer.concat(pieces));
    const global = await put(model);
    const manifest = await put(
      encodeManifest({
        ...{ schema: 'syndic.manifest/1', study, round, outcome: OUTCOME.COMPLETED, plan: plan.hash },
        ...{ baseModel: base, globalModel: global, strategy: { name: 'fedavg' } },
        ...{ opened: 100, deadline: 200, closed: 150, entries: answers.map(({ line }) => line) },
      }),
    );
    const entries = answers.map(({ entry }) => entry);
    await say(recordRound({ study, round, outcome: OUTCOME.COMPLETED, base, global, manifest, entries }));
    if (round % 20 === 0) tell(`made round ${round} of ${rounds}`);
  }
  await say(encode('closeStudy', [study, OUTCOME.COMPLETED]));
  const deployment = join(dir, 'deployment.json');
  const { consortium, dataUse, ledger } = contracts;
  await writeDeployment(deployment, { chainId, genesis: (await blockAt(rpc, 0)).hash, consortium, dataUse, ledger });
  return { study, deployment, artifacts };
}

/** Update files of one model: each has its own salt, and its values from another place of one drawn sequence. */
function updatesLike(model: Uint8Array): () => Uint8Array {
  const { specs, dataStart } = parseHeader(model.subarray(0, headerLength(model.subarray(0, LENGTH_BYTES))));
  const count = (model.length - dataStart) / 4;
  const drawn = Float32Array.from({ length: count + 65_536 }, () => Math.random() / 8 - 1 / 16);
  return () => {
    const header = encodeHeader(specs, updateMetadata(randomBytes(32)));
    const from = Math.floor(Math.random() * 65_536);
    return new Uint8Array(Buffer.concat([header, asBytes(drawn.subarray(from, from + count))]));
  };
}
