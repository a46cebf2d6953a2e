/**
 * Paths at which `now` lacks what `kept` says. What was added is no fault: fields of an object, items of a list.
 *
 * @example
 * missing({ a: 1, b: [1] }, { a: 2, b: [0, 1], c: 3 }); // ['a']
 */
export function missing(kept: unknown, now: unknown, path = ''): string[] {
  if (Array.isArray(kept)) {
    if (!Array.isArray(now)) return [path];
    return kept.flatMap((item, i) =>
      now.some((candidate) => missing(item, candidate).length === 0) ? [] : [`${path}[${i}]`],
    );
  }
  if (typeof kept !== 'object' || kept === null) return Object.is(kept, now) ? [] : [path];
  if (typeof now !== 'object' || now === null || Array.isArray(now)) return [path];
  return Object.entries(kept).flatMap(([name, value]) =>
    missing(
      value,
      Object.hasOwn(now, name) ? Reflect.get(now, name) : undefined,
      path === '' ? name : `${path}.${name}`,
    ),
  );
}
