import { STATUS } from '../../core/statements/entries.ts';
import type { Contribution } from '../Audit.ts';
import type { HistoryRound } from '../replay.ts';
import { html, type Markup, type Part } from './Markup.ts';
import { scrolled } from './parts.ts';
import { counted, grouped } from './words.ts';

/** Series that can be told apart; of more members, those with the fewest samples are drawn as one. */
const MOST_SERIES = 10;
/** Bars that can be told apart; of more rounds, as many neighbours as needed are drawn as one. */
const MOST_BARS = 60;

const WIDTH = 760;
const HEIGHT = 300;
const LEFT = 84;
const RIGHT = 100;
const TOP = 12;
const BOTTOM = 46;
const PLOT = { width: WIDTH - LEFT - RIGHT, height: HEIGHT - TOP - BOTTOM };

/** Drawn over a series' colour in tiles of 8 by 8, so that no two look alike without it. */
const PATTERNS = [
  '',
  'M-2 2l4-4M0 8l8-8M6 10l4-4',
  'M0 2h8M0 6h8',
  'M2 2h2v2h-2zM6 6h2v2h-2z',
  'M-2 6l4 4M0 0l8 8M6-2l4 4',
  'M2 0v8M6 0v8',
  'M0 4h8M4 0v8',
  'M0 0l8 8M8 0l-8 8',
  'M0 4h8',
  'M4 0v8',
] as const;
const OTHERS = PATTERNS.length;

interface Series {
  readonly name: string;
  /** Which colour and pattern. */
  readonly look: number;
  /** In each bar. */
  readonly samples: readonly number[];
}

interface Bar {
  readonly first: number;
  readonly last: number;
}

/** Samples of each round, stacked by member. */
export function chartOf(contributions: readonly Contribution[], rounds: readonly HistoryRound[]): Markup {
  const step = Math.ceil(rounds.length / MOST_BARS);
  const bars: Bar[] = [];
  for (let at = 0; at < rounds.length; at += step) {
    const some = rounds.slice(at, at + step);
    bars.push({ first: some[0]?.round ?? 0, last: some.at(-1)?.round ?? 0 });
  }
  const series = seriesOf(contributions, rounds, step, bars.length);
  const totals = bars.map((_, bar) => series.reduce((sum, { samples }) => sum + (samples[bar] ?? 0), 0));
  const svg = html`<svg class="drawing" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="chart-title chart-desc">
<title id="chart-title">Samples declared in each round, stacked by member</title>
<desc id="chart-desc">${descriptionOf(series, bars, totals)}</desc>
${patternsOf(series)}
${plotted(series, bars, totals)}
</svg>`;
  return html`<figure>${scrolled('Chart of samples by round and member', svg)}
${legendOf(series)}
<figcaption>${captionOf(step, series, contributions.length)}</figcaption></figure>`;
}

function seriesOf(
  contributions: readonly Contribution[],
  rounds: readonly HistoryRound[],
  step: number,
  bars: number,
): Series[] {
  const barOf = new Map(rounds.map(({ round }, i) => [round, Math.floor(i / step)]));
  const samplesOf = (members: readonly Contribution[]) => {
    const samples = new Array<number>(bars).fill(0);
    for (const { byRound } of members) {
      for (const line of byRound) {
        const bar = line.status === STATUS.INCLUDED ? barOf.get(line.round) : undefined;
        if (bar !== undefined) samples[bar] = (samples[bar] ?? 0) + line.samples;
      }
    }
    return samples;
  };
  const most = [...contributions].sort((a, b) =>
    a.samples === b.samples ? a.slot - b.slot : a.samples > b.samples ? -1 : 1,
  );
  const single = most.slice(0, contributions.length > MOST_SERIES ? MOST_SERIES - 1 : MOST_SERIES);
  const others = most.slice(single.length);
  const sumOf = (members: readonly Contribution[]) => members.reduce((sum, { samples }) => sum + samples, 0n);
  // Of very many members each is too thin to be seen.
  if (others.length > 0 && sumOf(single) * 3n < sumOf(others)) {
    return [{ name: `all ${contributions.length} members`, look: 0, samples: samplesOf(contributions) }];
  }
  single.sort((a, b) => a.slot - b.slot);
  const series = single.map((one, look) => ({ name: `member ${one.slot}`, look, samples: samplesOf([one]) }));
  if (others.length === 0) return series;
  return [...series, { name: `${others.length} others`, look: OTHERS, samples: samplesOf(others) }];
}

function plotted(series: readonly Series[], bars: readonly Bar[], totals: readonly number[]): Markup {
  const top = niceCeiling(Math.max(1, ...totals));
  const slotWidth = PLOT.width / bars.length;
  const width = Math.min(64, slotWidth * 0.8);
  const y = (samples: number) => round1(TOP + PLOT.height * (1 - samples / top));
  const heights = new Array<number>(bars.length).fill(0);
  const drawnSeries = series.map(({ name, look, samples }) => {
    const pieces = bars.map((_, bar) => {
      const [from, size] = [heights[bar] ?? 0, samples[bar] ?? 0];
      heights[bar] = from + size;
      if (size === 0) return null;
      const box = html`x="${round1(LEFT + slotWidth * bar + (slotWidth - width) / 2)}" y="${y(from + size)}" width="${round1(width)}" height="${round1(y(from) - y(from + size))}"`;
      return html`<rect class="s${look}" ${box}/>${patterned(look) ? html`<rect fill="url(#p${look})" ${box}/>` : null}`;
    });
    const last = bars.length - 1;
    const [size, upTo] = [samples[last] ?? 0, heights[last] ?? 0];
    const room = (PLOT.height * size) / top >= 12;
    const beside = html`<text class="small" x="${LEFT + PLOT.width + 6}" y="${round1(y(upTo - size / 2) + 4)}">${name}</text>`;
    return html`<g>${pieces}${room ? beside : null}</g>\n`;
  });
  return html`${gridOf(top, y)}
${drawnSeries}${labelsOf(bars, totals, slotWidth)}`;
}

