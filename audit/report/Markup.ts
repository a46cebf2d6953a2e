/** Text that is HTML already. Everything else that comes into a page is escaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What a template takes: nothing, text to be escaped, markup, or several of them one after the other. */
export type Part = Markup | string | number | bigint | null | undefined | readonly Part[];

/**
 * HTML in which every value is escaped unless it is markup itself: whatever a chain or a document says, it stays text.
 *
 * @example
 * html`<p title="${'"quoted"'}">${'<b>'}</p>`.text; // <p title="&quot;quoted&quot;">&lt;b&gt;</p>
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const pieces = strings.flatMap((piece, i) => [piece, i < parts.length ? written(parts[i]) : '']);
  return new Markup(pieces.join(''));
}

function written(part: Part): string {
  if (part === null || part === undefined) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map(written).join('');
  return escapeHtml(String(part));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Also shows what would show nothing or turn the text around: control characters, bidirectional marks, half pairs. */
export function escapeHtml(text: string): string {
  return text
    .replace(/(?![\n\t])[\p{Cc}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\ufffd')
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
