import { describe, expect, test } from '@jest/globals';
import { canonicalBytes } from '../../../../core/canonicalJson.ts';
import { checkPlanValue } from '../../../../core/plan/checkPlan.ts';
import { loadPlan } from '../../../../core/plan/loadPlan.ts';
import { textOf, thrown, utf8 } from '../thrown.ts';
import { faultsIn, samplePlan } from './samplePlan.ts';

const MIB = 1024 * 1024;
const notNormal = ': is not in its normal form: check it with `syndic plan check` first';
const text = textOf(checkPlanValue(samplePlan).bytes);
const found = (plan: string) => faultsIn(() => loadPlan(utf8(plan)));

describe('loadPlan', () => {
  test.each<[string, string]>([
    ['a space before it', ` ${text}`],
    ['a line’s end behind it', `${text}\n`],
    ['a number spelled in another way', text.replace('"seed":0', '"seed":0.0')],
    ['its keys in another order', JSON.stringify(checkPlanValue(samplePlan).plan)],
    ['what a default would write in left out', text.replace('"seed":0,', '')],
    ['a shorthand', textOf(canonicalBytes(samplePlan))],
  ])('refuses a plan with %s', (_, plan) => {
    expect(found(plan)).toEqual([notNormal]);
  });

  test('refuses a plan with faults, telling each', () => {
    expect(found(text.replace('"seed":0', '"seed":-1').replace('"quorum":2', '"quorum":1'))).toEqual([
      'seed: Too small: expected number to be >=0',
      'quorum: Too small: expected number to be >=2',
    ]);
  });

  test('reads UTF-8 only', () => {
    const bytes = utf8(text);
    bytes[text.indexOf('hospital')] = 0xff;
    expect(faultsIn(() => loadPlan(bytes))).toEqual([': is not UTF-8']);
    expect(thrown(() => loadPlan(bytes)).cause).toHaveProperty('code', 'ERR_ENCODING_INVALID_ENCODED_DATA');
    expect(found(`\ufeff${text}`)).toEqual([expect.stringMatching(/^: is not JSON: /)]);
  });

  test('reads JSON only', () => {
    expect(found('seed: 1')).toEqual([expect.stringMatching(/^: is not JSON: /)]);
  });

  test('reads 1 MiB and no more', () => {
    expect(found(text.padEnd(MIB, ' '))).toEqual([notNormal]);
    const { code, message } = thrown(() => loadPlan(utf8(text.padEnd(MIB + 1, ' '))));
    expect(code).toBe('TOO_LARGE');
    expect(message).toBe('the plan is 1048577 bytes; at most 1048576 are read');
  });
});
