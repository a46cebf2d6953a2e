import { html, Markup, type Part } from './Markup.ts';
import { utc } from './words.ts';

/** A part of the page with its own heading. @param id what links lead to */
export function section(id: string, heading: string, ...body: readonly Part[]): Markup {
  return html`
<section id="${id}" aria-labelledby="${id}-heading">
<h2 id="${id}-heading">${heading}</h2>
${body}
</section>`;
}

export interface Column {
  readonly head: string;
  /** Figures stand at the right, digests may break anywhere, text is the rest. */
  readonly kind?: 'figure' | 'digest';
}

/**
 * A table in a box of its own, which scrolls where it is too wide for the screen. The first cell of a row names it.
 *
 * @param caption says what the table is, to who cannot see where it stands
 */
export function table(caption: string, columns: readonly Column[], rows: readonly (readonly Part[])[]): Markup {
  const heads = columns.map(({ head, kind }) => html`<th scope="col"${classOf(kind)}>${head}</th>`);
  return scrolled(
    caption,
    html`<table>
<caption><span>${caption}</span></caption>
<thead><tr>${heads}</tr></thead>
<tbody>
${rows.map((row) => html`<tr>${row.map((cell, i) => cellOf(cell, i, columns[i]))}</tr>\n`)}</tbody>
</table>`,
  );
}

function cellOf(cell: Part, at: number, column: Column | undefined): Markup {
  const of = classOf(column?.kind);
  return at === 0 ? html`<th scope="row"${of}>${cell}</th>` : html`<td${of}>${cell}</td>`;
}

function classOf(kind: Column['kind']): Part {
  return kind === undefined ? null : new Markup(` class="${kind}"`);
}

/** A box that scrolls sideways by itself, by keyboard too, so that the page never does. */
export function scrolled(name: string, content: Markup): Markup {
  return html`<div class="scroll" role="group" tabindex="0" aria-label="${name}">${content}</div>`;
}

/** Names and what they stand for. */
export function facts(rows: readonly (readonly [name: string, value: Part])[]): Markup {
  return html`<dl class="facts">
${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>\n`)}</dl>`;
}

/** A digest, address or other text that a reader compares sign by sign. */
export function code(text: string): Markup {
  return html`<code>${text}</code>`;
}

/** A sentence, with the digests and addresses in it set as `code` sets them. */
export function prose(text: string): Markup {
  const pieces = text.split(/(0x[0-9a-f]{40,})/);
  return html`${pieces.map((piece, i) => (i % 2 === 1 ? code(piece) : piece))}`;
}

/** @param seconds Unix */
export function time(seconds: number): Markup {
  const iso = utc(seconds);
  return iso.endsWith('Z') ? html`<time datetime="${iso}">${iso}</time>` : html`${iso}`;
}

/** Something to know before the rest is read. */
export function remark(...body: readonly Part[]): Markup {
  return html`<p class="remark">${body}</p>`;
}
