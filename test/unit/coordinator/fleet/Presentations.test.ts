import { describe, expect, test } from '@jest/globals';
import { Presentations } from '../../../../coordinator/fleet/Presentations.ts';
import { instant, slot } from '../../../../core/values.ts';

const [one, two] = [slot(1), slot(2)];

describe("members' presentations", () => {
  test('are taken one at a time of each', async () => {
    const presentations = new Presentations({ now: () => instant(60) });
    const gate = Promise.withResolvers<string>();
    const first = presentations.take(one, () => gate.promise);
    await expect(presentations.take(one, async () => 'second')).rejects.toMatchObject({ code: 'TOO_MANY' });
    expect(await presentations.take(two, async () => 'other')).toBe('other');
    gate.resolve('first');
    expect(await first).toBe('first');
    expect(await presentations.take(one, async () => 'third')).toBe('third');
  });

  test('are thirty a minute at most, also of one whose presentations fail', async () => {
    let now = 60;
    const presentations = new Presentations({ now: () => instant(now) });
    const fail = () => presentations.take(one, () => Promise.reject(new Error('no')));
    for (let i = 0; i < 30; i++) await expect(fail()).rejects.toThrow('no');
    await expect(fail()).rejects.toMatchObject({ code: 'TOO_MANY' });
    expect(await presentations.take(two, async () => 'other')).toBe('other');
    now = 120;
    expect(await presentations.take(one, async () => 'again')).toBe('again');
  });
});
