/** Ink and hatching for the eleven looks of a series in the chart: readable on the page, and apart from each other. */
const LIGHT = [
  '#0b5fa5',
  '#b34700',
  '#00735c',
  '#8a3a86',
  '#6b5b00',
  '#a3174d',
  '#3f51b5',
  '#7a4a1f',
  '#2f6f1f',
  '#0e7490',
];
const DARK = [
  '#6fb3f2',
  '#f0924c',
  '#45c4a0',
  '#d59ad3',
  '#cdb83e',
  '#f27fa6',
  '#a3b1f5',
  '#d9a679',
  '#8fd07a',
  '#4fc3d9',
];

const LIGHT_COLOURS = `color-scheme: light; --paper: #fff; --ink: #1b1f24; --soft: #545b64; --line: #8a929b; --faint: #d7dbe0;
--tint: #f4f6f8; --good: #0b6b3a; --bad: #b3161b; --link: #0b57a0; --notice: #7a4b00; ${series(LIGHT)} --s10: #5f6770;`;
const DARK_COLOURS = `color-scheme: dark; --paper: #14171b; --ink: #e6e9ed; --soft: #aab2bc; --line: #79828d; --faint: #363c44;
--tint: #1d2127; --good: #5fd394; --bad: #ff8b85; --link: #86bdf5; --notice: #f0b95a; ${series(DARK)} --s10: #9aa3ad;`;

function series(colours: readonly string[]): string {
  return colours.map((colour, i) => `--s${i}: ${colour};`).join(' ');
}

