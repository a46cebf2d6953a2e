import { describe, expect, test } from '@jest/globals';
import type { OpenOrder } from '../../../../coordinator/studies/port.ts';
import { addressOf, sign } from '../../../../core/statements/sign.ts';
import { domain } from '../../../../core/statements/types.ts';
import { type Address, digest, slot } from '../../../../core/values.ts';
import type { Rig } from '../../../support/studies/rig.ts';
import { useRigs } from './useRigs.ts';

const rigOf = useRigs();

/** The rig's order with something changed, signed again. */
function signed(rig: Rig, change: Partial<OpenOrder>, key = rig.operatorKey): OpenOrder {
  const order = { ...rig.order(), ...change };
  const message = { ...order, plan: rig.planHash };
  const of = domain(rig.ledger.chainId, rig.ledger.contracts.ledger);
  return { ...order, signature: sign(key, of, 'OpenStudy', message) };
}

describe('an order to open a study', () => {
  test('given twice opens one study', async () => {
    const rig = await rigOf();
    const [first, second] = await Promise.all([rig.studies.open(rig.order()), rig.studies.open(rig.order())]);
    expect(second).toBe(first);
    await rig.settle(first);
    expect(await rig.studies.open(rig.order())).toBe(first);
    expect(await rig.studies.list()).toHaveLength(1);
    const events = await rig.studies.events(first, 0, 100);
    expect(events.map(({ type }) => type)).toEqual(['study.opening', 'study.opened']);
  });

  test('keeps plan and initial model', async () => {
    const rig = await rigOf();
    await rig.open();
    const { plan, initialModel } = rig.order();
    expect(rig.models.files.get(rig.planHash)).toEqual(plan);
    expect(rig.models.files.has(initialModel)).toBe(true);
  });

  const stranger = digest(`0x${'09'.repeat(32)}`);
  const faults: readonly [what: string, code: string, order: (rig: Rig) => OpenOrder][] = [
    ['that another key signed', 'SIGNATURE_INVALID', (rig) => signed(rig, {}, stranger)],
    ['of somebody who is no operator', 'FORBIDDEN', (rig) => signed(rig, { operator: addressOf(stranger) }, stranger)],
    [
      'for another coordinator',
      'WRONG_STUDY',
      (rig) => signed(rig, { coordinator: `0x${'0c'.repeat(20)}` as Address }),
    ],
    ['whose quorum is not the plan’s', 'WRONG_PLAN', (rig) => signed(rig, { minIncluded: 3 })],
    ['whose initial model is not the plan’s', 'WRONG_BASE', (rig) => signed(rig, { initialModel: stranger })],
    ['whose plan is not normal', 'PLAN_INVALID', (rig) => ({ ...rig.order(), plan: new TextEncoder().encode('{}') })],
  ];

  test.each(faults)('%s is refused with %s, and nothing is kept', async (_what, code, order) => {
    const rig = await rigOf();
    await expect(rig.studies.open(order(rig))).rejects.toMatchObject({ code });
    expect(await rig.studies.list()).toEqual([]);
    expect(rig.models.files.size).toBe(0);
  });

  test('over the limit of one operator is refused', async () => {
    const rig = await rigOf({ maxUnfinished: 1 });
    await rig.open();
    const other = signed(rig, { salt: digest(`0x${'01'.repeat(32)}`) });
    await expect(rig.studies.open(other)).rejects.toMatchObject({ code: 'TOO_MANY' });
  });
});

describe('an operator', () => {
  test('starts a study before all grants are there, never under the quorum', async () => {
    const rig = await rigOf({ plan: [['startAt', 3]] });
    const study = await rig.open();
    rig.join(study, 1);
    await expect(rig.studies.start(study, rig.operator)).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    rig.join(study, 2);
    await rig.studies.start(study, rig.operator);
    await rig.settle(study);
    expect(await rig.studies.show(study)).toMatchObject({ state: 'running' });
    await rig.studies.start(study, rig.operator);
  });

  test('pauses: the open round finishes, no other opens; resumes: the next one does', async () => {
    const rig = await rigOf();
    const study = await rig.running();
    await rig.studies.pause(study, rig.operator);
    await rig.studies.pause(study, rig.operator);
    for (const member of [1, 2, 3]) await rig.deliver(member);
    await rig.settle(study);
    expect(await rig.studies.show(study)).toMatchObject({ state: 'running', paused: true, attempts: [{ outcome: 1 }] });
    await rig.studies.resume(study, rig.operator);
    await rig.settle(study);
    expect((await rig.studies.show(study)).attempts).toMatchObject([{ state: 'anchored' }, { state: 'collecting' }]);
    const types = (await rig.studies.events(study, 0, 100)).map(({ type }) => type);
    expect(types.filter((type) => type === 'study.paused')).toHaveLength(1);
  });

  test('aborts: the open round is recorded as aborted, receipts and all, and the study closes', async () => {
    const rig = await rigOf();
    const study = await rig.running();
    await rig.deliver(2);
    await rig.studies.abort(study, rig.operator, 'a wrong plan');
    await rig.settle(study);
    const record = rig.recordOf(study, 1);
    expect(record).toMatchObject({ outcome: 3, globalModel: record?.baseModel });
    expect(record?.entries.map(({ status, reason, samples }) => [status, reason, samples])).toEqual([
      [0, 8, 0],
      [2, 8, 200],
      [0, 8, 0],
    ]);
    expect(rig.ledger.studies.get(study)).toMatchObject({ outcome: 3 });
    const shown = await rig.studies.show(study);
    expect(shown.state).toBe('closed');
    expect(shown.attempts[0]?.tasks.map(({ state }) => state)).toEqual(['cancelled', 'accepted', 'cancelled']);
    expect(await rig.studies.tasksFor(slot(1))).toEqual([]);
  });

  test('aborts a study that nobody joined', async () => {
    const rig = await rigOf();
    const study = await rig.open();
    await rig.studies.abort(study, rig.operator, 'nobody came');
    await rig.settle(study);
    expect(rig.ledger.studies.get(study)).toMatchObject({ outcome: 3, lastRound: 0 });
  });

  test('aborts while a record is on its way: that round stays completed', async () => {
    const rig = await rigOf();
    const study = await rig.running();
    rig.anchor.stopped = true;
    for (const member of [1, 2, 3]) await rig.deliver(member);
    await rig.settle(study);
    await rig.studies.abort(study, rig.operator, 'enough');
    rig.anchor.stopped = false;
    await rig.settle(study);
    expect(rig.recordOf(study, 1)).toMatchObject({ outcome: 1 });
    expect(rig.ledger.studies.get(study)).toMatchObject({ outcome: 3, lastRound: 1 });
  });

  test('cannot change a study that is over, or one that there is not', async () => {
    const rig = await rigOf();
    const study = await rig.open();
    await rig.studies.abort(study, rig.operator, 'nobody came');
    await rig.settle(study);
    for (const verb of ['pause', 'start'] as const) {
      await expect(rig.studies[verb](study, rig.operator)).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    }
    await rig.studies.abort(study, rig.operator, 'again');
    const unknown = digest(`0x${'77'.repeat(32)}`);
    await expect(rig.studies.pause(unknown, rig.operator)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(rig.studies.show(unknown)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
