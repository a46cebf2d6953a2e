import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MEMBERS } from '../../support/audit/histories.ts';
import { type Tally, verifierProperty } from '../../support/audit/verifierProperty.ts';
import { startWorld, type World } from '../chain/world.ts';

// Longer: npm run soak -- audit.
const SEED = 20_261_201;
const HISTORIES = 8;
const EFFORT = { seed: SEED, anywhere: 130, atBoundaries: 110, inFiles: 12 } as const;

let world: World;

beforeAll(async () => {
  world = await startWorld({ members: MEMBERS });
});

afterAll(async () => {
  await world?.stop();
});

test('every honest history is accepted, and every change of one byte of what proves it is rejected', async () => {
  const tally: Tally = new Map();
  await fc.assert(
    verifierProperty(async () => world, EFFORT, tally),
    // What fails is shrunk, each time on a history played anew, but not for ever.
    { seed: SEED, numRuns: HISTORIES, interruptAfterTimeLimit: 200_000, markInterruptAsFailure: true },
  );
  expect(tally.get('histories accepted')).toBe(HISTORIES);
}, 300_000);
