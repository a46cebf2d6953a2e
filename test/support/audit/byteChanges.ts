import fc from 'fast-check';

/** One byte of a file, in place of another. */
export interface ByteChange {
  readonly at: number;
  readonly to: number;
}

/** A token of JSON: `at` its first byte, `end` behind its last. */
interface Token {
  readonly kind: string;
  readonly at: number;
  readonly end: number;
}

/** Bytes of one alphabet, so that what is changed stays well-formed as often as it can. */
const ALPHABETS = [
  '0123456789',
  '0123456789abcdef',
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=',
];

/** Any change of one byte of `bytes`; three of four put another digit or letter of the same kind there. */
export function byteChanges(bytes: Uint8Array, places: fc.Arbitrary<number>): fc.Arbitrary<ByteChange> {
  return fc
    .record({
      at: places,
      flip: fc.integer({ min: 1, max: 255 }),
      pick: fc.nat(),
      like: fc.integer({ max: 3, min: 0 }),
    })
    .map(({ at, flip, pick, like }) => ({
      at,
      to: like > 0 ? alikeOf(bytes[at] ?? 0, pick) : (bytes[at] ?? 0) ^ flip,
    }));
}

/** Another byte of the smallest alphabet that a byte is of; of one that is of none, another byte. */
export function alikeOf(byte: number, pick: number): number {
  const own = String.fromCharCode(byte);
  const others = [...(ALPHABETS.find((letters) => letters.includes(own)) ?? '')].filter((letter) => letter !== own);
  return others[pick % others.length]?.charCodeAt(0) ?? byte ^ (1 + (pick % 255));
}

export function changed(bytes: Uint8Array, { at, to }: ByteChange): Uint8Array {
  const copy = bytes.slice();
  copy[at] = to;
  return copy;
}

/**
 * Where a JSON file's structures begin and end: for every kind of token (its path, lists' places and digests left out) the
 * outermost bytes, and those within its quotes, of the first and of the last such token.
 */
export function boundaries(bytes: Uint8Array): number[] {
  const byKind = new Map<string, [first: Token, last: Token]>();
  for (const token of tokensOf(new TextDecoder().decode(bytes))) {
    byKind.set(token.kind, [byKind.get(token.kind)?.[0] ?? token, token]);
  }
  const places = [...byKind.values()]
    .flat()
    .flatMap(({ at, end }) => [at, at + 1, at + 2, end - 3, end - 2, end - 1, end]);
  return [...new Set(places)].filter((at) => at >= 0 && at < bytes.length).sort((a, b) => a - b);
}

/** Of JSON that is canonical and ASCII: no white space, and no brace, bracket, colon or comma within strings' escapes. */
function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const path: string[] = [];
  let key: string | null = null;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^"{}[\]:,]+/g)) {
    const isKey = token.startsWith('"') && text[index + token.length] === ':';
    if (isKey) key = token.slice(1, -1).replace(/^0x[0-9a-f]{64}$/, 'digest');
    const kind = `${isKey ? 'key ' : token[0] === '"' ? 'text ' : /^\d/.test(token) ? 'number ' : token} ${path.join('.')}.${key}`;
    tokens.push({ kind, at: index, end: index + token.length });
    if (token === '{' || token === '[') {
      path.push(key ?? '');
      key = null;
    } else if (token === '}' || token === ']') {
      key = path.pop() ?? null;
    }
  }
  return tokens;
}
