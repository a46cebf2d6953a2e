import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { canonicalBytes } from '../../../core/canonicalJson.ts';
import { checkPlanValue } from '../../../core/plan/checkPlan.ts';
import type { CheckedPlan, Plan } from '../../../core/plan/Plan.ts';
import { sha256 } from '../../../core/sha256.ts';
import { OUTCOME } from '../../../core/statements/entries.ts';
import { type Digest, fileName } from '../../../core/values.ts';
import { finishStudy, type ToldStudy } from '../../support/finishedStudy.ts';
import { needs } from '../../support/needs.ts';
import { temporaryFolders } from '../../support/temporaryFolder.ts';
import { readVectors } from '../../support/vectors.ts';

const script = new URL('../../../examples/recompute/recompute.py', import.meta.url).pathname;
const numpy = spawnSync('python3', ['-c', 'import numpy']).status === 0;
const newFolder = temporaryFolders();
const { COMPLETED, FAILED } = OUTCOME;

/** A network of several layers whose initialisers the vectors pin. */
function planNamed(name: string, change: (plan: Plan) => unknown = (plan) => plan): CheckedPlan {
  const found = readVectors<{ cases: { name: string; value: Plan }[] }>('plan').cases.find(
    (plan) => plan.name === name,
  );
  if (found === undefined) throw new Error(`no plan ${name} among the vectors`);
  return checkPlanValue(change(found.value));
}

async function run(folder: string, told: ToldStudy): Promise<{ code: number | null; output: string }> {
  const json = join(folder, 'demo.json');
  await writeFile(json, JSON.stringify(told));
  const { status, stdout, stderr } = spawnSync('python3', [script, json], { encoding: 'utf8' });
  return { code: status, output: stdout + stderr };
}

test('the recompute script imports nothing of anybody else but numpy', () => {
  const imports = readFileSync(script, 'utf8').match(/^[ \t]*(import|from) .*$/gm) ?? [];
  const wanted = ['import argparse', 'import hashlib', 'import json', 'import numpy as np', 'import os'];
  expect(imports.toSorted()).toEqual([...wanted, 'import struct', 'import sys']);
});

needs('numpy for python3', numpy)('recomputing a finished study', () => {
  let folder: string;
  let told: ToldStudy;

  /** Writes other bytes under their own digest, which then stands in the study. */
  async function put(bytes: Uint8Array): Promise<Digest> {
    await writeFile(join(told.models, fileName(sha256(bytes))), bytes);
    return sha256(bytes);
  }

  async function changed(of: Digest, change: (document: { [field: string]: unknown }) => void): Promise<Digest> {
    const document = JSON.parse(await readFile(join(told.models, fileName(of)), 'utf8'));
    change(document);
    return put(canonicalBytes(document));
  }

  function round(number: number): ToldStudy['rounds'][number] {
    const found = told.rounds[number - 1];
    if (found === undefined) throw new RangeError(`no round ${number}`);
    return found;
  }

  beforeEach(async () => {
    folder = await newFolder();
    told = await finishStudy(folder, planNamed('mlp'), [COMPLETED, FAILED, COMPLETED]);
  });

  test.each(['logistic', 'mlp', 'others', 'cnn', 'reordered', 'zeros'])(
    'finds every byte equal, the initial model of the plan %s too',
    async (name) => {
      const other = await finishStudy(folder, planNamed(name), [COMPLETED, FAILED, COMPLETED]);
      const { code, output } = await run(folder, other);
      expect(output).toContain('All 3 rounds were recomputed from their files and are equal in every byte.');
      expect(output.match(/^round [123]: (completed|failed), /gm)).toHaveLength(3);
      expect(code).toBe(0);
    },
  );

  test('reads models longer than it holds at a time', async () => {
    const [first, last] = [{ units: 20_000, name: 'wide' }, { units: 1 }];
    const wide = planNamed('mlp', (plan) => {
      const copy = JSON.parse(JSON.stringify(plan));
      Object.assign(copy.model.topology.config.layers[0].config, first);
      Object.assign(copy.model.topology.config.layers[1].config, last);
      return copy;
    });
    const { code, output } = await run(folder, await finishStudy(folder, wide, [COMPLETED]));
    expect(output).toContain('300001 numbers');
    expect(code).toBe(0);
  });

  test('notices a global model that is one bit off, though its digest is the one recorded', async () => {
    const bytes = await readFile(join(told.models, fileName(round(3).global)));
    bytes[bytes.length - 4] = (bytes[bytes.length - 4] ?? 0) ^ 1;
    round(3).global = await put(new Uint8Array(bytes));
    round(3).manifest = await changed(round(3).manifest, (manifest) => {
      manifest.globalModel = round(3).global;
    });
    const { code, output } = await run(folder, told);
    expect(output).toMatch(/round 3: NOT EQUAL: .* differs from what was recomputed, from byte \d+ on/);
    expect(output).toContain('1 of 3 rounds');
    expect(code).toBe(1);
  });

  test('notices a file whose bytes are not those of its name', async () => {
    const path = join(told.models, fileName(round(1).entries[0]?.update ?? round(1).base));
    const bytes = await readFile(path);
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    await writeFile(path, bytes);
    const { code, output } = await run(folder, told);
    expect(output).toMatch(/round 1: NOT EQUAL: .* hashes to 0x/);
    expect(code).toBe(1);
  });

  test('notices a weight that is not what the member stated', async () => {
    round(1).manifest = await changed(round(1).manifest, (manifest) => {
      const [entry] = manifest.entries as { weight: number }[];
      if (entry !== undefined) entry.weight = 1;
    });
    const { code, output } = await run(folder, told);
    expect(output).toContain('round 1: NOT EQUAL: slot 1: weighed with 1');
    expect(code).toBe(1);
  });

  test('notices that a round started from another model', async () => {
    round(3).base = round(1).base;
    const { code, output } = await run(folder, told);
    expect(output).toContain('round 3: NOT EQUAL: its base is not the model before it');
    expect(code).toBe(1);
  });

  test('notices an initial model that is not the seed’s', async () => {
    told.plan = await changed(told.plan, (plan) => {
      plan.seed = 43;
    });
    const { code, output } = await run(folder, told);
    expect(output).toContain('cannot recompute: Difference:');
    expect(code).toBe(1);
  });

  test('notices a file that is not there', async () => {
    await unlink(join(told.models, fileName(round(2).manifest)));
    const { code, output } = await run(folder, told);
    expect(output).toMatch(/round 2: NOT EQUAL: 0x[0-9a-f]{64} is not in/);
    expect(code).toBe(1);
  });
});
