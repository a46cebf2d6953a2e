import { describe, expect, test } from '@jest/globals';
import { checkPlanValue } from '../../../../core/plan/checkPlan.ts';
import { faultsIn, planWith } from './samplePlan.ts';

type Change = readonly [path: string, value: unknown];

const planOf = (...changes: readonly Change[]) => checkPlanValue(planWith(...changes)).plan;
const faults = (...changes: readonly Change[]) => faultsIn(() => planOf(...changes));

const byWard = { column: 'ward', train: 'a', test: 'b' };
const onehot = (more: object) => ({ column: 'pain', encode: 'onehot', ...more });

describe('a plan’s counts', () => {
  test('may be as many attempts as rounds, and a start at the quorum', () => {
    const { maxAttempts, startAt } = planOf(['maxAttempts', 3], ['quorum', 4], ['startAt', 4]);
    expect({ maxAttempts, startAt }).toEqual({ maxAttempts: 3, startAt: 4 });
  });

  test('are refused with one attempt or one grant too few', () => {
    expect(faults(['maxAttempts', 2], ['quorum', 4], ['startAt', 3])).toEqual([
      'maxAttempts: is 2, fewer than the 3 rounds wanted',
      'startAt: is 3, fewer than the quorum of 4',
    ]);
  });

  test('are compared only where both are right', () => {
    expect(faults(['rounds', 0], ['maxAttempts', 2], ['quorum', 1], ['startAt', 2])).toEqual([
      'rounds: Too small: expected number to be >=1',
      'quorum: Too small: expected number to be >=2',
    ]);
    expect(faults(['maxAttempts', 0], ['startAt', 1])).toEqual([
      'maxAttempts: Too small: expected number to be >=1',
      'startAt: Too small: expected number to be >=2',
    ]);
  });

  test('left out are twice the rounds, at most what the ledger counts, and the quorum', () => {
    expect(planOf(['rounds', 2 ** 31 - 1]).maxAttempts).toBe(2 ** 32 - 2);
    expect(planOf(['rounds', 2 ** 31]).maxAttempts).toBe(2 ** 32 - 1);
    expect(planOf(['rounds', 2 ** 32 - 1]).maxAttempts).toBe(2 ** 32 - 1);
    expect(planOf(['quorum', 2000]).startAt).toBe(2000);
  });
});

describe('a column', () => {
  test.each<[string, object]>([
    ['a least value and no greatest', { min: 1 }],
    ['a greatest value under 0 and no least', { max: -1 }],
    ['the least value as the greatest', { min: 7, max: 7 }],
  ])('of numbers may have %s', (_, bounds) => {
    const column = { name: 'age', type: 'number', ...bounds };
    expect(planOf(['data.columns[0]', column]).data.columns[0]).toEqual({
      min: null,
      max: null,
      levels: null,
      ...column,
    });
  });

  test('of text may have levels that are texts', () => {
    expect(planOf(['data.columns[2].levels', ['a', '1']]).data.columns[2]?.levels).toEqual(['a', '1']);
  });

  test.each<[string, Change, string]>([
    ['least over its greatest', ['data.columns[0].min', 120.5], 'data.columns[0].min: is above max'],
    ['least value, being text', ['data.columns[2].min', 0], 'data.columns[2].type: a text has no bounds'],
    ['greatest value, being text', ['data.columns[2].max', 0], 'data.columns[2].type: a text has no bounds'],
    ['level twice', ['data.columns[0].levels', [1, 2, 1]], 'data.columns[0].levels: name a level twice'],
    [
      'text among its numbers',
      ['data.columns[0].levels', [1, '1']],
      "data.columns[0].levels: are not all of the column's type, number",
    ],
    [
      'number among its texts',
      ['data.columns[2].levels', ['a', 1]],
      "data.columns[2].levels: are not all of the column's type, text",
    ],
  ])('is refused with a %s', (_, change, fault) => {
    expect(faults(change)).toEqual([fault]);
  });

  test('is refused with the name of one before it', () => {
    expect(faults(['data.columns[3].name', 'ward'])).toEqual(['data.columns[3].name: column "ward" is declared twice']);
  });
});

