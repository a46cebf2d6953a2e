import { expect, test } from '@jest/globals';
import { drift } from '../../../proto/generate.ts';

test('the committed wire types are what the protos give (npm run proto makes them again)', () => {
  expect(drift()).toEqual([]);
});
