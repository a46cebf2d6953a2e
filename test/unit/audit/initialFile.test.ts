import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { initialFile } from '../../../audit/initialFile.ts';
import { benchmarkPlan } from '../../../bench/plan.ts';
import { initialModel } from '../../../core/model/initialModel.ts';
import { checkPlanValue } from '../../../core/plan/checkPlan.ts';

// Over a mebibyte, so that it is made in several pieces.
const { plan } = checkPlanValue(benchmarkPlan({ width: 600, rounds: 1, sites: 2 }));
const whole = initialModel(plan);

test('whatever is read of it, in whatever order, is of the initial model', async () => {
  const place = fc.record({ offset: fc.nat(whole.length + 9), length: fc.nat(whole.length + 9) });
  await fc.assert(
    fc.asyncProperty(fc.array(place, { maxLength: 4 }), async (places) => {
      const file = initialFile(plan);
      expect(file.size).toBe(whole.length);
      for (const { offset, length } of places) {
        const want = whole.subarray(offset, offset + length);
        expect(Buffer.compare(await file.read(offset, length), want)).toBe(0);
      }
    }),
    { seed: 9, numRuns: 15 },
  );
});
