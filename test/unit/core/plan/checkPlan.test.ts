import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalBytes } from '../../../../core/canonicalJson.ts';
import { checkPlan, checkPlanValue } from '../../../../core/plan/checkPlan.ts';
import { featureWidth } from '../../../../core/plan/featureWidth.ts';
import { loadPlan } from '../../../../core/plan/loadPlan.ts';
import { sha256 } from '../../../../core/sha256.ts';
import { textOf, thrown, utf8 } from '../thrown.ts';
import { planWith, samplePlan } from './samplePlan.ts';

const paths = (value: unknown) => {
  const error = thrown(() => checkPlanValue(value));
  expect(error.code).toBe('PLAN_INVALID');
  return (error.details.faults as { path: string }[]).map((fault) => fault.path);
};

describe('checkPlan', () => {
  test('writes every default in', () => {
    const { plan } = checkPlanValue(samplePlan);
    const bound = 1 / Math.sqrt(4);
    const flat = { class_name: 'RandomUniform', config: { minval: -bound, maxval: bound } };
    const bare = { min: null, max: null, levels: null };
    expect(plan).toEqual({
      schema: 'syndic.plan/1',
      name: 'sample',
      purpose: { duo: 'DUO:0000007', modifiers: [], description: 'A test' },
      ethics: { approval: 'none needed', body: 'nobody' },
      controller: 'each hospital',
      seed: 0,
      model: {
        kind: 'layers',
        topology: {
          class_name: 'Sequential',
          config: {
            name: 'logistic',
            layers: [
              {
                class_name: 'Dense',
                config: {
                  name: 'logit',
                  batch_input_shape: [null, 4],
                  dtype: 'float32',
                  units: 1,
                  activation: 'sigmoid',
                  use_bias: true,
                  kernel_initializer: flat,
                  bias_initializer: flat,
                },
              },
            ],
          },
        },
      },
      data: {
        format: { kind: 'csv', header: true, delimiter: ',', missing: [] },
        columns: [
          { name: 'age', type: 'number', min: 0, max: 120, levels: null },
          { name: 'pain', type: 'number', min: null, max: null, levels: [1, 2, 3, 4] },
          { name: 'ward', type: 'text', ...bare },
          { name: 'set', type: 'text', ...bare },
          { name: 'num', type: 'number', ...bare },
        ],
        rowKey: null,
        badRows: 'quarantine',
        features: [
          { column: 'age', encode: 'number' },
          { column: 'pain', encode: 'onehot', levels: [1, 2, 3, 4], drop: 'first' },
        ],
        normalise: { kind: 'none' },
        label: { column: 'num', kind: 'binary', above: 0 },
      },
      split: { kind: 'fraction', test: 0.25 },
      training: {
        loss: 'binaryCrossentropy',
        optimizer: { name: 'sgd', learningRate: 0.001 },
        batchSize: 4,
        localSteps: 100,
        shortBatch: 'keep',
      },
      strategy: { name: 'fedavg' },
      privacy: { kind: 'none' },
      rounds: 3,
      maxAttempts: 6,
      quorum: 2,
      startAt: 2,
      roundSeconds: 3600,
      recordWithin: 86_400,
      weighting: 'samples',
      disclosure: 'exact',
      maxSamples: 1_000_000,
      minCell: 10,
      retainDays: 30,
      encoding: 'f32',
      access: { auditorsReadUpdates: false },
    });
  });

  test('hashes the canonical bytes of what it made', () => {
    const { plan, bytes, hash } = checkPlanValue(samplePlan);
    expect(bytes).toEqual(canonicalBytes(plan));
    expect(hash).toBe(sha256(bytes));
  });

  test('takes YAML and JSON alike', () => {
    const yaml = checkPlan(JSON.stringify(samplePlan, null, 2), 'yaml');
    expect(checkPlan(JSON.stringify(samplePlan), 'json').hash).toBe(yaml.hash);
  });

  test('gives one hash whatever is written out and whatever is left to a default', () => {
    const { plan, hash } = checkPlanValue(samplePlan);
    expect(checkPlanValue(plan).hash).toBe(hash);
    const written: [string, unknown][] = [
      ['split', { kind: 'fraction', test: 0.25 }],
      ['startAt', 2],
      ['maxAttempts', 6],
      ['data.features[0]', { column: 'age' }],
    ];
    for (const change of written) expect(checkPlanValue(planWith(change)).hash).toBe(hash);
  });

  test.each(['plan', 'exactness-plan', 'standin-plan'])('takes examples/heart/%s.yaml: 13 features', (name) => {
    const text = readFileSync(new URL(`../../../../examples/heart/${name}.yaml`, import.meta.url), 'utf8');
    const { plan, bytes, hash } = checkPlan(text, 'yaml');
    expect(featureWidth(plan.data.features)).toBe(13);
    expect(loadPlan(bytes).hash).toBe(hash);
  });

  test('takes the friendly splits', () => {
    const split = (value: unknown) => checkPlanValue(planWith(['split', value])).plan.split;
    expect(split('file')).toEqual({ kind: 'file' });
    expect(split({ column: 'set', train: 'a', test: 'b' })).toEqual({
      kind: 'column',
      column: 'set',
      train: 'a',
      test: 'b',
    });
  });
});

