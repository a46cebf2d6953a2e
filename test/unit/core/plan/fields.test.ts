import { describe, expect, test } from '@jest/globals';
import { checkPlanValue } from '../../../../core/plan/checkPlan.ts';
import { encodedWidth, featureWidth } from '../../../../core/plan/featureWidth.ts';
import { thrown } from '../thrown.ts';
import { faultsIn, planWith, samplePlan } from './samplePlan.ts';

type Change = readonly [path: string, value: unknown];

const planOf = (...changes: readonly Change[]) => checkPlanValue(planWith(...changes)).plan;
const faults = (...changes: readonly Change[]) => faultsIn(() => planOf(...changes));
const long = (length: number) => 'x'.repeat(length);
const small = (least: number) => `Too small: expected number to be >=${least}`;
const big = (most: number) => `Too big: expected number to be <=${most}`;

describe('a field of a plan', () => {
  test.each<[path: string, least: number, most: number]>([
    ['rounds', 1, 2 ** 32 - 1],
    ['quorum', 2, 2000],
    ['startAt', 2, 2000],
    ['roundSeconds', 1, 366 * 86_400],
    ['recordWithin', 1, 366 * 86_400],
    ['maxSamples', 1, 2 ** 40 - 1],
    ['minCell', 1, 1_000_000],
    ['retainDays', 0, 36_500],
    ['training.localSteps', 1, 10_000_000],
  ])('%s is a whole number from %d to %d', (path, least, most) => {
    for (const value of [least, most]) expect(planOf([path, value])).toMatchObject(at(path, value));
    expect(faults([path, least - 1])).toEqual([`${path}: ${small(least)}`]);
    expect(faults([path, most + 1])).toEqual([`${path}: ${big(most)}`]);
    expect(faults([path, least + 0.5])).toEqual([`${path}: expected int, received number`]);
    expect(faults([path, String(least)])).toEqual([`${path}: expected number, received string`]);
  });

  test('seed is any whole number that a double holds exactly', () => {
    for (const seed of [0, 2 ** 53 - 1]) expect(planOf(['seed', seed]).seed).toBe(seed);
    expect(faults(['seed', -1])).toEqual([`seed: ${small(0)}`]);
    expect(faults(['seed', 2 ** 53])).toEqual(['seed: Too big: expected int to be <=9007199254740991']);
  });

  test('maxAttempts is as many as the ledger counts', () => {
    expect(planOf(['maxAttempts', 2 ** 32 - 1]).maxAttempts).toBe(2 ** 32 - 1);
    expect(faults(['maxAttempts', 2 ** 32])).toEqual([`maxAttempts: ${big(2 ** 32 - 1)}`]);
  });

  test('training.batchSize is a number of rows, or all', () => {
    for (const size of [1, 2 ** 31 - 1, 'full'])
      expect(planOf(['training.batchSize', size]).training.batchSize).toBe(size);
    for (const size of [1.5, '4', 'half', null]) {
      expect(faults(['training.batchSize', size])).toEqual([
        'training.batchSize: a whole number of rows, or "full", is wanted',
      ]);
    }
    expect(faults(['training.batchSize', 0])).toEqual([`training.batchSize: ${small(1)}`]);
    expect(faults(['training.batchSize', 2 ** 31])).toEqual([`training.batchSize: ${big(2 ** 31 - 1)}`]);
  });

  test.each<[path: string, most: number]>([
    ['name', 200],
    ['controller', 200],
    ['ethics.approval', 200],
    ['ethics.body', 200],
    ['purpose.description', 2000],
  ])('%s is a text of at most %d printable characters', (path, most) => {
    expect(planOf([path, long(most)])).toMatchObject(at(path, long(most)));
    expect(faults([path, long(most + 1)])).toEqual([`${path}: Too big: expected string to have <=${most} characters`]);
    expect(faults([path, ''])).toEqual([`${path}: Too small: expected string to have >=1 characters`]);
    for (const control of ['\u0000', '\n', '\u001b', '\u007f', '\u009b']) {
      expect(faults([path, `a${control}b`])).toEqual([`${path}: control characters are not allowed`]);
    }
  });

  test('says what its choices are', () => {
    const choices: [string, string[], string][] = [
      ['weighting', ['samples', 'capped', 'uniform'], 'Invalid option: expected one of "samples"|"capped"|"uniform"'],
      ['disclosure', ['exact', 'bucketed'], 'Invalid option: expected one of "exact"|"bucketed"'],
      ['data.badRows', ['quarantine', 'refuse'], 'Invalid option: expected one of "quarantine"|"refuse"'],
      ['encoding', ['f32'], 'expected "f32"'],
      ['schema', ['syndic.plan/1'], 'expected "syndic.plan/1"'],
    ];
    for (const [path, good, message] of choices) {
      for (const value of good) expect(planOf([path, value])).toMatchObject(at(path, value));
      expect(faults([path, 'other'])).toEqual([`${path}: ${message}`]);
    }
  });

  test('takes the last and the first that its range has, and nothing past them', () => {
    const fraction = (test: number) => faults(['split', { kind: 'fraction', test }]);
    expect(fraction(0)).toEqual(['split.test: Too small: expected number to be >0']);
    expect(fraction(1)).toEqual(['split.test: Too big: expected number to be <1']);
    const rate = (learningRate: number) => faults(['training.optimizer', { learningRate }]);
    expect(rate(0)).toEqual(['training.optimizer.learningRate: Too small: expected number to be >0']);
    expect(rate(1_000_001)).toEqual([`training.optimizer.learningRate: ${big(1_000_000)}`]);
    expect(planOf(['training.optimizer', { learningRate: 1e6 }]).training.optimizer.learningRate).toBe(1e6);
    expect(faults(['data.normalise', { kind: 'zscore', epsilon: -1e-9 }])).toEqual([
      `data.normalise.epsilon: ${small(0)}`,
    ]);
  });

  test('keeps a normalisation as it is told, by default with the sample’s deviation', () => {
    const normalise = (value: unknown) => planOf(['data.normalise', value]).data.normalise;
    expect(normalise({ kind: 'zscore' })).toEqual({ kind: 'zscore', ddof: 1, epsilon: 1e-9 });
    expect(normalise({ kind: 'zscore', ddof: 0, epsilon: 0 })).toEqual({ kind: 'zscore', ddof: 0, epsilon: 0 });
  });

  test('takes one character between fields, of whatever alphabet', () => {
    for (const delimiter of [';', '\t', ' ', '→', '😀']) {
      expect(planOf(['data.format', { delimiter }]).data.format.delimiter).toBe(delimiter);
    }
    for (const delimiter of ['', '"', '\n', '\r', ';;', '\ud83d', ';\n']) {
      expect(faults(['data.format', { delimiter }])).toEqual([
        'data.format.delimiter: one character is wanted, not a quote or line break',
      ]);
    }
  });

  test('takes terms of the Data Use Ontology alone', () => {
    const purpose = (more: object) => ['purpose', { ...samplePlan.purpose, ...more }] as const;
    const wanted = 'a GA4GH Data Use Ontology term is wanted, as DUO:0000007';
    for (const duo of ['DUO:000007', 'DUO:00000070', 'duo:0000007', ' DUO:0000007', 'DUO:0000007\n']) {
      expect(faults(purpose({ duo, modifiers: ['DUO:0000012', duo] }))).toEqual([
        `purpose.duo: ${wanted}`,
        `purpose.modifiers[1]: ${wanted}`,
      ]);
    }
    expect(planOf(purpose({ modifiers: ['DUO:0000012'] })).purpose.modifiers).toEqual(['DUO:0000012']);
  });

  test('that is not known is told wherever it stands, an odd one quoted', () => {
    const other = { ...samplePlan, colour: 1, 'odd key': 1, data: { ...samplePlan.data, rows: 1, 'odd key': 1 } };
    expect(faultsIn(() => checkPlanValue({ ...other, access: { all: true } }))).toEqual([
      'colour: is not known here',
      '["odd key"]: is not known here',
      'access.all: is not known here',
      'data.rows: is not known here',
      'data["odd key"]: is not known here',
    ]);
  });
});

