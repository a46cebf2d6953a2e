import { STATUS } from '../../core/statements/entries.ts';
import type { Contribution } from '../Audit.ts';
import type { HistoryRound } from '../replay.ts';
import type { Report } from '../verify.ts';
import { chartOf } from './chart.ts';
import { html, type Markup, type Part } from './Markup.ts';
import { remark, section, table } from './parts.ts';
import { grouped, percent, reasonName, runs, statusName } from './words.ts';

/** Most members beside one another in a table that has to fit a printed page. */
const MEMBERS_A_TABLE = 8;
/** Cells of the tables of single rounds: about ten printed pages. */
const MOST_CELLS = 3000;

/** What each member gave: drawn, summed up, and round by round where that can be read. */
export function contributionOf(report: Report): Markup {
  const { contributions, history } = report;
  if (contributions.length === 0) {
    return section('contribution', 'Contribution', html`<p>No record names a member.</p>`);
  }
  return section(
    'contribution',
    'Contribution',
    html`<p>Samples are training rows as members declared them for a round; a round that counted a member adds its
samples. Nobody but the hospital can count its rows.</p>`,
    chartOf(contributions, history.rounds),
    sums(contributions, history.rounds),
    roundByRound(contributions, history.rounds),
  );
}

function sums(contributions: readonly Contribution[], rounds: readonly HistoryRound[]): Markup {
  const total = contributions.reduce((sum, { samples }) => sum + samples, 0n);
  const uncounted = uncountedBySlot(rounds);
  const columns = [
    { head: 'Member' },
    { head: 'Rounds included', kind: 'figure' },
    { head: 'Samples', kind: 'figure' },
    { head: 'Share of samples', kind: 'figure' },
    { head: 'Included in rounds' },
    { head: 'Not included in rounds' },
  ] as const;
  const row = ({ slot, rounds: count, samples, byRound }: Contribution): Part[] => {
    const included = byRound.filter(({ status }) => status === STATUS.INCLUDED).map(({ round }) => round);
    const others = [...(uncounted.get(slot) ?? [])].map(([why, of]) => `${why}: ${runs(of)}`);
    const share = percent(samples, total);
    const of = `${count} of ${byRound.length}`;
    return [slot, of, grouped(samples), share, runs(included) || 'none', others.join('; ') || 'none'];
  };
  return table('What each member gave, over all rounds', columns, contributions.map(row));
}

/** Of each slot: for `excluded (no answer)` and its like, the rounds, ascending. */
function uncountedBySlot(rounds: readonly HistoryRound[]): Map<number, Map<string, number[]>> {
  const bySlot = new Map<number, Map<string, number[]>>();
  for (const { round, entries } of rounds) {
    for (const { slot, status, reason } of entries) {
      if (status === STATUS.INCLUDED) continue;
      const why = reasonName(reason);
      const name = why === '' ? statusName(status) : `${statusName(status)} (${why})`;
      const own = bySlot.get(slot) ?? new Map<string, number[]>();
      bySlot.set(slot, own);
      own.set(name, [...(own.get(name) ?? []), round]);
    }
  }
  return bySlot;
}

function roundByRound(contributions: readonly Contribution[], rounds: readonly HistoryRound[]): Markup {
  const cells = contributions.length * rounds.length;
  if (cells > MOST_CELLS) {
    return remark(
      `${contributions.length} members in ${rounds.length} rounds are ${grouped(cells)} entries: more than a page can show one by one. The table above says of each member which rounds included it; the samples of every single entry are on chain.`,
    );
  }
  const bySlot = new Map(
    contributions.map((one) => [one.slot, new Map(one.byRound.map((line) => [line.round, line]))]),
  );
  const tables: Markup[] = [];
  const beside = Math.ceil(contributions.length / Math.ceil(contributions.length / MEMBERS_A_TABLE));
  for (let at = 0; at < contributions.length; at += beside) {
    const some = contributions.slice(at, at + beside).map(({ slot }) => slot);
    const heads = some.map((slot) => ({ head: `Member ${slot}`, kind: 'figure' as const }));
    const rows = rounds.map(({ round }) => [
      round,
      ...some.map((slot) => {
        const line = bySlot.get(slot)?.get(round);
        if (line === undefined) return 'not on the roster';
        return line.status === STATUS.INCLUDED ? grouped(line.samples) : statusName(line.status);
      }),
    ]);
    const whose = some.length === 1 ? `member ${some[0]}` : `members ${some[0]} to ${some.at(-1)}`;
    tables.push(table(`Samples in each round, ${whose}`, [{ head: 'Round' }, ...heads], rows));
  }
  return html`${tables}`;
}
