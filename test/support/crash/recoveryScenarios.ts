import type { Digest } from '../../../core/values.ts';
import type { Scenario, Stage, Stop } from './Scenario.ts';

/** By then the first round is on chain, and nothing of the second is under way. */
const FIRST_RECORD = 'round.recorded.anchored';
const CLOSED = 'study.closing.closed';

/** The coordinator dies here; what its database holds just now is kept, and another process goes on. */
function copiedAt(at: string, before: Stop['meanwhile'] = async () => undefined): Stop {
  return {
    at,
    meanwhile: async (stage) => {
      await before(stage);
      await stage.box.killCoordinator();
      await stage.box.copyDatabase();
      stage.startCoordinator();
    },
  };
}

/** The coordinator dies, and its database is put back from the copy. */
async function lose(stage: Stage): Promise<void> {
  await stage.box.killCoordinator();
  await stage.box.putCopyBack();
  stage.recoverCoordinator();
}

function lostAt(at: string): Stop {
  return { at, meanwhile: lose };
}

/** Copied within its first round, of which the ledger has the record. */
function recorded(copy: string): Scenario {
  return { course: 'all', stops: [copiedAt(copy), lostAt(FIRST_RECORD)] };
}

/** Copied within its first round, which two members have answered and waits for the third when it is lost. */
function collecting(copy: string, lost: (stage: Stage) => Promise<void> = lose): Scenario {
  return {
    course: 'all',
    third: 'away',
    thirdAfter: 'well',
    stops: [copiedAt(copy)],
    act: async (stage) => {
      const study = await stage.open();
      await stage.box.grant([1, 2, 3], study, stage.plan);
      await stage.untilHeld(study, 2);
      await lost(stage);
    },
  };
}

/** The updates of the study are gone, too: only their members still have the bytes. */
async function loseUpdatesToo(stage: Stage): Promise<void> {
  const { box } = stage;
  const updates = await box.sql('SELECT update FROM tasks WHERE study = $1 AND update IS NOT NULL', await box.study());
  await box.killCoordinator();
  for (const { update } of updates) box.loseFile(update as Digest);
  await lose(stage);
}

/** As another coordinator process does when the order comes to it. */
const orderAbort: Stop['meanwhile'] = async ({ box }) =>
  void (await box.sql(`UPDATE studies SET abort_reason = 'a test' WHERE id = $1`, await box.study()));

/**
 * Transitions that only recovering a lost database makes: `syndic coordinator recover` from the ledger and the store, or
 * a coordinator to which members present the receipts that they hold.
 */
export const recoveryScenarios: Readonly<Record<string, Scenario>> = {
  'study.open.adopted': {
    course: 'unstarted',
    stops: [copiedAt('study.opening.opened'), lostAt(CLOSED)],
    act: async (stage) => stage.abort(await stage.open()),
  },
  'study.starting.adopted': {
    course: 'unstarted',
    stops: [
      copiedAt('study.open.starting', async ({ box }) => box.revoke([2, 3], await box.study())),
      { at: 'study.starting.startRefused', meanwhile: orderAbort },
      lostAt(CLOSED),
    ],
  },
  'study.running.adopted': {
    course: 'all',
    // The copy has nothing of the study.
    before: ({ box }) => box.copyDatabase(),
    stops: [lostAt(CLOSED)],
  },
  'study.closing.adopted': { course: 'all', stops: [copiedAt('study.running.ended'), lostAt(CLOSED)] },

  'round.open.adopted': recorded('round.open'),
  'round.collecting.adopted': recorded('round.open.offered'),
  'round.closed.adopted': recorded('round.collecting.closed'),
  'round.aggregated.adopted': recorded('round.closed.decided'),
  'round.recorded.adopted': recorded('round.aggregated.queued'),

  'task.offered.adopted': collecting('round.open.offered'),
  'task.leased.adopted': recorded('task.offered.leased'),

  'upload.receiving.adopted': collecting('round.open.offered', loseUpdatesToo),
  'upload.stored.adopted': recorded('upload.receiving.stored'),
};
