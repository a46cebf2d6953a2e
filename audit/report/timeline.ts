import { OUTCOME, STATUS } from '../../core/statements/entries.ts';
import type { HistoryRound, StudyHistory } from '../replay.ts';
import type { Report } from '../verify.ts';
import { html, type Markup, type Part } from './Markup.ts';
import { code, scrolled, section, table, time } from './parts.ts';
import { counted, grouped, outcomeName, span, utc } from './words.ts';

const WIDTH = 760;
const LEFT = 150;
const RIGHT = 40;
const LANE = 30;
const TOP = 14;
/** Half of a letter's width, of the small ones. */
const HALF_LETTER = 3.2;

interface Event {
  /** Unix seconds. */
  readonly at: number;
  readonly text: string;
}

interface Lane {
  readonly name: string;
  readonly events: readonly Event[];
  /** Outline of a mark around 0, 0: each lane has a shape of its own. */
  readonly mark: string;
}

/** When what happened: one lane for each kind of event, and a table of all. */
export function timelineOf({ history, block }: Report): Markup {
  return section('timeline', 'Timeline', drawn(history, block.time), milestones(history), roundsTable(history));
}

function drawn(history: StudyHistory, asOf: number): Markup {
  const lanes = lanesOf(history).filter(({ events }) => events.length > 0);
  const from = history.opened;
  const times = lanes.flatMap(({ events }) => events.map(({ at }) => at));
  const until = times.reduce((last, at) => Math.max(last, at), history.closedAt ?? asOf);
  const x = (at: number) => LEFT + Math.round(((WIDTH - LEFT - RIGHT) * (at - from)) / Math.max(1, until - from));
  const height = TOP + lanes.length * LANE + 34;
  const end = history.closedAt === null ? 'the block of this report' : 'its close';
  const description = `From the study’s opening at ${utc(from)} to ${utc(until)}. ${lanes
    .map(({ name, events }) => `${name}: ${events.length}`)
    .join('; ')}.`;
  const svg = html`<svg class="drawing" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="timeline-title timeline-desc">
<title id="timeline-title">When what was recorded of the study</title>
<desc id="timeline-desc">${description}</desc>
${lanes.map((lane, i) => laneOf(lane, TOP + i * LANE + LANE / 2, x))}
${axisOf(from, until, TOP + lanes.length * LANE)}
</svg>`;
  return html`<figure>${scrolled('Drawing of the timeline', svg)}
<figcaption>From the study’s opening to ${end}, ${span(until - from)}. Events that would cover one another are drawn as one mark; the
table has all of them.</figcaption></figure>`;
}

function lanesOf(history: StudyHistory): Lane[] {
  const of = (outcome: number) =>
    history.rounds
      .filter((round) => round.outcome === outcome)
      .map(({ time, round }) => ({ at: time, text: `${round}` }));
  const { opened, startedAt, closedAt } = history;
  const study = [
    { at: opened, text: 'opened' },
    ...(startedAt === null ? [] : [{ at: startedAt, text: 'started' }]),
    ...(closedAt === null ? [] : [{ at: closedAt, text: 'closed' }]),
  ];
  return [
    { name: 'study', events: study, mark: 'M0-6L6 0 0 6-6 0z' },
    { name: 'round completed', events: of(OUTCOME.COMPLETED), mark: 'M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0z' },
    { name: 'round failed', events: of(OUTCOME.FAILED), mark: 'M-5-5L5 5M5-5L-5 5' },
    { name: 'round aborted', events: of(OUTCOME.ABORTED), mark: 'M-5-5h10v10h-10z' },
    {
      name: 'note',
      events: history.notes.map(({ time }, i) => ({ at: time, text: `${i + 1}` })),
      mark: 'M0-6L6 5h-12z',
    },
  ];
}

function laneOf({ name, events, mark }: Lane, y: number, x: (at: number) => number): Markup {
  const marks = new Map<number, string>();
  for (const { at, text } of events) if (!marks.has(x(at))) marks.set(x(at), text);
  let free = Number.NEGATIVE_INFINITY;
  const drawnMarks = [...marks].map(([at, text]) => {
    const half = text.length * HALF_LETTER + 3;
    const fits = at - half >= free;
    if (fits) free = at + half;
    const label = fits ? html`<text x="${at}" y="${y + 17}" class="small middle">${text}</text>` : null;
    return html`<path class="mark" transform="translate(${at} ${y})" d="${mark}"/>${label}`;
  });
  return html`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}"/>
<text x="${LEFT - 12}" y="${y + 4}" class="end">${name} (${events.length})</text>${drawnMarks}\n`;
}

function axisOf(from: number, until: number, y: number): Markup {
  return html`<line class="axis" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y + 8}" y2="${y + 8}"/>
<text x="${LEFT}" y="${y + 24}" class="small">${utc(from)}</text>
<text x="${WIDTH - RIGHT}" y="${y + 24}" class="small end">${utc(until)}</text>`;
}

function milestones({ opened, startedAt, started, closedAt, outcome, notes, rounds }: StudyHistory): Markup {
  const roster = started === null ? '' : ` with ${counted(started.length, 'member')} on its roster`;
  const rows: Part[][] = [
    ['Opened', time(opened), ''],
    startedAt === null ? ['Not started', '–', ''] : ['Started', time(startedAt), roster.trim()],
    ...notes.map(({ kind, digest, time: at, block, transaction }, i) => {
      const stands = block !== null && transaction !== null;
      const place = stands ? html`, block ${block}, transaction ${code(transaction)}` : null;
      return [`Note ${i + 1}`, time(at), html`kind ${code(kind)}, digest ${code(digest)}${place}`];
    }),
    closedAt === null || outcome === null
      ? ['Not closed', '–', `${counted(rounds.length, 'round')} recorded so far`]
      : ['Closed', time(closedAt), `as ${outcomeName(outcome)}, after ${counted(rounds.length, 'round')}`],
  ];
  return table('The study', [{ head: 'Event' }, { head: 'Time (UTC)' }, { head: 'Details', kind: 'digest' }], rows);
}

function roundsTable({ rounds, startedAt, opened }: StudyHistory): Markup {
  if (rounds.length === 0) return html`<p>No round is recorded.</p>`;
  // Read from a bundle, no round's block is known.
  const placed = rounds.some(({ block }) => block !== null);
  const columns = [
    { head: 'Round' },
    { head: 'Outcome' },
    { head: 'Recorded (UTC)' },
    { head: 'After', kind: 'figure' },
    { head: 'Members included', kind: 'figure' },
    { head: 'Samples declared', kind: 'figure' },
    ...(placed ? [{ head: 'Block', kind: 'figure' } as const] : []),
  ] as const;
  const row = (round: HistoryRound, i: number): Part[] => {
    const included = round.entries.filter(({ status }) => status === STATUS.INCLUDED);
    const samples = included.reduce((sum, entry) => sum + BigInt(entry.samples), 0n);
    const before = rounds[i - 1]?.time ?? startedAt ?? opened;
    const of = `${included.length} of ${round.entries.length}`;
    const [told, after] = [outcomeName(round.outcome), span(Math.max(0, round.time - before))];
    const place = placed ? [round.block ?? '–'] : [];
    return [round.round, told, time(round.time), after, of, grouped(samples), ...place];
  };
  return table('Rounds, each with the time since the one before it or the start', columns, rounds.map(row));
}
