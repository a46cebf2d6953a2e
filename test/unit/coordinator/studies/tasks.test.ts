import { describe, expect, test } from '@jest/globals';
import { slot } from '../../../../core/values.ts';
import { useRigs } from './useRigs.ts';

const rigOf = useRigs();
const progress = { phase: 'training', done: 3, total: 100 };

describe('a task', () => {
  test('names study, round, plan, base and times', async () => {
    const rig = await rigOf();
    const study = await rig.running();
    const [task] = await rig.studies.tasksFor(slot(2));
    const { initialModel } = await rig.studies.show(study);
    expect(task).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      kind: 'train',
      study,
      round: 1,
      slot: 2,
      plan: rig.planHash,
      baseModel: initialModel,
      opened: 1_000_000,
      deadline: 1_000_060,
      recordBy: 1_086_460,
    });
  });

  test('is leased by a heartbeat, and on offer again when no more come', async () => {
    const rig = await rigOf();
    const study = await rig.running();
    const [task] = await rig.studies.tasksFor(slot(1));
    const id = task?.id ?? '';
    const state = async () => (await rig.studies.show(study)).attempts[0]?.tasks[0];
    expect(await rig.studies.heartbeat(slot(1), [{ id, ...progress }])).toEqual([]);
    expect(await state()).toMatchObject({ state: 'leased', ...progress });
    await rig.studies.advance(study);
    expect(rig.wakes.at(-1)).toEqual({ study, delay: 21 });
    rig.clock.seconds += 20;
    expect(await rig.studies.heartbeat(slot(1), [{ id, ...progress, done: 4 }])).toEqual([]);
    rig.clock.seconds += 20;
    await rig.studies.advance(study);
    expect(await state()).toMatchObject({ state: 'leased', done: 4 });
    rig.clock.seconds += 1;
    await rig.studies.advance(study);
    expect(await state()).toMatchObject({ state: 'offered' });
    expect(await rig.studies.tasksFor(slot(1))).toHaveLength(1);
    await rig.studies.heartbeat(slot(1), [{ id, ...progress }]);
    const types = (await rig.studies.events(study, 0, 100)).map(({ type }) => type);
    expect(types.filter((type) => type.startsWith('task.'))).toEqual(['task.leased', 'task.released', 'task.leased']);
  });

  test('of another member is unknown', async () => {
    const rig = await rigOf();
    await rig.running();
    const [task] = await rig.studies.tasksFor(slot(1));
    const id = task?.id ?? '';
    expect(await rig.studies.heartbeat(slot(2), [{ id, ...progress }])).toEqual([
      { id, reason: 'the task is unknown' },
    ]);
    await expect(rig.studies.refuse(slot(2), id, 'POLICY_REFUSED', '')).rejects.toMatchObject({ code: 'TASK_UNKNOWN' });
  });

  test('that is over is named to whoever still works on it', async () => {
    const rig = await rigOf();
    const study = await rig.running();
    const [task] = await rig.studies.tasksFor(slot(1));
    const id = task?.id ?? '';
    rig.clock.seconds += 61;
    expect(await rig.studies.tasksFor(slot(1))).toEqual([]);
    await rig.settle(study);
    expect(await rig.studies.heartbeat(slot(1), [{ id, ...progress }])).toEqual([
      { id, reason: 'the task is expired' },
    ]);
  });

  test('is refused once, and not after its update was accepted', async () => {
    const rig = await rigOf();
    const study = await rig.running();
    const [[first], [second]] = await Promise.all([rig.studies.tasksFor(slot(1)), rig.studies.tasksFor(slot(2))]);
    const id = first?.id ?? '';
    await rig.studies.refuse(slot(1), id, 'DATA_INVALID', 'no such column');
    await rig.studies.refuse(slot(1), id, 'POLICY_REFUSED', 'changed my mind');
    await rig.deliver(2);
    const late = rig.studies.refuse(slot(2), second?.id ?? '', 'POLICY_REFUSED', '');
    await expect(late).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    const [attempt] = (await rig.studies.show(study)).attempts;
    expect(attempt?.tasks.slice(0, 2)).toMatchObject([
      { state: 'refused', refusal: { code: 'DATA_INVALID', message: 'no such column' } },
      { state: 'accepted', refusal: null, metrics: { before: {}, after: {} } },
    ]);
  });
});
