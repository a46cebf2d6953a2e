/** Half-bytes, from the root down. */
export type Path = readonly number[];

/**
 * Reads the hex-prefix encoding of a leaf's or an extension's way (Yellow Paper, appendix C): a first half-byte that
 * says leaf (2) and odd (1), a zero after it where the way is even.
 *
 * @param packed 0x-hex
 * @throws RangeError on other flags or padding
 */
export function unpackPath(packed: string): { leaf: boolean; nibbles: Path } {
  const [flags = -1, ...rest] = [...packed.slice(2)].map((digit) => Number.parseInt(digit, 16));
  if (flags < 0 || flags > 3) throw new RangeError('a way that starts with no known flags');
  const odd = (flags & 1) === 1;
  if (!odd && rest[0] !== 0) throw new RangeError('a way whose padding is not zero');
  return { leaf: (flags & 2) === 2, nibbles: odd ? rest : rest.slice(1) };
}
