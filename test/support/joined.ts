/** What comes in pieces, whole; each piece is copied before the next is asked for. */
export function joined(pieces: Iterable<Uint8Array>): Uint8Array {
  return new Uint8Array(Buffer.concat(Array.from(pieces, (piece) => Uint8Array.from(piece))));
}