describe('a split', () => {
  test.each<[string, unknown, string[]]>([
    ['is left out', undefined, ['split: is missing']],
    ['is no mapping', 7, ['split: expected object, received number']],
    ['is null', null, ['split: expected object, received null']],
    ['says nothing', {}, ["split.kind: Invalid discriminator value. Expected 'fraction' | 'column' | 'file'"]],
    ['is a fraction said twice', { kind: 'fraction', test: 0.5, fraction: 0.3 }, ['split.fraction: is not known here']],
    ['is a fraction and a column', { fraction: 0.3, column: 'set' }, ['split.column: is not known here']],
    ['is a file of a column', { kind: 'file', column: 'set' }, ['split.column: is not known here']],
    ['lacks its values', { column: 'set' }, ['split.train: is missing', 'split.test: is missing']],
  ])('is refused when it %s', (_, split, found) => {
    expect(faults(['split', split])).toEqual(found);
  });
});

describe('a whole plan', () => {
  test.each([undefined, null, 'plan', 7, [samplePlan]])('is a mapping, not %j', (value) => {
    expect(faultsIn(() => checkPlanValue(value))).toEqual([': a mapping of fields is wanted']);
  });

  test('has data and a model', () => {
    expect(faults(['data', undefined], ['model', undefined])).toEqual(['data: is missing', 'model: is missing']);
    for (const value of [null, [], 'columns']) {
      expect(faults(['data', value])).toEqual(['data: a mapping of fields is wanted']);
    }
  });

  test('is refused in words that list what is wrong with it', () => {
    const { code, message, details } = thrown(() => planOf(['name', undefined], ['data.label', 7]));
    expect(code).toBe('PLAN_INVALID');
    expect(message).toBe('the plan has 2 faults:\n  name: is missing\n  data.label: expected object, received number');
    expect(details).toEqual({
      faults: [
        { path: 'name', message: 'is missing' },
        { path: 'data.label', message: 'expected object, received number' },
      ],
    });
    expect(thrown(() => checkPlanValue([])).message).toBe(
      'the plan has 1 fault:\n  plan: a mapping of fields is wanted',
    );
  });
});

test('a row is as wide as its features together: 1 a number, 1 a level that is not dropped', () => {
  const levels = ['a', 'b', 'c'];
  const age = { column: 'age', encode: 'number' } as const;
  const all = { column: 'ward', encode: 'onehot', levels, drop: 'none' } as const;
  const less = { ...all, drop: 'first' } as const;
  expect([age, all, less].map(encodedWidth)).toEqual([1, 3, 2]);
  expect(featureWidth([age, all, less])).toBe(6);
  expect(featureWidth([])).toBe(0);
});

/** `{ a: { b: value } }` for `a.b`. */
function at(path: string, value: unknown): Record<string, unknown> {
  const [key = '', ...rest] = path.split('.');
  return { [key]: rest.length > 0 ? at(rest.join('.'), value) : value };
}