describe('a feature', () => {
  test('takes its levels from its column, or some of them in its own order', () => {
    const features = (value: unknown) => planOf(['data.features[1]', value]).data.features[1];
    expect(features(onehot({}))).toEqual(onehot({ levels: [1, 2, 3, 4], drop: 'none' }));
    expect(features(onehot({ levels: [3, 1], drop: 'first' }))).toEqual(onehot({ levels: [3, 1], drop: 'first' }));
    expect(features(onehot({ levels: [2] }))).toEqual(onehot({ levels: [2], drop: 'none' }));
  });

  test('may be a text, encoded one indicator a level', () => {
    const ward = { column: 'ward', encode: 'onehot', levels: ['a', 'b'], drop: 'none' };
    expect(planOf(['data.features[2]', ward]).data.features[2]).toEqual(ward);
  });

  test.each<[string, unknown, string[]]>([
    ['a column that is not there', 'height', ['column: no column "height" is declared']],
    ['the column of another', 'age', ['column: another feature uses this column']],
    ['a text as a number', 'ward', ['encode: the column is text: encode it onehot']],
    [
      'no levels of its own, on a column without',
      { column: 'ward', encode: 'onehot' },
      ['levels: is missing, and the column has none either'],
    ],
    [
      'no levels, on a column that is not there',
      { column: 'height', encode: 'onehot' },
      ['column: no column "height" is declared', 'levels: is missing, and the column has none either'],
    ],
    [
      'levels of another type, one of them twice',
      { column: 'ward', encode: 'onehot', levels: [1, 1] },
      ["levels: are not all of the column's type, text", 'levels: name a level twice'],
    ],
    [
      'one level, the first of which is dropped',
      { column: 'ward', encode: 'onehot', levels: ['a'], drop: 'first' },
      ['levels: are one, and the first is dropped: nothing is left'],
    ],
  ])('is refused with %s', (_, feature, found) => {
    expect(faults(['data.features[2]', feature])).toEqual(found.map((fault) => `data.features[2].${fault}`));
  });

  test('is refused with a level that its column lacks', () => {
    expect(faults(['data.features[1]', onehot({ levels: [1, 5] })])).toEqual([
      'data.features[1].levels: are not all among the levels of the column',
    ]);
  });

  test('is not blamed for the levels of its column', () => {
    expect(faults(['data.columns[1].levels', [1, 1]])).toEqual(['data.columns[1].levels: name a level twice']);
  });

  test('with two levels may drop the first', () => {
    expect(planOf(['data.features[1]', onehot({ levels: [1, 2], drop: 'first' })]).data.features[1]).toMatchObject({
      levels: [1, 2],
    });
  });
});

describe('the label, the row key and the split', () => {
  test.each<[string, Change, string]>([
    ['a label that is text', ['data.label.column', 'ward'], 'data.label.column: is text: a number is wanted'],
    ['no such label', ['data.label.column', 'dead'], 'data.label.column: no column "dead" is declared'],
    [
      'a label that is a feature',
      ['data.label.column', 'age'],
      'data.label.column: is a feature too: the model would be told the answer',
    ],
    ['no such row key', ['data.rowKey', 'id'], 'data.rowKey: no column "id" is declared'],
    ['no such split', ['split', { ...byWard, column: 'fold' }], 'split.column: no column "fold" is declared'],
    ['the label as split', ['split', { ...byWard, column: 'num' }], 'split.column: is a feature or the label'],
    ['a feature as split', ['split', { ...byWard, column: 'pain' }], 'split.column: is a feature or the label'],
    ['one value for both parts', ['split', { ...byWard, test: 'a' }], 'split.test: is the same value as split.train'],
  ])('are refused with %s', (_, change, fault) => {
    expect(faults(change)).toEqual([fault]);
  });

  test('may be columns that are nothing else', () => {
    const { data, split } = planOf(['data.rowKey', 'set'], ['split', byWard]);
    expect(data.rowKey).toBe('set');
    expect(split).toEqual({ kind: 'column', ...byWard });
  });

  test('are looked at though the features, or the label, are at fault', () => {
    const few = 'data.features: Too small: expected array to have >=1 items';
    expect(faults(['data.features', []], ['split', byWard])).toEqual([few]);
    expect(faults(['data.features', []], ['split', { ...byWard, column: 'num' }])).toEqual([
      few,
      'split.column: is a feature or the label',
    ]);
    const none = 'data.label: is missing';
    expect(faults(['data.label', undefined], ['split', byWard])).toEqual([none]);
    expect(faults(['data.label', undefined], ['split', { ...byWard, column: 'age' }])).toEqual([
      none,
      'split.column: is a feature or the label',
    ]);
  });
});

describe('columns with faults', () => {
  test('still have their names: what refers to them is not told as well', () => {
    expect(faults(['data.columns[0].type', 'float'], ['data.columns[4]', { name: 'num' }])).toEqual([
      'data.columns[0].type: Invalid option: expected one of "number"|"text"',
      'data.columns[4].type: is missing',
    ]);
  });

  test('that are none have no name', () => {
    expect(faults(['data.columns[4]', 'num'])).toEqual([
      'data.columns[4]: expected object, received string',
      'data.label.column: no column "num" is declared',
    ]);
    expect(faults(['data.columns', 'age, num'])).toEqual([
      'data.columns: expected array, received string',
      'data.features[0].column: no column "age" is declared',
      'data.features[1].column: no column "pain" is declared',
      'data.label.column: no column "num" is declared',
    ]);
  });
});