/** The whole look of the page: screen in light and dark, phone, and A4. */
export const style = `
:root { ${LIGHT_COLOURS} }
@media (prefers-color-scheme: dark) { :root { ${DARK_COLOURS} } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; overflow-wrap: break-word; }
header, main, nav, footer { max-width: 62rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2.5rem; }
h1, h2, h3 { line-height: 1.2; text-wrap: balance; }
h1 { font-size: clamp(2.25rem, 9vw, 4rem); letter-spacing: -.02em; margin: .25rem 0 1rem; display: flex; align-items: center; gap: .35em; }
h2 { font-size: 1.5rem; margin: 3rem 0 1rem; padding-top: .75rem; border-top: 2px solid var(--ink); }
h3 { font-size: 1.0625rem; margin: 1.75rem 0 .5rem; }
p, ul { margin: .5rem 0; max-width: 44rem; }
li { margin: .3rem 0; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
code { font: .875em/1.45 ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; overflow-wrap: anywhere; }
time, .figure { font-variant-numeric: tabular-nums; }
td code { font-size: .8125em; }
time { white-space: nowrap; }
.kind { color: var(--soft); margin: 0; }
.lead { font-size: 1.125rem; margin: .25rem 0; }
.good { color: var(--good); } .bad, .fault { color: var(--bad); } .notice { color: var(--notice); }
.fault, .notice { font-weight: 600; white-space: nowrap; }
.sign { width: .85em; height: .85em; flex: none; }
.sign circle { fill: none; stroke: currentColor; stroke-width: 1.8; }
.sign path { fill: none; stroke: currentColor; stroke-width: 2.4; stroke-linecap: round; stroke-linejoin: round; }
.remark { border-left: 4px solid var(--notice); background: var(--tint); padding: .6rem .9rem; }
.facts { margin: 1.5rem 0 0; border-top: 1px solid var(--faint); }
.facts > div { display: grid; grid-template-columns: 12rem minmax(0, 1fr); gap: 0 1rem; padding: .35rem 0; border-bottom: 1px solid var(--faint); }
dt { color: var(--soft); } dd { margin: 0; }
.codes { font-size: .9375rem; } .codes > div { display: grid; grid-template-columns: 16rem minmax(0, 1fr); gap: 0 1rem; padding: .2rem 0; } .codes dt { color: var(--ink); font-weight: 600; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; padding: 0; list-style: none; max-width: none; }
nav { margin-top: 1.5rem; }
nav a { display: inline-block; padding: .2rem 0; }
.scroll { overflow-x: auto; margin: 1rem 0; position: relative; }
table { border-collapse: collapse; width: 100%; font-size: .9375rem; }
caption { text-align: left; font-weight: 600; padding: .25rem 0 .5rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .9rem .4rem 0; border-bottom: 1px solid var(--faint); }
th:last-child, td:last-child { padding-right: 0; }
thead th { border-bottom: 2px solid var(--line); vertical-align: bottom; font-size: .875rem; color: var(--soft); }
tbody th { font-weight: 400; }
.figure { text-align: right; }
.digest { overflow-wrap: anywhere; min-width: 17rem; }
.digests .digest { min-width: 0; }
tbody td.figure { white-space: nowrap; }
.small { font-size: .8125rem; font-weight: 400; color: var(--soft); }
.digests td, .digests th { padding-top: .15rem; padding-bottom: .15rem; border-bottom: 0; }
.digests tbody { border-bottom: 1px solid var(--faint); }
.digests tbody th[scope=row] { font-weight: 400; color: var(--soft); white-space: nowrap; }
figure { margin: 1rem 0; }
figcaption { color: var(--soft); font-size: .9375rem; max-width: 44rem; }
.drawing { display: block; width: 100%; min-width: 40rem; height: auto; }
.drawing text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; fill: var(--ink); }
.drawing text.small { font-size: 11px; fill: var(--soft); }
.drawing .end { text-anchor: end; } .drawing .middle { text-anchor: middle; }
.grid { stroke: var(--faint); } .axis { stroke: var(--line); }
.mark { fill: var(--s0); stroke: var(--s0); stroke-width: 2; }
.drawing rect { stroke: var(--paper); stroke-width: 1; }
.hatch { fill: none; stroke: var(--paper); stroke-opacity: .65; stroke-width: 1.4; }
${[...LIGHT, ''].map((_, i) => `.s${i} { fill: var(--s${i}); }`).join(' ')}
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; padding: 0; list-style: none; max-width: none; }
.legend li { display: flex; align-items: center; gap: .5rem; margin: 0; }
.swatch { width: 1.5rem; height: 1rem; }
footer { color: var(--soft); font-size: .9375rem; margin-top: 3rem; padding-bottom: 3rem; }
@media (max-width: 40rem) {
  .facts > div, .codes > div { grid-template-columns: minmax(0, 1fr); }
  .scroll > table { min-width: 34rem; }
  caption > span { position: sticky; left: 0; display: inline-block; max-width: calc(100vw - 2.5rem); }
  .digest { min-width: 14rem; }
  .scroll > .digests { min-width: 0; }
  .digests tbody th[scope=row] { white-space: normal; }
}
@page { size: A4; margin: 16mm 15mm 18mm; @bottom-right { content: counter(page) " / " counter(pages); font: 9pt system-ui, sans-serif; color: #545b64; } }
@media print {
  :root { ${LIGHT_COLOURS} }
  body { font-size: 10pt; }
  header, main, footer { max-width: none; padding: 0; }
  nav { display: none; }
  h1 { font-size: 34pt; } h2 { font-size: 14pt; margin-top: 9mm; } h3 { font-size: 11pt; } .lead { font-size: 11pt; }
  h2, h3, caption { break-after: avoid; }
  .scroll { overflow: visible; }
  table { font-size: 8.5pt; } thead th { font-size: 8pt; }
  th, td { padding-right: 2.5mm; } .digest { min-width: 0; }
  figcaption, .codes { font-size: 9pt; } .codes > div { grid-template-columns: 13rem minmax(0, 1fr); }
  tbody:first-of-type tr:first-child { break-before: avoid; }
  thead { display: table-header-group; }
  tr, figure, .facts > div, .codes > div, .digests tbody, li, .remark { break-inside: avoid; }
  p { orphans: 3; widows: 3; }
  .drawing { min-width: 0; }
  .drawing, .swatch, .remark { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  a { color: inherit; text-decoration: none; }
}
`;
