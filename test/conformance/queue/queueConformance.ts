import { randomBytes } from 'node:crypto';
import { afterEach, expect, test } from '@jest/globals';
import type { Queue } from '../../../coordinator/queue/port.ts';
import { digest, type StudyId } from '../../../core/values.ts';
import { until } from '../../support/until.ts';

export interface QueueServer {
  /** Makes one more process's queue on the server, in a namespace. */
  connect(namespace: string): Promise<Queue>;
  /** Ways in which everything that a namespace holds may be lost, while queues are connected. */
  readonly losses: Readonly<Record<string, (namespace: string) => Promise<void>>>;
}

/** What every queue must do. */
export function queueConformance({ connect, losses }: QueueServer): void {
  const open: Queue[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((queue) => queue.close()));
  });

  const space = () => `t${randomBytes(6).toString('hex')}`;
  const study = (): StudyId => digest(`0x${randomBytes(32).toString('hex')}`);
  const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  async function queue(namespace: string = space()): Promise<Queue> {
    const made = await connect(namespace);
    open.push(made);
    return made;
  }

  test('runs the handler with the study that was woken', async () => {
    const a = await queue();
    const seen: StudyId[] = [];
    await a.start(async (id) => void seen.push(id));
    const [first, second] = [study(), study()];
    await a.wake(first);
    await a.wake(second);
    await until(() => seen.length === 2);
    expect(new Set(seen)).toEqual(new Set([first, second]));
  });

  test('keeps a wake until somebody takes jobs', async () => {
    const namespace = space();
    const id = study();
    const asked = await queue(namespace);
    await asked.wake(id);
    await asked.close();
    open.splice(open.indexOf(asked), 1);
    const seen: StudyId[] = [];
    await (await queue(namespace)).start(async (woken) => void seen.push(woken));
    await until(() => seen.length === 1);
    expect(seen).toEqual([id]);
  });

  test('makes one job of the wakes of a study that wait', async () => {
    const a = await queue();
    const seen: StudyId[] = [];
    const id = study();
    for (let i = 0; i < 5; i++) await a.wake(id);
    await a.start(async (woken) => void seen.push(woken));
    await until(() => seen.length > 0);
    await pause(300);
    expect(seen).toEqual([id]);
  });

  test('runs once more for a wake that comes while the handler runs, and never twice at a time', async () => {
    const a = await queue();
    const id = study();
    let running = 0;
    let most = 0;
    let runs = 0;
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await a.start(async () => {
      runs++;
      most = Math.max(most, ++running);
      if (runs === 1) await held;
      running--;
    });
    await a.wake(id);
    await until(() => runs === 1);
    for (let i = 0; i < 3; i++) await a.wake(id);
    await pause(200);
    expect(runs).toBe(1);
    release();
    await until(() => runs >= 2);
    await pause(300);
    expect(runs).toBeLessThanOrEqual(3);
    expect(most).toBe(1);
  });

  test('does not lose a wake that the handler itself asks for, at once or soon', async () => {
    const a = await queue();
    const id = study();
    let runs = 0;
    await a.start(async () => {
      runs++;
      if (runs < 4) await a.wake(id);
      else if (runs < 8) await a.wake(id, 0.01);
    });
    await a.wake(id);
    await until(() => runs === 8);
  });

  test('wakes after a delay, not before', async () => {
    const a = await queue();
    const id = study();
    const at: number[] = [];
    await a.start(async () => void at.push(Date.now()));
    const asked = Date.now();
    await a.wake(id, 1);
    await until(() => at.length === 1);
    expect((at[0] as number) - asked).toBeGreaterThanOrEqual(1000);
  });

  test('keeps one job of the many that look again every second', async () => {
    const a = await queue();
    const id = study();
    const at: number[] = [];
    await a.start(async () => {
      at.push(Date.now());
      await a.wake(id, 1);
    });
    for (let i = 0; i < 6; i++) {
      await a.wake(id);
      await pause(60);
    }
    await pause(1_100);
    const [began, before] = [Date.now(), at.length];
    await until(() => at.length >= before + 3);
    // One a second, and one more for where the seconds begin.
    expect(at.length - before).toBeLessThanOrEqual((Date.now() - began) / 1000 + 1);
  });

  test('wakes at once although a later wake waits, and then again', async () => {
    const a = await queue();
    const id = study();
    const at: number[] = [];
    await a.start(async () => void at.push(Date.now()));
    const asked = Date.now();
    await a.wake(id, 90);
    await a.wake(id, 1.5);
    await a.wake(id);
    await until(() => at.length === 2);
    expect((at[1] as number) - asked).toBeGreaterThanOrEqual(1500);
  });

  test('advances other studies while one takes long', async () => {
    const a = await queue();
    const [slow, quick] = [study(), study()];
    const seen: StudyId[] = [];
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await a.start(async (id) => {
      if (id === slow) await held;
      seen.push(id);
    });
    await a.wake(slow);
    await a.wake(quick);
    await until(() => seen.includes(quick));
    expect(seen).toEqual([quick]);
    release();
    await until(() => seen.includes(slow));
  });

  test('tries again when the handler failed', async () => {
    const a = await queue();
    let runs = 0;
    await a.start(async () => {
      runs++;
      if (runs === 1) throw new Error('the chain is down');
    });
    await a.wake(study());
    await until(() => runs === 2);
  });

  test('waits for running handlers when it closes', async () => {
    const a = await queue();
    let ended = false;
    let begun = false;
    await a.start(async () => {
      begun = true;
      await pause(200);
      ended = true;
    });
    await a.wake(study());
    await until(() => begun);
    open.splice(open.indexOf(a), 1);
    await a.close();
    expect(ended).toBe(true);
  });

  test('shares the work of several processes', async () => {
    const namespace = space();
    const [a, b] = [await queue(namespace), await queue(namespace)];
    const studies = Array.from({ length: 20 }, study);
    const seen: StudyId[] = [];
    await a.start(async (id) => void seen.push(id));
    await b.start(async (id) => void seen.push(id));
    await Promise.all(studies.map((id) => a.wake(id)));
    await until(() => seen.length === studies.length);
    expect(new Set(seen)).toEqual(new Set(studies));
  });

  test.each(Object.keys(losses))('goes on by itself after a loss: %s', async (name) => {
    const lose = losses[name] as (namespace: string) => Promise<void>;
    const namespace = space();
    const a = await queue(namespace);
    const seen: StudyId[] = [];
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const [running, waiting, later] = [study(), study(), study()];
    await a.start(async (id) => {
      seen.push(id);
      if (id === running) await held;
    });
    await a.wake(running);
    await until(() => seen.includes(running));
    await a.wake(later, 3_600);
    await lose(namespace);
    release();
    // As a coordinator does: every study, now and then.
    await until(async () => {
      await a.wake(waiting);
      await a.wake(running);
      await pause(200);
      return seen.includes(waiting) && seen.filter((id) => id === running).length > 1;
    });
    await a.wake(later, 0.25);
    await until(() => seen.includes(later));
  });
}
