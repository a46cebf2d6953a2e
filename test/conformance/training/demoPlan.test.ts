import { beforeAll, describe, expect, test } from '@jest/globals';
import { hasNative } from '../../support/native.ts';
import { needs } from '../../support/needs.ts';
import { runScript } from '../../support/runScript.ts';
import type { Study } from './demoPlan.ts';

const ROUNDS = 3;

function study(backend: string): Promise<Study> {
  return runScript(new URL('./demoPlan.ts', import.meta.url), [backend, String(ROUNDS)]);
}

describe('the demonstration’s plan on its four sites', () => {
  let cpu: Study;
  beforeAll(async () => {
    cpu = await study('cpu');
  });

  test('on WebAssembly gives what pure JavaScript gives', async () => {
    agree(await study('wasm'), cpu, 'wasm');
  });

  needs('backend native (npm run tfjs:native)', hasNative())('natively', () => {
    test('gives what pure JavaScript gives', async () => {
      agree(await study('native'), cpu, 'tensorflow');
    });
  });
});

/** Same initial model to the byte; each site's accuracy to one test row in a hundred, its loss to 1e-5. */
function agree(one: Study, other: Study, backend: string): void {
  expect([one.runtime.backend, other.runtime.backend]).toEqual([backend, 'cpu']);
  expect(new Set([one.initial, one.echoed, other.initial, other.echoed]).size).toBe(1);
  expect(one.sites).toHaveLength(4);
  for (const [i, { accuracy, loss }] of one.sites.entries()) {
    expect(Math.abs(Number(accuracy) - Number(other.sites[i]?.accuracy))).toBeLessThanOrEqual(0.01);
    expect(Math.abs(Number(loss) - Number(other.sites[i]?.loss))).toBeLessThan(1e-5);
  }
}
