import { expect, test } from '@jest/globals';
import { SCENARIOS } from '../../support/crash/scenarios.ts';
import { TRANSITIONS } from '../../support/crash/transitions.ts';

test('every transition of study, round, task, upload and outbox has a scenario in the crash matrix', () => {
  expect(Object.keys(SCENARIOS).toSorted()).toEqual(TRANSITIONS.toSorted());
});