describe('a plan with faults', () => {
  test('is refused whole with every one of them, each with its path', () => {
    const bad = planWith(
      ['name', undefined],
      ['seed', -1],
      ['purpose.duo', 'cancer'],
      ['quorum', 1],
      ['rounds', 0],
      ['colour', 'red'],
      ['data.rows', 5],
      ['data.columns[0].type', 'float'],
      ['data.columns[1].name', 'set'],
      ['data.features[0]', 'height'],
      ['data.label.column', 'pain'],
      ['model', { kind: 'mlp', hidden: [0] }],
      ['split', { column: 'nowhere', train: 'a', test: 'a' }],
      ['training.optimizer', {}],
    );
    const error = thrown(() => checkPlanValue(bad));
    expect((error.details.faults as { path: string }[]).map((fault) => fault.path).toSorted()).toEqual(
      [
        'colour',
        'data.columns[0].type',
        'data.features[0].column',
        'data.features[1].column',
        'data.label.column',
        'data.label.column',
        'data.rows',
        'model.hidden[0]',
        'name',
        'purpose.duo',
        'quorum',
        'rounds',
        'seed',
        'split.column',
        'split.test',
        'training.optimizer.learningRate',
      ].toSorted(),
    );
    for (const fault of error.details.faults as { path: string; message: string }[]) {
      expect(error.message).toContain(`${fault.path}: ${fault.message}`);
    }
  });

  test.each<[string, string, unknown, string]>([
    ['a column declared twice', 'data.columns[2].name', 'age', 'data.columns[2].name'],
    ['bounds on a text', 'data.columns[2].min', 1, 'data.columns[2].type'],
    ['min above max', 'data.columns[0].min', 121, 'data.columns[0].min'],
    ['levels of another type', 'data.columns[1].levels', [1, '2'], 'data.columns[1].levels'],
    ['a level twice', 'data.columns[1].levels', [1, 1], 'data.columns[1].levels'],
    ['a feature twice', 'data.features[2]', 'age', 'data.features[2].column'],
    ['a text as number', 'data.features[2]', 'ward', 'data.features[2].encode'],
    ['levels nowhere', 'data.features[2]', { column: 'ward', encode: 'onehot' }, 'data.features[2].levels'],
    ['one level, dropped', 'data.columns[1].levels', [1], 'data.features[1].levels'],
    ['a level that the column lacks', 'data.features[1].levels', [1, 9], 'data.features[1].levels'],
    ['a text label', 'data.label.column', 'ward', 'data.label.column'],
    ['the label as a feature', 'data.features[2]', 'num', 'data.label.column'],
    ['an unknown row key', 'data.rowKey', 'id', 'data.rowKey'],
    ['a feature as split', 'split', { column: 'age', train: '1', test: '2' }, 'split.column'],
    ['fewer attempts than rounds', 'maxAttempts', 2, 'maxAttempts'],
    ['a start below the quorum', 'quorum', 3, 'startAt'],
    ['a quorum over 2,000', 'quorum', 2001, 'quorum'],
    ['a batch of 0', 'training.batchSize', 0, 'training.batchSize'],
    ['a batch of some word', 'training.batchSize', 'half', 'training.batchSize'],
    ['a fraction of 1', 'split', { fraction: 1 }, 'split.test'],
    ['samples of 2^40', 'maxSamples', 2 ** 40, 'maxSamples'],
    ['a seed past 2^53', 'seed', 2 ** 53, 'seed'],
    ['control characters', 'controller', 'us\u001b[2K', 'controller'],
    ['a delimiter of two', 'data.format', { delimiter: ';;' }, 'data.format.delimiter'],
    ['another loss', 'training.loss', 'mse', 'training.loss'],
    ['no model', 'model', undefined, 'model'],
    ['no data', 'data', undefined, 'data'],
    ['data of another kind', 'data', [], 'data'],
    ['an unknown model', 'model', { kind: 'forest' }, 'model.kind'],
    ['a picture of another size', 'model', { kind: 'cnn', image: [28, 28, 1] }, 'model'],
  ])('is refused with %s', (_, path, value, fault) => {
    const extra: [string, unknown][] = path === 'quorum' && value === 3 ? [['startAt', 2]] : [];
    expect(paths(planWith([path, value], ...extra))).toContain(fault);
  });

  test('never gets past the check with anything but PLAN_INVALID, whatever stands anywhere', () => {
    const places = ['schema', 'model', 'model.kind', 'data', 'data.columns', 'data.columns[0]', 'data.features[1]'];
    const more = ['data.label', 'split', 'training', 'purpose', 'quorum', 'data.format', 'data.columns[1].levels'];
    fc.assert(
      fc.property(fc.constantFrom(...places, ...more), fc.jsonValue({ maxDepth: 3 }), (place, value) => {
        try {
          const { bytes, hash } = checkPlanValue(planWith([place, value]));
          expect(loadPlan(bytes).hash).toBe(hash);
        } catch (error) {
          expect(error).toMatchObject({ code: 'PLAN_INVALID' });
        }
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});

describe('a plan’s text', () => {
  const refused = (text: string, format: 'yaml' | 'json') => {
    const error = thrown(() => checkPlan(text, format));
    expect(error.code).toBe('PLAN_INVALID');
    return error.message;
  };

  test('is refused with aliases, so that no bomb goes off', () => {
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]', ...'bcdefghi'.split('').map((c, i) => bombLine(c, 'abcdefgh'[i]))];
    expect(refused(bomb.join('\n'), 'yaml')).toContain('Alias');
    expect(refused('a: &a [*a]', 'yaml')).toContain('Alias');
  });

  test('is refused with a key that stands twice, also in JSON', () => {
    expect(refused('seed: 1\nseed: 2', 'yaml')).toContain('unique');
    const text = JSON.stringify(samplePlan);
    const twice = text.replace('"batchSize":4', '"batchSize":4,"batchSize":400');
    expect(refused(twice, 'json')).toContain('twice');
    expect(
      refused(text.replace('"seed"', '"s\\u0065ed":1,"seed"').replace('{', '{"seed":2,"s\\u0065ed":1,'), 'json'),
    ).toContain('twice');
  });

  test('may hold strings that look like keys', () => {
    const plan = planWith(['controller', 'a "b": c, \\"d\\":']);
    expect(checkPlan(JSON.stringify(plan), 'json').plan.controller).toBe('a "b": c, \\"d\\":');
  });

  test.each(['__proto__', 'constructor', 'prototype'])('is refused with the key %s anywhere', (key) => {
    expect(refused(`data:\n  columns:\n    - ${key}: 1`, 'yaml')).toContain('not allowed as a key');
    expect(refused(`{"model":{"topology":{"${key}":{"polluted":1}}}}`, 'json')).toContain('not allowed as a key');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test.each([
    ['a tag', '!!js/function x'],
    ['two documents', 'a: 1\n---\nb: 2'],
    ['a list', '- 1'],
    ['nothing', ''],
    ['infinity', 'seed: .inf'],
    ['a key that is no text', '? [a]\n: 1'],
    ['deep nesting', '['.repeat(50_000)],
  ])('is refused with %s', (_, text) => {
    refused(text, 'yaml');
  });

  test('is refused when JSON is nested too deep or is YAML', () => {
    refused(`${'['.repeat(50_000)}${']'.repeat(50_000)}`, 'json');
    refused('seed: 1', 'json');
  });

  test('is refused with nesting just too deep or a number that is none, wherever they stand', () => {
    const deep = `model: ${'['.repeat(40)}${']'.repeat(40)}`;
    expect(refused(deep, 'yaml')).toContain('nested deeper');
    expect(refused('a: [1, .nan]', 'yaml')).toContain('a[1]: is not a finite number');
    expect(refused('{"a": 1e999}', 'json')).toContain('a: is not a finite number');
  });

  test.each(['[', '{a: ', '- ', '? ', '- [ { '])('a YAML text of %j many times over is refused, not parsed', (open) => {
    // Parsing it would use the stack up, and then V8 ends the process: a test that fails here does not come back.
    expect(refused(open.repeat(20_000), 'yaml')).toContain('nested deeper');
  });

  test('is refused past 1 MiB', () => {
    expect(refused(`# ${'x'.repeat(1024 * 1024)}`, 'yaml')).toContain('longer');
  });
});

describe('loadPlan', () => {
  const { bytes, hash, plan } = checkPlanValue(samplePlan);

  test('takes exactly the bytes that checkPlan made', () => {
    const loaded = loadPlan(bytes);
    expect(loaded).toEqual({ plan, bytes, hash });
  });

  test('writes nothing in: a plan that leaves something to a default is refused', () => {
    expect(thrown(() => loadPlan(canonicalBytes(samplePlan))).message).toContain('normal form');
    const { minCell: _, ...less } = plan;
    expect(thrown(() => loadPlan(canonicalBytes(less))).message).toContain('normal form');
  });

  test('refuses other spellings, other encodings and other lengths', () => {
    const text = textOf(bytes);
    for (const other of [` ${text}`, `${text}\n`, text.replace('"seed":0', '"seed":0.0'), JSON.stringify(plan)]) {
      expect(thrown(() => loadPlan(utf8(other))).code).toBe('PLAN_INVALID');
    }
    expect(thrown(() => loadPlan(new Uint8Array([0xff]))).code).toBe('PLAN_INVALID');
    expect(thrown(() => loadPlan(new Uint8Array(1024 * 1024 + 1))).code).toBe('TOO_LARGE');
  });
});

function bombLine(name: string, before = 'a'): string {
  return `${name}: &${name} [${Array.from({ length: 9 }, () => `*${before}`).join(',')}]`;
}
