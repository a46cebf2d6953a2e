import { describe, expect, test } from '@jest/globals';
import type { OutboxState } from '../../../../coordinator/anchor/port.ts';
import { afterEvent, OUTBOX, type OutboxEvent } from '../../../../coordinator/anchor/tables.ts';

const states: readonly OutboxState[] = ['pending', 'signed', 'sent', 'mined', 'final', 'refused'];
const events: readonly OutboxEvent[] = [
  ...(['signed', 'sent', 'repriced', 'mined', 'found', 'reorged'] as const),
  ...(['vanished', 'displaced', 'reverted', 'refused', 'final', 'renewed'] as const),
];

/** Every arrow, spelled once more by hand. */
const arrows: readonly (readonly [OutboxState, OutboxEvent, OutboxState])[] = [
  ['pending', 'signed', 'signed'],
  ['pending', 'found', 'mined'],
  ['pending', 'refused', 'refused'],
  ['signed', 'sent', 'sent'],
  ['signed', 'repriced', 'signed'],
  ['sent', 'repriced', 'signed'],
  ['sent', 'mined', 'mined'],
  ['sent', 'displaced', 'pending'],
  ['sent', 'reverted', 'pending'],
  ['mined', 'reorged', 'sent'],
  ['mined', 'vanished', 'pending'],
  ['mined', 'final', 'final'],
  ['refused', 'renewed', 'pending'],
];

describe('the outbox table', () => {
  test.each(states.flatMap((state) => events.map((event) => [state, event] as const)))(
    'a row that is %s and is %s goes where the table says, or nowhere',
    (state, event) => {
      const arrow = arrows.find(([from, on]) => from === state && on === event);
      if (arrow === undefined) expect(() => afterEvent(state, event)).toThrow(RangeError);
      else expect(afterEvent(state, event)).toBe(arrow[2]);
    },
  );

  test('has these states and no others, and nothing leaves final', () => {
    expect(Object.keys(OUTBOX).sort()).toEqual([...states].sort());
    expect(OUTBOX.final).toEqual({});
  });

  test('every state is reached from pending, and final from every state', () => {
    const from = (start: OutboxState): Set<OutboxState> => {
      const seen = new Set<OutboxState>([start]);
      for (const state of seen) for (const next of Object.values(OUTBOX[state])) seen.add(next);
      return seen;
    };
    expect([...from('pending')].sort()).toEqual([...states].sort());
    for (const state of states) expect(from(state).has('final')).toBe(true);
  });

  test('signed bytes are dropped only when the chain has made them worthless, or another message takes their place', () => {
    const back = arrows.filter(([, , to]) => to === 'pending').map(([from, on]) => `${from} ${on}`);
    expect(back).toEqual(['sent displaced', 'sent reverted', 'mined vanished', 'refused renewed']);
  });
});
