import type { Digest } from '../../../core/values.ts';
import { chainScenarios } from './chainScenarios.ts';
import { recoveryScenarios } from './recoveryScenarios.ts';
import type { Scenario, Stage, Stop } from './Scenario.ts';

const plain: Scenario = { course: 'all' };
/** The outbox's third message, after the opening and the start of the study: the record of its first round. */
const record: Scenario = { course: 'all', nth: 3 };

/** A round that the third hospital lets pass: the others have seconds of work in its minute. */
const SHORT_ROUND = { rounds: 1, roundSeconds: 60 };
/** Heartbeats come when a task is begun, and then not before it is over. */
const NO_HEARTBEATS = { HEARTBEAT_SECONDS: '3600' };
/** Whoever dies at work keeps its task. */
const LONG_LEASES = { LEASE_SECONDS: '600' };
/** A point is stopped at so often at most: three tasks in two rounds. */
const TASKS = 6;

/** Only the third hospital is at work until its task is leased; then it dies, and the others come back. */
const thirdDiesAtWork: Pick<Scenario, 'before' | 'stops' | 'thirdAfter'> = {
  before: async ({ box }) => box.signalWorkers([1, 2], 'SIGSTOP'),
  stops: [
    {
      at: 'task.offered.leased',
      meanwhile: async ({ box }) => {
        await box.killWorkers([3]);
        box.signalWorkers([1, 2], 'SIGCONT');
      },
    },
  ],
  thirdAfter: 'away',
};

/** What happens to leases by itself when they lapse, by another coordinator process. */
async function releaseAll({ box }: Stage): Promise<void> {
  const lapsed = `SELECT id FROM tasks WHERE state = 'leased' FOR UPDATE SKIP LOCKED`;
  await box.sql(`UPDATE tasks SET state = 'offered', lease_until = NULL WHERE id IN (${lapsed})`);
}

/** A store that was put back from an older copy, say. */
async function loseStoredUpdates(stage: Stage): Promise<void> {
  const { box } = stage;
  await box.killWorkers();
  await box.killCoordinator();
  for (const { update } of await box.sql(`SELECT update FROM uploads WHERE state = 'stored'`)) {
    box.loseFile(update as Digest);
  }
  stage.startCoordinator();
  await box.arrangeWorkers('well');
}

function eachTime(point: string, meanwhile: Stop['meanwhile']): Stop[] {
  return Array.from({ length: TASKS }, (_, i) => ({ at: `${point}:${i + 1}`, meanwhile }));
}

async function abortOnceTwoAreIn(stage: Stage): Promise<void> {
  const { box, plan } = stage;
  const study = await stage.open();
  await box.grant([1, 2, 3], study, plan);
  await stage.untilAccepted(study, 2);
  await stage.abort(study);
}

/** How each transition is brought about: one that is missing here fails the test. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'study.opening.opened': plain,
  'study.opening.rejected': {
    course: 'rejected',
    stops: [{ at: 'study.opening', meanwhile: ({ box }) => box.setOperator(false) }],
    act: async (stage) => void (await stage.open()),
    mend: ({ box }) => box.setOperator(true),
  },
  'study.open.starting': plain,
  'study.open.started': {
    course: 'two',
    plan: { startAt: 3 },
    act: async (stage) => {
      const study = await stage.open();
      await stage.box.grant([1, 2], study, stage.plan);
      await stage.box.startOnChain(study);
    },
  },
  'study.open.ended': {
    course: 'unstarted',
    act: async (stage) => stage.abort(await stage.open()),
  },
  'study.starting.started': plain,
  'study.running.ended': plain,
  'study.closing.closed': plain,

  'round.open.offered': plain,
  'round.open.closed': {
    course: 'aborted',
    stops: [
      {
        at: 'round.open',
        // As another coordinator process does when the order comes to it.
        meanwhile: async ({ box }) =>
          void (await box.sql(`UPDATE studies SET abort_reason = 'a test' WHERE state = 'running'`)),
      },
    ],
  },
  'round.collecting.closed': plain,
  'round.closed.decided': plain,
  'round.aggregated.queued': plain,
  'round.recorded.refused': {
    course: 'two',
    plan: { startAt: 3 },
    stops: [{ at: 'round.aggregated.queued', meanwhile: async ({ box }) => box.revoke([3], await box.study()) }],
  },
  'round.recorded.anchored': plain,

  'task.offered.leased': plain,
  'task.offered.accepted': {
    course: 'all',
    env: NO_HEARTBEATS,
    stops: eachTime('upload.receiving.stored', releaseAll),
  },
  'task.offered.refused': {
    course: 'two',
    plan: { startAt: 3 },
    env: NO_HEARTBEATS,
    third: 'wrong',
    stops: eachTime('task.offered.leased', releaseAll),
  },
  'task.offered.expired': { course: 'two', plan: { ...SHORT_ROUND, startAt: 3 }, third: 'away' },
  'task.offered.cancelled': { course: 'aborted', third: 'away', act: abortOnceTwoAreIn },
  'task.leased.leased': {
    course: 'all',
    env: LONG_LEASES,
    stops: [
      {
        at: 'task.offered.leased',
        meanwhile: async ({ box }) => {
          await box.killWorkers();
          await box.arrangeWorkers('well');
        },
      },
    ],
  },
  'task.leased.accepted': plain,
  'task.leased.refused': { course: 'two', plan: { startAt: 3 }, third: 'wrong' },
  'task.leased.expired': {
    course: 'two',
    plan: { ...SHORT_ROUND, startAt: 3 },
    env: LONG_LEASES,
    ...thirdDiesAtWork,
  },
  'task.leased.cancelled': { course: 'aborted', env: LONG_LEASES, ...thirdDiesAtWork, act: abortOnceTwoAreIn },
  'task.leased.released': { course: 'all', env: { LEASE_SECONDS: '2' }, ...thirdDiesAtWork, thirdAfter: 'well' },

  'upload.receiving.stored': plain,
  'upload.stored.accepted': plain,
  'upload.stored.lost': {
    course: 'all',
    stops: [{ at: 'upload.receiving.stored', meanwhile: loseStoredUpdates }],
  },

  'outbox.pending.signed': record,
  'outbox.signed.sent': record,
  'outbox.sent.mined': record,
  'outbox.mined.final': record,
  ...chainScenarios,
  ...recoveryScenarios,
};