function gridOf(top: number, y: (samples: number) => number): Markup {
  const lines = [0, 1, 2, 3, 4].map((quarter) => {
    const samples = (top * quarter) / 4;
    return html`<line class="${quarter === 0 ? 'axis' : 'grid'}" x1="${LEFT}" x2="${LEFT + PLOT.width}" y1="${y(samples)}" y2="${y(samples)}"/>
<text class="small end" x="${LEFT - 8}" y="${y(samples) + 4}">${compact(samples)}</text>`;
  });
  return html`${lines}`;
}

function labelsOf(bars: readonly Bar[], totals: readonly number[], slotWidth: number): Markup {
  const base = TOP + PLOT.height;
  const every = Math.ceil(bars.length / 12);
  const centre = (bar: number) => round1(LEFT + slotWidth * (bar + 0.5));
  const labels = bars.map(({ first, last }, bar) => {
    const nobody =
      totals[bar] === 0 ? html`<text class="small middle" x="${centre(bar)}" y="${base - 4}">×</text>` : null;
    const name = first === last ? `${first}` : `${first}–${last}`;
    const label =
      bar % every === 0 ? html`<text class="small middle" x="${centre(bar)}" y="${base + 16}">${name}</text>` : null;
    return html`${nobody}${label}`;
  });
  const middle = LEFT + PLOT.width / 2;
  return html`${labels}<text class="middle" x="${middle}" y="${HEIGHT - 8}">round</text>
<text class="middle" transform="translate(14 ${TOP + PLOT.height / 2}) rotate(-90)">samples</text>`;
}

function patternsOf(series: readonly Series[]): Markup {
  const used = series.filter(({ look }) => patterned(look));
  return html`<defs>${used.map(
    ({ look }) =>
      html`<pattern id="p${look}" width="8" height="8" patternUnits="userSpaceOnUse"><path class="hatch" d="${PATTERNS[look] ?? ''}"/></pattern>`,
  )}</defs>`;
}

function patterned(look: number): boolean {
  return (PATTERNS[look] ?? '') !== '';
}

/** From the top of a stack down, as they stand. */
function legendOf(series: readonly Series[]): Markup {
  const swatch = (look: number) =>
    html`<svg class="swatch" viewBox="0 0 24 16" aria-hidden="true"><rect class="s${look}" width="24" height="16"/>${
      patterned(look) ? html`<rect fill="url(#p${look})" width="24" height="16"/>` : null
    }</svg>`;
  return html`<ul class="legend" aria-label="Members in the chart, from the top of a bar down">
${[...series].reverse().map(({ name, look }) => html`<li>${swatch(look)} ${name}</li>\n`)}</ul>`;
}

function captionOf(step: number, series: readonly Series[], members: number): Part {
  const bar =
    step === 1
      ? 'Each bar is a round'
      : `Each bar is the sum of ${step} rounds (there are too many to draw one by one)`;
  const rest = members - series.length + 1;
  const apart = `The ${series.length - 1} members with the most samples are drawn by themselves, the other ${rest} as one.`;
  const together = `The ${members} members are drawn as one, because each of them would be too thin to see.`;
  const summed = members <= series.length ? '' : ` ${series.length === 1 ? together : apart}`;
  const stacked = series.length === 1 ? '' : ', stacked in the order of the legend';
  return `${bar}${stacked}; × marks one that counted nobody.${summed} The tables below have the numbers.`;
}

function descriptionOf(series: readonly Series[], bars: readonly Bar[], totals: readonly number[]): string {
  const most = Math.max(0, ...totals);
  const each = series.map(({ name, samples }) => `${name} ${grouped(samples.reduce((sum, one) => sum + one, 0))}`);
  return `${counted(bars.length, 'bar')} from round ${bars[0]?.first} to round ${bars.at(-1)?.last}; the highest is ${grouped(most)} samples. In all: ${each.join(', ')}.`;
}

/** The least of 1, 2, 4, 5, 6, 8 or 10 times a power of ten that is no less. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 4, 5, 6, 8, 10].find((factor) => factor * power >= value) ?? 10);
}

/** `1500` as `1.5 k`: for a scale, whose numbers are round. */
function compact(value: number): string {
  const [by, unit] = (
    [
      [1e12, ' T'],
      [1e9, ' G'],
      [1e6, ' M'],
      [1e3, ' k'],
    ] as const
  ).find(([by]) => value >= by * 10) ?? [1, ''];
  return by === 1 ? grouped(Math.round(value * 100) / 100) : `${grouped(Math.round((value / by) * 100) / 100)}${unit}`;
}

function round1(value: number): number {
  return Math.round(value * 10) / 10;
}
