import { expect, test } from '@jest/globals';
import type { RemakeJob } from '../../../../audit/remake.ts';
import { inThreads } from '../../../../cli/audit/remakingThreads.ts';
import { digest, ZERO_DIGEST } from '../../../../core/values.ts';

test('a thread that died answers no job, and lets nobody wait for it', async () => {
  const job: RemakeJob = { strategy: 'fedavg', base: digest(ZERO_DIGEST), updates: [] };
  // No thread can open such a place.
  const nowhere = { place: 'http://[', open: async () => null };
  await inThreads([nowhere], async (remaking) => {
    const first = Array.from({ length: 5 }, () => remaking(job));
    for (const { status } of await Promise.allSettled(first)) expect(status).toBe('rejected');
    await expect(remaking(job)).rejects.toThrow();
  });
});
