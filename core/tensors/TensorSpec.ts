/** What a model file says of one tensor. `name` is `<layer>/<weight>`; `shape` is row-major, empty for a scalar. */
export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'F32';
}

/** One part of a tensor's name, and a layer's name. */
export const NAME_PART = /^[A-Za-z0-9_.-]{1,64}$/;
/** Names under this prefix are Syndic's own (`syndic.control/…`, `syndic.state/…`). */
export const RESERVED_PREFIX = 'syndic.';
const BYTES_PER_ELEMENT = 4;

/** Elements of a tensor of this shape. NaN when a dimension is not a positive whole number or the product overflows. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const dimension of shape) {
    if (!Number.isSafeInteger(dimension) || dimension < 1) return Number.NaN;
    count *= dimension;
  }
  return Number.isSafeInteger(count * BYTES_PER_ELEMENT) ? count : Number.NaN;
}

/** Bytes of a tensor's data; NaN as `elementCount`. */
export function byteCount(shape: readonly number[]): number {
  return elementCount(shape) * BYTES_PER_ELEMENT;
}

/** Order of the UTF-8 bytes of two names. */
export function compareNames(a: string, b: string): number {
  const [one, other] = [new TextEncoder().encode(a), new TextEncoder().encode(b)];
  const differs = one.findIndex((byte, i) => byte !== other[i]);
  // Where one is the beginning of the other, the shorter comes first.
  return differs === -1 ? one.length - other.length : (one[differs] ?? 0) - (other[differs] ?? -1);
}

/** Whether `name` is `<layer>/<weight>`, each of 1 to 64 of `A-Z a-z 0-9 _ . -`. */
export function isTensorName(name: string): boolean {
  const parts = name.split('/');
  return parts.length === 2 && parts.every((part) => NAME_PART.test(part));
}

/** Whether two lists name the same tensors with the same shapes, in the same order. */
export function sameSpecs(a: readonly TensorSpec[], b: readonly TensorSpec[]): boolean {
  return a.length === b.length && a.every((spec, i) => sameSpec(spec, b[i]));
}

function sameSpec(a: TensorSpec, b: TensorSpec | undefined): boolean {
  if (b === undefined || a.name !== b.name || a.dtype !== b.dtype || a.shape.length !== b.shape.length) return false;
  return a.shape.every((dimension, i) => dimension === b.shape[i]);
}
