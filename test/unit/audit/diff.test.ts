import { describe, expect, test } from '@jest/globals';
import { diffReports } from '../../../audit/diff.ts';
import type { Finding } from '../../../audit/findings.ts';
import type { StudyHistory } from '../../../audit/replay.ts';
import type { Report } from '../../../audit/verify.ts';
import { type Digest, digest } from '../../../core/values.ts';
import { sampleReport } from '../../support/sampleReport.ts';

const filled = (byte: string): Digest => digest(`0x${byte.repeat(32)}`);

const finding: Finding = {
  ...{ code: 'DISPUTE_OPEN', severity: 'notice', check: 'one', round: 1, slot: 2 },
  ...{ what: 'slot 2 disputes it', implicated: 'coordinator' },
};
const whole = sampleReport({ members: 3, rounds: 3 }, { findings: [finding] });

function withHistory(change: (history: StudyHistory) => Partial<StudyHistory>): Report {
  return { ...whole, history: { ...whole.history, ...change(whole.history) } };
}

/** The same study before its last record, and before it was closed. */
const earlier = withHistory(({ rounds }) => ({ rounds: rounds.slice(0, -1), outcome: null, head: filled('e1') }));

describe('two reports', () => {
  test('of one history are the same', () => {
    expect(diffReports(whole, whole)).toEqual({ relation: 'same', differences: [], onlyInA: [], onlyInB: [] });
  });

  test('of which one begins as the other does are an earlier and a later', () => {
    expect(diffReports(earlier, whole)).toMatchObject({ relation: 'a is earlier', differences: [] });
    expect(diffReports(whole, earlier)).toMatchObject({ relation: 'b is earlier', differences: [] });
  });

  test('with another record of one round conflict, field by field', () => {
    const last = whole.history.rounds.length;
    const other = withHistory(({ rounds }) => ({
      head: filled('e2'),
      rounds: rounds.map((round) =>
        round.round === last
          ? {
              ...round,
              recordHash: filled('aa'),
              globalModel: filled('bb'),
              entries: round.entries.map((entry, i) => (i === 0 ? { ...entry, samples: 1 } : entry)),
            }
          : round,
      ),
    }));
    const { relation, differences } = diffReports(whole, other);
    expect(relation).toBe('conflict');
    expect(differences.map(({ round, what }) => ({ round, what }))).toEqual([
      { round: last, what: 'record hash' },
      { round: last, what: 'globalModel' },
      { round: last, what: `entry of slot ${whole.history.rounds.at(-1)?.entries[0]?.slot}` },
    ]);
    expect(differences[1]).toMatchObject({ b: filled('bb') });
  });

  test('of another plan, chain or outcome conflict', () => {
    const plan = withHistory(() => ({ plan: filled('cc') }));
    expect(diffReports(whole, plan)).toMatchObject({ relation: 'conflict', differences: [{ what: 'plan' }] });
    const chain = { ...whole, chainId: 1 };
    expect(diffReports(whole, chain)).toMatchObject({ relation: 'conflict', differences: [{ what: 'chain' }] });
    const aborted = withHistory(({ outcome }) => ({ outcome: outcome === 3 ? 2 : 3, head: filled('e3') }));
    expect(diffReports(whole, aborted)).toMatchObject({ relation: 'conflict', differences: [{ what: 'outcome' }] });
  });

  test('of one length and two heads conflict, whatever else is the same', () => {
    const other = withHistory(() => ({ head: filled('e4') }));
    expect(diffReports(whole, other)).toMatchObject({
      relation: 'conflict',
      differences: [{ what: 'head of the same length', a: whole.history.head, b: filled('e4') }],
    });
  });

  test('name the findings that only one of them has', () => {
    const fewer = { ...whole, findings: [] };
    expect(diffReports(whole, fewer)).toMatchObject({ relation: 'same', onlyInA: [finding], onlyInB: [] });
    expect(diffReports(fewer, whole)).toMatchObject({ relation: 'same', onlyInA: [], onlyInB: [finding] });
  });
});
