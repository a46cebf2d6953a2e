import type { HistoryRound } from '../replay.ts';
import type { Report } from '../verify.ts';
import { html, type Markup, type Part } from './Markup.ts';
import { code, section, table } from './parts.ts';
import { counted, grouped, outcomeName } from './words.ts';

/** Each check, how many things it looked at, and what came of it. */
export function checksOf({ checks, findings }: Report): Markup {
  const columns = [
    { head: 'Check' },
    { head: 'Things examined', kind: 'figure' },
    { head: 'Faults', kind: 'figure' },
    { head: 'Notices', kind: 'figure' },
  ] as const;
  const row = ({ check, examined }: Report['checks'][number]): Part[] => {
    const of = findings.filter((one) => one.check === check);
    const faults = of.filter(({ severity }) => severity === 'fault').length;
    const told = faults === 0 ? '0' : html`<span class="fault">✕ ${grouped(faults)}</span>`;
    return [check, grouped(examined), told, grouped(of.length - faults)];
  };
  const all = checks.reduce((sum, { examined }) => sum + examined, 0);
  return section(
    'checks',
    'Checks',
    html`<p>Whatever is not in this list was not checked. One thing may have several faults.</p>`,
    table(`${counted(checks.length, 'kind')} of checks, ${counted(all, 'thing')} examined`, columns, checks.map(row)),
  );
}

/** Of every round what a reader compares with copies of their own, in full. */
export function digestsOf({ history: { rounds, head } }: Report): Markup {
  const body = rounds.map((round) => {
    const [[name, digest], ...rest] = linesOf(round);
    const line = ([of, text]: Line) => html`<th scope="row">${of}</th><td class="digest">${code(text)}</td></tr>\n`;
    return html`<tbody><tr><th scope="rowgroup" rowspan="${rest.length + 1}">${round.round}<br><span class="small">${outcomeName(round.outcome)}</span></th>${line([name, digest])}${rest.map(
      (one) => html`<tr>${line(one)}`,
    )}</tbody>\n`;
  });
  const caption = 'Digests of every round';
  return section(
    'digests',
    'Digests',
    html`<p>Models and manifests are named by the SHA-256 of their bytes; record hashes and heads are keccak-256, as the
contract makes them. The study’s head now is ${code(head)}.</p>`,
    rounds.length === 0
      ? html`<p>No round is recorded.</p>`
      : html`<div class="scroll" role="group" tabindex="0" aria-label="${caption}"><table class="digests"><caption><span>${caption}</span></caption>
<thead><tr><th scope="col">Round</th><th scope="col">What</th><th scope="col">Digest</th></tr></thead>
${body}</table></div>`,
  );
}

type Line = readonly [name: string, digest: string];

function linesOf(round: HistoryRound): readonly [Line, ...Line[]] {
  return [
    ['Base model', round.baseModel],
    ['Global model', round.globalModel],
    ['Manifest', round.manifest],
    ['Record hash', round.recordHash],
    ['Head', round.head],
    // Of a bundle's events nothing proves where they stand.
    ...(round.transaction === null ? [] : [['Transaction', round.transaction] as const]),
    ...(round.block === null ? [] : [['Block', String(round.block)] as const]),
  ];
}
