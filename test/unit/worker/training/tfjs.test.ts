import { afterAll, describe, expect, test } from '@jest/globals';
import { TfjsTrainer } from '../../../../worker/training/tfjs.ts';
import { someJob } from './jobs.ts';

const trainer = new TfjsTrainer({ backend: 'wasm' });
afterAll(() => trainer.close());

function longJob(localSteps: number) {
  const job = someJob();
  return someJob({ plan: { ...job.plan, training: { ...job.plan.training, localSteps } } });
}

describe('TfjsTrainer', () => {
  test('leaves its caller’s thread free: timers go on while it trains', async () => {
    let ticks = 0;
    const timer = setInterval(() => {
      ticks += 1;
    }, 20);
    await trainer.train(longJob(1500)).finally(() => clearInterval(timer));
    // One, at the end, is all that a thread that was kept busy comes to.
    expect(ticks).toBeGreaterThan(3);
  });

  test('tells progress, the last step at the end', async () => {
    const told: [number, number][] = [];
    const { steps } = await trainer.train(longJob(800), { onProgress: (step, total) => told.push([step, total]) });
    expect(steps).toBe(800);
    expect(told.at(-1)).toEqual([800, 800]);
    expect(told.length).toBeLessThan(400);
    expect(told.every(([step], i) => i === 0 || step > (told[i - 1]?.[0] ?? 0))).toBe(true);
  });

  test('a cancelled training ends at once as CANCELLED, and the next one is as if it had not been', async () => {
    const before = await trainer.train(someJob());
    const controller = new AbortController();
    const training = trainer.train(longJob(1_000_000), {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    const queued = trainer.train(someJob());
    await expect(training).rejects.toMatchObject({ name: 'SyndicError', code: 'CANCELLED' });
    expect(await queued).toEqual(before);
  });

  test('a training that waits its turn can be cancelled, and one already cancelled never starts', async () => {
    const controller = new AbortController();
    const first = trainer.train(longJob(300));
    const second = trainer.train(someJob(), { signal: controller.signal });
    controller.abort();
    await expect(second).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(first).resolves.toMatchObject({ steps: 300 });
    await expect(trainer.train(someJob(), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
  });

  test('closing cancels what runs and what waits', async () => {
    const own = new TfjsTrainer({ backend: 'wasm' });
    const works = [own.train(longJob(1_000_000)), own.train(someJob())].map((work) =>
      work.catch((error: unknown) => error),
    );
    await own.close();
    expect(await Promise.all(works)).toEqual([
      expect.objectContaining({ code: 'CANCELLED' }),
      expect.objectContaining({ code: 'CANCELLED' }),
    ]);
    await own.close();
  });
});
