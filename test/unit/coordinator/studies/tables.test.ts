import { describe, expect, test } from '@jest/globals';
import {
  nextState,
  ROUND,
  STUDY,
  TASK,
  TASK_AT_WORK,
  type Table,
  UPLOAD,
} from '../../../../coordinator/studies/tables.ts';

/** Every state × event, as `state event state`; what is not listed cannot happen. */
const tables: readonly [name: string, table: Table<string, string>, arrows: readonly string[]][] = [
  [
    'study',
    STUDY,
    [
      'opening opened open',
      'opening rejected closed',
      'open starting starting',
      'open started running',
      'open ended closing',
      'open adopted closed',
      'starting adopted closed',
      'running adopted closed',
      'closing adopted closed',
      'starting started running',
      'starting startRefused open',
      'running ended closing',
      'closing closed closed',
    ],
  ],
  [
    'round',
    ROUND,
    [
      'open offered collecting',
      'open closed closed',
      'collecting closed closed',
      'closed decided aggregated',
      'aggregated queued recorded',
      'recorded refused closed',
      'recorded anchored anchored',
      'open adopted anchored',
      'collecting adopted anchored',
      'closed adopted anchored',
      'aggregated adopted anchored',
      'recorded adopted anchored',
    ],
  ],
  [
    'task',
    TASK,
    [
      'offered leased leased',
      'offered accepted accepted',
      'offered refused refused',
      'offered expired expired',
      'offered cancelled cancelled',
      'leased leased leased',
      'leased accepted accepted',
      'leased refused refused',
      'leased expired expired',
      'leased cancelled cancelled',
      'leased released offered',
      'offered adopted accepted',
      'leased adopted accepted',
    ],
  ],
  [
    'upload',
    UPLOAD,
    [
      'receiving stored stored',
      'stored accepted accepted',
      'stored lost receiving',
      'receiving adopted accepted',
      'stored adopted accepted',
    ],
  ],
];

describe.each(tables)('the state machine of a %s', (_name, table, arrows) => {
  const states = Object.keys(table);
  const events = [...new Set(arrows.map((arrow) => arrow.split(' ')[1] ?? ''))];

  test('has exactly the arrows that are written down', () => {
    const found = states.flatMap((state) =>
      Object.entries(table[state] ?? {}).map(([event, next]) => `${state} ${event} ${next}`),
    );
    expect(found.toSorted()).toEqual(arrows.toSorted());
  });

  test('refuses every other event in every state', () => {
    for (const state of states) {
      for (const event of events) {
        const next = table[state]?.[event];
        if (next === undefined) expect(() => nextState(table, state, event)).toThrow(RangeError);
        else expect(nextState(table, state, event)).toBe(next);
      }
    }
  });

  test('reaches every state, and an end from every state', () => {
    const [first = ''] = states;
    const reach = (from: string, seen = new Set<string>()): Set<string> => {
      if (seen.has(from)) return seen;
      seen.add(from);
      for (const next of Object.values(table[from] ?? {})) if (next !== undefined) reach(next, seen);
      return seen;
    };
    expect([...reach(first)].toSorted()).toEqual(states.toSorted());
    const ends = states.filter((state) => Object.keys(table[state] ?? {}).length === 0);
    for (const state of states) expect([...reach(state)].some((reached) => ends.includes(reached))).toBe(true);
  });
});

test('a task is at work exactly where an update may still be accepted', () => {
  const states = Object.entries(TASK).filter(([, events]) => 'accepted' in events);
  expect(states.map(([state]) => state)).toEqual([...TASK_AT_WORK]);
});
