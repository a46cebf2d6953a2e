/** A decimal number as people and programs write it: no hex, no separators, no `inf`, no `nan`. */
export const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * What two spellings of one level share: `1`, `1.0` and `"1"` are the same level, `"male"` is only itself.
 * Files write 1 as `1.0` as soon as a column once held a missing value.
 */
export function levelKey(value: number | string): number | string {
  if (typeof value === 'number') return value;
  return NUMBER.test(value) ? Number(value) : value;
}

/** Spaces and tabs around a field are no part of it. */
export function trimField(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '');
}
