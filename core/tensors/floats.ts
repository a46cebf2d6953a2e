const LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** `values` as little-endian f32, without a copy where the machine allows it. */
export function asBytes<B extends ArrayBufferLike>(values: Float32Array<B>): Uint8Array<B | ArrayBuffer> {
  if (LITTLE_ENDIAN) return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const bytes = new Uint8Array(values.byteLength);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    view.setFloat32(4 * i, value, true);
  });
  return bytes;
}

/** A copy of the little-endian f32 in `bytes` (a multiple of 4 long); any alignment, any machine. */
export function decodeFloats(bytes: Uint8Array): Float32Array {
  if (bytes.byteLength % 4 !== 0) throw new RangeError(`${bytes.byteLength} bytes are not whole f32`);
  const values = new Float32Array(bytes.byteLength / 4);
  copyFloats(bytes, values);
  return values;
}

function copyFloats(bytes: Uint8Array, into: Float32Array): void {
  if (LITTLE_ENDIAN) {
    new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(bytes);
    return;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < into.length; i++) into[i] = view.getFloat32(4 * i, true);
}

/** The little-endian f32 in `bytes` (a multiple of 4 long), without a copy where machine and alignment allow it. */
export function asFloats(bytes: Uint8Array): Float32Array {
  if (!LITTLE_ENDIAN || bytes.byteOffset % 4 !== 0) return decodeFloats(bytes);
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

/** The exponent of an IEEE 754 binary32: all set in NaN and infinity, and in nothing else. */
const EXPONENT = 0x7f800000;
/** Added to an exponent that is all ones, and to no other, it carries into the sign. */
const EXPONENT_UNIT = 0x00800000;
/** Elements that are looked at together: without a branch for each it takes half the time. */
const STRETCH = 4096;

/** Where bytes that cannot be looked at in place are, a block at a time: allocating for each would keep the collector busy. */
const block = new Float32Array(16 * 1024);

/** `firstNotFinite` of the little-endian f32 in `bytes` (a multiple of 4 long); any alignment, any machine. */
export function firstNotFiniteIn(bytes: Uint8Array): number | null {
  if (LITTLE_ENDIAN && bytes.byteOffset % 4 === 0) return firstNotFinite(asFloats(bytes));
  for (let at = 0; at < bytes.byteLength; at += block.byteLength) {
    const piece = bytes.subarray(at, at + block.byteLength);
    const values = block.subarray(0, piece.byteLength / 4);
    copyFloats(piece, values);
    const found = firstNotFinite(values);
    if (found !== null) return at / 4 + found;
  }
  return null;
}

/** The index of the first value that is NaN or infinite; null when there is none. */
export function firstNotFinite(values: Float32Array): number | null {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  for (let from = 0; from < bits.length; from += STRETCH) {
    const to = Math.min(from + STRETCH, bits.length);
    let signs = 0;
    for (let i = from; i < to; i++) signs |= ((bits[i] ?? 0) & EXPONENT) + EXPONENT_UNIT;
    if (signs >= 0) continue;
    for (let i = from; i < to; i++) if (((bits[i] ?? 0) & EXPONENT) === EXPONENT) return i;
  }
  return null;
}
