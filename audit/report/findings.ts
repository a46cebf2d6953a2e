import { type Finding, type FindingCode, findingCodes, type Unchecked } from '../findings.ts';
import type { Report } from '../verify.ts';
import { html, type Markup, type Part } from './Markup.ts';
import { type Column, code, prose, remark, section, table } from './parts.ts';
import { counted } from './words.ts';

/** Rows of a list of findings or of unchecked things: beyond them a page can no longer be opened, let alone printed. */
export const MOST_ROWS = 2000;

/** What is wrong, faults first, and what each code means. */
export function findingsOf({ findings }: Report): Markup {
  if (findings.length === 0) return section('findings', 'Findings', html`<p>Nothing was found.</p>`);
  const faults = findings.filter(({ severity }) => severity === 'fault');
  const sorted = [...faults, ...findings.filter(({ severity }) => severity === 'notice')];
  const columns: Column[] = [
    { head: 'Code' },
    { head: 'What was found', kind: 'digest' },
    { head: 'Round' },
    { head: 'Member' },
    { head: 'Points at' },
  ];
  return section(
    'findings',
    'Findings',
    html`<p>A fault is something that an honest consortium cannot show. A notice is a fact that a reader should know and
that proves nobody wrong. Members are named by their slots, their numbers on chain.</p>`,
    cut(sorted.length, 'findings'),
    table(
      `${counted(faults.length, 'fault')}, ${counted(findings.length - faults.length, 'notice')}`,
      columns,
      sorted.slice(0, MOST_ROWS).map(rowOf),
    ),
    meanings(findings),
  );
}

function rowOf({ code: of, severity, round, slot, implicated, what, expected, found }: Finding): Part[] {
  const detail = html`${prose(what)}${expected === undefined ? null : html`<br>Expected: ${code(expected)}`}${
    found === undefined ? null : html`<br>Found: ${code(found)}`
  }`;
  const severe = html`<span class="${severity}">${severity === 'fault' ? '✕ fault' : 'i notice'}</span>`;
  const named = html`<a href="#code-${of}">${of.split('_').map((word, i) => (i === 0 ? word : html`_<wbr>${word}`))}</a><br>${severe}`;
  return [named, detail, round ?? '–', slot ?? '–', implicated];
}

function meanings(findings: readonly Finding[]): Markup {
  const byCode = new Map<FindingCode, number>();
  for (const { code } of findings) byCode.set(code, (byCode.get(code) ?? 0) + 1);
  return html`<h3>What the codes mean</h3>
<p>How each comes about and what to do about it stands in Syndic’s documentation, in docs/findings, under its name.</p>
<dl class="codes">
${[...byCode].map(
  ([of, count]) =>
    html`<div><dt id="code-${of}">${of}</dt><dd>${findingCodes[of].means} ${counted(count, `${findingCodes[of].severity}`)}.</dd></div>\n`,
)}</dl>`;
}

/** What nobody looked at, and why. */
export function uncheckedOf({ unchecked }: Report): Markup {
  const heading = 'What was not checked';
  if (unchecked.length === 0) {
    return section(
      'unchecked',
      heading,
      html`<p>Nothing was left out: everything that the verifier knows to check was checked.</p>`,
    );
  }
  const columns: Column[] = [{ head: 'What' }, { head: 'Why', kind: 'digest' }, { head: 'Round' }, { head: 'Member' }];
  const row = ({ what, why, round, slot }: Unchecked): Part[] => [
    prose(what),
    prose(why),
    round ?? 'all',
    slot ?? 'all',
  ];
  return section(
    'unchecked',
    heading,
    cut(unchecked.length, 'things'),
    table(
      `${counted(unchecked.length, 'thing was', 'things were')} not checked`,
      columns,
      unchecked.slice(0, MOST_ROWS).map(row),
    ),
  );
}

function cut(count: number, things: string): Markup | null {
  if (count <= MOST_ROWS) return null;
  const rest = counted(count - MOST_ROWS, 'more is', 'more are');
  return remark(
    html`The first ${MOST_ROWS} ${things} are listed; ${rest} left out of this page. ${code('syndic audit verify --json')} lists all.`,
  );
}
