import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeFile } from '../../core/tensors/file.ts';
import type { Digest } from '../../core/values.ts';
import { storedAt } from '../../embedded/demo/result.ts';
import { type StudyRun, TestConsortium } from '../support/consortium.ts';
import { needs } from '../support/needs.ts';
import { until } from '../support/until.ts';

const RECOMPUTE = join(import.meta.dirname, '..', '..', 'examples', 'recompute', 'recompute.py');
const ROUNDS = 3;
const SLOTS = [1, 2, 3, 4];
/** Long enough that files are many blocks, and travel in many chunks, of the smallest size: 184 kB. */
const CHANGES = { rounds: ROUNDS, quorum: 4, model: { kind: 'mlp', hidden: [1024, 32], activation: 'relu' } };
const TRAINING = { loss: 'binaryCrossentropy', optimizer: { name: 'sgd', learningRate: 0.01 }, shortBatch: 'keep' };

interface Variant {
  readonly threads: number;
  readonly blockBytes: number;
  readonly chunkBytes: number;
  /** Whose update comes last in the first round. */
  readonly last: number;
}

/** What a run must not depend on, once so and once otherwise. */
const VARIANTS: readonly Variant[] = [
  { threads: 1, blockBytes: 1024 * 1024, chunkBytes: 512 * 1024, last: 1 },
  { threads: 4, blockBytes: 4096, chunkBytes: 4096, last: 4 },
];

function python(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync('python3', args, { encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

const has = (module: string) => python('-c', `import ${module}`).status === 0;

describe('two runs with one seed', () => {
  let box: TestConsortium;
  const runs: StudyRun[] = [];
  /** By run: slots in the order in which their updates of the first round were accepted. */
  const arrivals: number[][] = [];

  beforeAll(async () => {
    box = await TestConsortium.start({}, { workers: false });
    const plan = await box.writePlan({ ...CHANGES, training: { ...TRAINING, batchSize: 4, localSteps: 10 } });
    for (const variant of VARIANTS) {
      await box.stopCoordinator();
      await box.startCoordinator(environmentOf(variant));
      runs.push(await runWithLast(plan, variant.last));
      await box.stopWorkers();
    }
  });

  afterAll(async () => await box?.close());

  function environmentOf({ threads, blockBytes, chunkBytes }: Variant): Record<string, string> {
    const sizes = { BLOCK_BYTES: String(blockBytes), CHUNK_BYTES: String(chunkBytes) };
    return { AGGREGATION_THREADS: String(threads), ...sizes };
  }

  /** The worker of `last` is started when the others' updates of the first round are in. */
  async function runWithLast(plan: string, last: number): Promise<StudyRun> {
    const others = SLOTS.filter((slot) => slot !== last);
    await Promise.all(others.map((slot) => box.startWorker(slot)));
    const study = await box.openStudy(plan);
    const client = await box.client();
    const accepted = async () =>
      (await client.events(study, 0, 0)).filter(({ type, round }) => type === 'update.accepted' && round === 1);
    await until(async () => (await accepted()).length === others.length);
    await box.startWorker(last);
    const run = await box.follow(study);
    arrivals.push((await accepted()).map(({ slot }) => slot ?? 0));
    return run;
  }

  const stored = (digest: Digest) => readFileSync(storedAt(box.consortium.modelsDir, digest));
  const globals = ({ history }: StudyRun) => history.rounds.map(({ globalModel }) => globalModel);
  const updates = ({ history }: StudyRun) => history.rounds.map(({ entries }) => entries.map(({ update }) => update));

  test('differ in the order of arrival', () => {
    expect(arrivals.map((slots) => slots.at(-1))).toEqual(VARIANTS.map(({ last }) => last));
    expect(arrivals.map((slots) => slots.toSorted())).toEqual([SLOTS, SLOTS]);
  });

  test('make the same global model in every round, whatever threads, blocks, chunks and order of arrival', () => {
    const [first, second] = runs.map(globals);
    expect(first).toHaveLength(ROUNDS);
    expect(new Set(first).size).toBe(ROUNDS);
    expect(second).toEqual(first);
    expect(runs[0]?.study).not.toBe(runs[1]?.study);
  });

  test('send updates with the same values under digests that nobody could guess', () => {
    const [first = [], second = []] = runs.map((run) => updates(run).flat());
    expect(new Set([...first, ...second]).size).toBe(2 * ROUNDS * SLOTS.length);
    first.forEach((digest, i) => {
      const [one, other] = [digest, second[i] as Digest].map((of) => decodeFile(stored(of)));
      expect(one?.metadata.salt).toMatch(/^0x[0-9a-f]{64}$/);
      expect(one?.metadata.salt).not.toBe(other?.metadata.salt);
      expect(one?.tensors).toEqual(other?.tensors);
    });
  });

  test('send files that are many blocks and many chunks long', () => {
    const lengths = updates(runs[1] as StudyRun)
      .flat()
      .map((digest) => stored(digest).byteLength);
    expect(Math.min(...lengths)).toBeGreaterThan(40 * 4096);
  });

  needs('numpy for python3', has('numpy'))('recomputed in Python', () => {
    test.each([0, 1])('are equal in every byte (run %d)', async (index) => {
      const json = join(box.dir, `told-${index}.json`);
      await writeFile(json, JSON.stringify(told(runs[index] as StudyRun)));
      const { status, output } = python(RECOMPUTE, json);
      expect({ status, output }).toEqual({ status: 0, output: expect.stringContaining('equal') });
    });

    function told({ study, detail, history }: StudyRun): object {
      const rounds = history.rounds.map(({ round, outcome, baseModel, globalModel, manifest, entries }) => {
        return { round, outcome, base: baseModel, global: globalModel, manifest, entries };
      });
      return { study, plan: detail.plan, models: box.consortium.modelsDir, rounds };
    }
  });

  needs('safetensors for python3', has('safetensors.numpy'))('read by the safetensors library', () => {
    test('have global models with the plan’s tensors, their values and no metadata', () => {
      const global = globals(runs[0] as StudyRun).at(-1) as Digest;
      const read = python('-c', READ, storedAt(box.consortium.modelsDir, global));
      expect(read.status === 0 ? '' : read.output).toBe('');
      const { metadata, tensors } = JSON.parse(read.output);
      expect(metadata).toBeNull();
      const ours = [...decodeFile(stored(global)).tensors].map(([name, { shape, data }]) => {
        return [
          name,
          { dtype: 'float32', shape, hex: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex') },
        ];
      });
      expect(Object.keys(tensors)).toContain('hidden1/kernel');
      expect(tensors).toEqual(Object.fromEntries(ours));
    });
  });
});

const READ = `
import json, sys
from safetensors import safe_open
with safe_open(sys.argv[1], framework="numpy") as file:
    tensors = {name: file.get_tensor(name) for name in file.keys()}
    told = {name: {"dtype": str(of.dtype), "shape": list(of.shape), "hex": of.tobytes().hex()} for name, of in tensors.items()}
    print(json.dumps({"metadata": file.metadata(), "tensors": told}))
`;
