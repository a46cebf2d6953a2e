import { Counter, Gauge, Histogram, type Registry } from '@prometheus-io/client';
import type { State } from './state.sql.ts';

/** Members that answer at once, up to a round that waits a day for the slowest. */
const ROUND_SECONDS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 14_400, 43_200, 86_400];
const OUTCOMES = ['completed', 'failed', 'aborted'];
const ROUND_STATES = ['open', 'collecting', 'closed', 'aggregated', 'recorded'];
const STUDY_STATES = ['opening', 'open', 'starting', 'running', 'closing', 'closed'];
const TASK_STATES = ['offered', 'leased', 'accepted', 'refused', 'cancelled', 'expired'];
const OUTBOX_STATES = ['pending', 'signed', 'sent', 'mined', 'refused'];

/** Metrics of what the database says. Every state is there from the start, at zero: no series comes out of nowhere. */
export function stateMetrics(registry: Registry): (state: State) => void {
  const registers = [registry];
  const by = <L extends string>(name: string, label: L, help: string) =>
    new Gauge({ name, help, labelNames: [label], registers });
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  const studies = by('syndic_studies', 'state', 'Studies, by state.');
  const rounds = by('syndic_rounds', 'state', 'Rounds under way, by state.');
  const anchored = new Counter({
    ...{ name: 'syndic_rounds_anchored_total', help: 'Rounds whose record is final on chain, by outcome.' },
    ...{ labelNames: ['outcome'], registers },
  });
  const collecting = durations('syndic_round_collecting_seconds', 'From the opening of a round to its close.');
  const whole = durations('syndic_round_seconds', 'From the opening of a round to its final record on chain.');
  const overdue = gauge(
    'syndic_round_overdue_seconds',
    'Seconds since the oldest deadline whose round still collects; 0 when there is none.',
  );
  const unanchored = gauge(
    'syndic_round_unanchored_seconds',
    'Seconds since the oldest close of a round whose record is not final; 0 when there is none.',
  );
  const recordDue = gauge(
    'syndic_record_due_timestamp_seconds',
    'Unix time by which the next record of a round under way must be final; absent when no round is.',
  );
  const tasks = by('syndic_tasks', 'state', 'Tasks of rounds under way, by state.');
  const leases = by('syndic_leases', 'state', 'Leased tasks: live, or lapsed (no heartbeat in time).');
  const openTasks = by('syndic_member_open_tasks', 'slot', 'Tasks offered to or leased by a member, by its slot.');
  const outbox = by('syndic_outbox_messages', 'state', 'Messages to the chain that are not final, by state.');
  const outboxAge = gauge(
    'syndic_outbox_oldest_age_seconds',
    'Age of the oldest message to the chain that is neither final nor refused; 0 when there is none.',
  );
  const uploads = by('syndic_uploads', 'state', 'Uploads without a receipt: receiving, or stored.');
  const accepted = total('syndic_updates_accepted_total', 'Updates that have their receipt.');
  const acceptedBytes = total('syndic_accepted_bytes_total', 'Bytes of the updates that have their receipt.');
  const sessions = by('syndic_sessions', 'role', 'Logins that have not expired, by role.');

  function total(name: string, help: string) {
    return new Counter({ name, help, registers });
  }

  function durations(name: string, help: string) {
    return new Histogram({
      ...{ name, help: `${help} Whole seconds.`, labelNames: ['outcome'] },
      ...{ buckets: ROUND_SECONDS, registers },
    });
  }

  return (state) => {
    setAll(studies, STUDY_STATES, state.studies);
    setAll(rounds, ROUND_STATES, state.rounds);
    anchored.reset();
    for (const outcome of OUTCOMES) anchored.inc({ outcome }, 0);
    for (const { outcome, count } of state.anchored) anchored.inc({ outcome: outcomeName(outcome) }, count);
    observeAll(state.durations);
    overdue.set(state.pressing.overdue);
    unanchored.set(state.pressing.unanchored);
    if (state.pressing.recordDue === null) recordDue.remove();
    else recordDue.set(state.pressing.recordDue);
    setAll(tasks, TASK_STATES, state.tasks);
    const leased = state.tasks.filter((row) => row.state === 'leased');
    const lapsed = sum(leased.map((row) => row.lapsed));
    leases.set({ state: 'lapsed' }, lapsed);
    leases.set({ state: 'live' }, sum(leased.map((row) => row.count)) - lapsed);
    openTasks.reset();
    for (const { slot, state: at, count } of state.tasks) {
      if (at === 'offered' || at === 'leased') openTasks.inc({ slot: String(slot) }, count);
    }
    setAll(outbox, OUTBOX_STATES, state.outbox);
    outboxAge.set(Math.max(0, ...state.outbox.filter((row) => row.state !== 'refused').map(({ age }) => age)));
    setAll(uploads, ['receiving', 'stored'], state.uploads);
    const received = state.uploads.filter((row) => row.state === 'accepted');
    accepted.reset();
    accepted.inc(sum(received.map(({ count }) => count)));
    acceptedBytes.reset();
    acceptedBytes.inc(sum(received.map(({ bytes }) => bytes)));
    setAll(
      sessions,
      ['worker', 'operator', 'member', 'auditor'],
      state.sessions.map(({ role, count }) => ({ state: role, count })),
    );
  };

  function observeAll(rows: State['durations']): void {
    collecting.reset();
    whole.reset();
    for (const row of rows) {
      const outcome = outcomeName(row.outcome);
      for (let i = 0; i < row.count; i++) {
        collecting.observe({ outcome }, row.collecting);
        whole.observe({ outcome }, row.whole);
      }
    }
  }
}

function setAll<L extends string>(
  gauge: Gauge<L>,
  known: readonly string[],
  rows: readonly { readonly state: string; readonly count: number }[],
): void {
  for (const value of known) {
    const count = sum(rows.filter(({ state }) => state === value).map((row) => row.count));
    gauge.labels(value).set(count);
  }
}

function outcomeName(outcome: number): string {
  return OUTCOMES[outcome - 1] ?? 'unknown';
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
