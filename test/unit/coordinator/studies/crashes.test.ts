import { describe, expect, test } from '@jest/globals';
import type { StudyId } from '../../../../core/values.ts';
import type { Rig } from '../../../support/studies/rig.ts';
import { useRigs } from './useRigs.ts';

const rigOf = useRigs();

class Killed extends Error {}

/** Points named after a transition: each comes right before the one that says what it made true. */
const moves = new Set<string>();

/** Runs `work`, with a new process whenever one is killed, until it comes to its end. */
async function surviving(rig: Rig, killAt: number, work: (study: Rig['studies']) => Promise<void>): Promise<string[]> {
  const points: string[] = [];
  let left = killAt;
  for (;;) {
    const studies = rig.makeStudies((point) => {
      if (point.split('.').length > 2) {
        moves.add(point);
        return;
      }
      points.push(point);
      if (--left === 0) throw new Killed(point);
    });
    try {
      await work(studies);
      return points;
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
  }
}

async function wholeStudy(rig: Rig, studies: Rig['studies']): Promise<void> {
  const study = await studies.open(rig.order());
  await rig.settle(study, studies);
  if (!rig.ledger.studies.get(study)?.started) rig.join(study, 1, 2, 3);
  await rig.settle(study, studies);
  for (let round = 0; round < 3; round++) {
    for (const member of [1, 2, 3]) await deliverIfAsked(rig, member);
    await rig.settle(study, studies);
  }
}

async function deliverIfAsked(rig: Rig, member: number): Promise<void> {
  const open = await rig.studies.tasksFor(member as Parameters<Rig['studies']['tasksFor']>[0]);
  if (open.length > 0) await rig.deliver(member);
}

const outcomeOf = (rig: Rig, study: StudyId) => ({
  study: rig.ledger.studies.get(study),
  records: rig.ledger.records
    .get(study)
    ?.map(({ round, outcome, globalModel, entries }) => [round, outcome, globalModel, entries]),
});

describe('a coordinator that is killed', () => {
  test('after any of its transitions leaves a study that another brings to the same end', async () => {
    const calm = await rigOf();
    const points = await surviving(calm, 0, (studies) => wholeStudy(calm, studies));
    const [study] = [...calm.ledger.studies.keys()];
    if (study === undefined) throw new Error('no study');
    const want = outcomeOf(calm, study);
    expect(want.study).toMatchObject({ outcome: 1, lastRound: 2 });
    expect(new Set(points)).toEqual(
      new Set([
        'study.opening',
        'study.open',
        'study.starting',
        'study.running',
        'round.open',
        'round.collecting',
        'round.closed',
        'round.aggregated',
        'round.recorded',
        'round.anchored',
        'study.closing',
        'study.closed',
      ]),
    );
    expect(moves).toEqual(
      new Set([
        'study.opening.opened',
        'study.open.starting',
        'study.starting.started',
        'study.running.ended',
        'study.closing.closed',
        'round.open.offered',
        'round.collecting.closed',
        'round.closed.decided',
        'round.aggregated.queued',
        'round.recorded.anchored',
      ]),
    );
    for (let killAt = 1; killAt <= points.length; killAt++) {
      const rig = await rigOf();
      await surviving(rig, killAt, (studies) => wholeStudy(rig, studies));
      expect(outcomeOf(rig, study)).toEqual(want);
      await eachOnce(rig, study);
    }
  });
});

describe('several coordinators', () => {
  test('that advance a study at the same time make each transition once', async () => {
    const rig = await rigOf();
    const both = [rig.studies, rig.makeStudies(), rig.makeStudies()];
    const study = await rig.open();
    rig.join(study, 1, 2, 3);
    const advanceAll = async () => {
      for (let i = 0; i < 4; i++) {
        await Promise.all(both.map((studies) => studies.advance(study)));
        await rig.anchor.tick();
      }
    };
    await advanceAll();
    for (let round = 1; round <= 2; round++) {
      await Promise.all([1, 2, 3].map((member) => rig.deliver(member)));
      await advanceAll();
    }
    expect(rig.ledger.studies.get(study)).toMatchObject({ outcome: 1, lastRound: 2 });
    await eachOnce(rig, study);
  });

  test('never lose an update that was accepted in the instant in which the round closed', async () => {
    const rig = await rigOf({
      members: 6,
      plan: [
        ['rounds', 8],
        ['maxAttempts', 16],
      ],
    });
    const study = await rig.running();
    for (let round = 1; round <= 8; round++) {
      for (const member of [1, 2]) await rig.deliver(member);
      const tasks = await Promise.all([3, 4, 5, 6].map((member) => rig.offered(member)));
      rig.clock.seconds += 60;
      const uploads = tasks.map((task) => rig.deliverTask(task.id, study, task.slot, 7).catch(() => null));
      rig.clock.seconds += 1;
      const [receipts] = await Promise.all([
        Promise.all(uploads),
        rig.studies.advance(study),
        rig.studies.advance(study),
      ]);
      await rig.settle(study);
      const statuses = rig.recordOf(study, round)?.entries.map(({ status }) => status);
      expect(statuses).toEqual([1, 1, ...receipts.map((receipt) => (receipt === null ? 0 : 1))]);
    }
  });
});

/** No transition stands in the events twice. */
async function eachOnce(rig: Rig, study: StudyId): Promise<void> {
  const events = await rig.studies.events(study, 0, 10_000);
  const names = events.map(({ type, round, slot }) => `${type}/${round}/${slot}`);
  expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
}
