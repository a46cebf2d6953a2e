import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { checkPlan, checkPlanValue } from '../../core/plan/checkPlan.ts';
import { loadPlan } from '../../core/plan/loadPlan.ts';
import { parsePlanText } from '../../core/plan/parsePlanText.ts';
import { planWith } from '../unit/core/plan/samplePlan.ts';
import { awkwardText, awkwardValue, changed, spoilt } from './arbitraries.ts';
import { resultOrRefusal } from './refused.ts';
import { runs } from './runs.ts';

const good = checkPlanValue(planWith());
const written = fc.constantFrom<unknown>(planWith(), JSON.parse(new TextDecoder().decode(good.bytes)));
const odd = written.chain((plan) => changed(plan, awkwardValue));
const oddTwice = odd.chain((plan) => changed(plan, awkwardValue));

/** A plan that was taken says the same ever after: its bytes load under its hash, and are their own normal form. */
function expectStable(text: string, format: 'json' | 'yaml'): void {
  const checked = resultOrRefusal(['PLAN_INVALID'], () => checkPlan(text, format));
  if (checked === null) return;
  const again = checkPlan(new TextDecoder().decode(checked.bytes), 'json');
  expect(again.hash).toBe(checked.hash);
  expect(loadPlan(checked.bytes)).toEqual(again);
  expect(checkPlanValue(checked.plan).hash).toBe(checked.hash);
}

describe('a plan', () => {
  test('with anything in one place or two is refused with its faults, or has one stable hash', () => {
    fc.assert(
      fc.property(fc.oneof(odd, oddTwice), (plan) => expectStable(JSON.stringify(plan), 'json')),
      runs(200),
    );
  });

  test('written as YAML means what it means as JSON', () => {
    const text = fc.oneof(odd, written).map((plan) => JSON.parse(JSON.stringify(plan)) as unknown);
    fc.assert(
      fc.property(text, (plan) => {
        const json = resultOrRefusal(['PLAN_INVALID'], () => checkPlan(JSON.stringify(plan), 'json'));
        const yaml = resultOrRefusal(['PLAN_INVALID'], () => checkPlan(stringify(plan), 'yaml'));
        expect(yaml?.hash).toBe(json?.hash);
      }),
      runs(60),
    );
  });

  test('of spoilt text is refused with its faults, or has one stable hash, in either format', () => {
    const texts = fc.constantFrom(JSON.stringify(planWith()), stringify(planWith()));
    const bytes = spoilt(texts.map((text) => new TextEncoder().encode(text)));
    fc.assert(
      fc.property(bytes, fc.constantFrom('json' as const, 'yaml' as const), (spoiltBytes, format) =>
        expectStable(new TextDecoder().decode(spoiltBytes), format),
      ),
      runs(150),
    );
  });

  test('of stored bytes that were spoilt is refused, however little was changed', () => {
    fc.assert(
      fc.property(spoilt(fc.constant(good.bytes)), (bytes) => {
        const loaded = resultOrRefusal(['PLAN_INVALID', 'TOO_LARGE'], () => loadPlan(bytes));
        if (loaded !== null) expect(Buffer.from(loaded.bytes).equals(bytes)).toBe(true);
      }),
      runs(200),
    );
  });

  test('of any text at all, or nested however deep, is refused with its faults', () => {
    const depth = fc.integer({ min: 1, max: 3000 });
    const text = fc.oneof(
      awkwardText,
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.constantFrom(
        '&a [*a]',
        '? {a: 1}\n: 2',
        '!!js/function x',
        '--- 1\n--- 2',
        '{__proto__: {x: 1}}',
        'a: .inf',
        '<<: {a: 1}',
      ),
      depth.map((count) => '['.repeat(count)),
      depth.map((count) => `${'['.repeat(count)}${']'.repeat(count)}`),
      depth.map((count) => '{"a":'.repeat(count)),
      depth.map((count) => Array.from({ length: Math.min(count, 300) }, (_, i) => `${' '.repeat(i)}a:`).join('\n')),
    );
    fc.assert(
      fc.property(text, fc.constantFrom('json' as const, 'yaml' as const), (given, format) => {
        expect(resultOrRefusal(['PLAN_INVALID'], () => checkPlan(given, format))).toBeNull();
      }),
      runs(150),
    );
  });

  test('lets no key of it reach a prototype', () => {
    const key = fc.constantFrom('__proto__', 'constructor', 'prototype');
    fc.assert(
      fc.property(key, fc.constantFrom('json' as const, 'yaml' as const), (name, format) => {
        expect(
          resultOrRefusal(['PLAN_INVALID'], () => parsePlanText(`{"a": [{"${name}": {"polluted": 1}}]}`, format)),
        ).toBeNull();
        expect(Reflect.get({}, 'polluted')).toBeUndefined();
      }),
      runs(10),
    );
  });
});
