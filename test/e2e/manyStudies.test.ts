import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import type { StudyId } from '../../core/values.ts';
import { type StudyRun, TestConsortium } from '../support/consortium.ts';

const STUDIES = 20;
const ROUNDS = 3;
const WORKERS = 8;
const TRAINING = {
  loss: 'binaryCrossentropy',
  optimizer: { name: 'sgd', learningRate: 0.1 },
  batchSize: 'full',
  localSteps: 1,
};

describe('twenty studies over eight workers, all under way at once', () => {
  let box: TestConsortium;
  let runs: StudyRun[];
  /** Studies in the order in which their rounds were anchored. */
  let anchored: { study: StudyId; round: number }[];

  beforeAll(async () => {
    box = await TestConsortium.start({ hospitals: WORKERS }, { workers: false });
    const plan = await box.writePlan({ rounds: ROUNDS, quorum: WORKERS, startAt: WORKERS, training: TRAINING });
    const studies: StudyId[] = [];
    while (studies.length < STUDIES) studies.push(await box.openStudy(plan));
    // Every study waits for the same members: from here on they compete.
    await box.startWorkers();
    const all = Promise.all(studies.map((study) => box.follow(study)));
    runs = await Promise.race([all, box.consortium.untilOneEnds()]);
    anchored = await anchoredRounds(box);
  });

  afterAll(async () => await box?.close());

  test('each completes its rounds, with every member in every one', () => {
    for (const { detail, history } of runs) {
      expect(detail).toMatchObject({ state: 'closed', completed: ROUNDS });
      expect(
        history.rounds.map(({ outcome, entries }) => [outcome, entries.filter(({ status }) => status === 1).length]),
      ).toEqual(Array(ROUNDS).fill([1, WORKERS]));
    }
    expect(anchored).toHaveLength(STUDIES * ROUNDS);
  });

  test('none starves: no study ends its third round before every other has ended its first', () => {
    const firsts = new Set<StudyId>();
    for (const { study, round } of anchored) {
      if (round === 1) firsts.add(study);
      if (round === ROUNDS) return expect(firsts.size).toBe(STUDIES);
    }
    throw new Error('no study ended its third round');
  });
});

async function anchoredRounds({ consortium }: TestConsortium): Promise<{ study: StudyId; round: number }[]> {
  const client = new pg.Client({ connectionString: consortium.services.database.url });
  await client.connect();
  try {
    const { rows } = await client.query(
      `SELECT study, round::int FROM events WHERE type = 'round.anchored' ORDER BY id`,
    );
    return rows;
  } finally {
    await client.end();
  }
}
