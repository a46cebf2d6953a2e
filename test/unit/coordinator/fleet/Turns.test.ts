import { describe, expect, test } from '@jest/globals';
import { Turns } from '../../../../coordinator/fleet/Turns.ts';
import { instant, slot } from '../../../../core/values.ts';

const LIMIT = { most: 30, what: 'it was done' };
const [one, two] = [slot(1), slot(2)];

describe('turns of members', () => {
  test('are taken one at a time of each', async () => {
    const turns = new Turns(LIMIT, { now: () => instant(60) });
    const gate = Promise.withResolvers<string>();
    const first = turns.take(one, () => gate.promise);
    await expect(turns.take(one, async () => 'second')).rejects.toMatchObject({ code: 'TOO_MANY' });
    expect(await turns.take(two, async () => 'other')).toBe('other');
    gate.resolve('first');
    expect(await first).toBe('first');
    expect(await turns.take(one, async () => 'third')).toBe('third');
  });

  test('are so many a minute at most, also of one whose turns fail', async () => {
    let now = 60;
    const turns = new Turns(LIMIT, { now: () => instant(now) });
    const fail = () => turns.take(one, () => Promise.reject(new Error('no')));
    for (let i = 0; i < 30; i++) await expect(fail()).rejects.toThrow('no');
    await expect(fail()).rejects.toMatchObject({ code: 'TOO_MANY' });
    expect(await turns.take(two, async () => 'other')).toBe('other');
    now = 120;
    expect(await turns.take(one, async () => 'again')).toBe('again');
  });
});
