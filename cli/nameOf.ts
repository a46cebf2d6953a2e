/** `NOT_SELECTED` as `not selected`; a number that has no name yet as itself. */
export function nameOf(names: Readonly<Record<string, number>>, value: number): string {
  const name = Object.keys(names).find((key) => names[key] === value);
  return name === undefined ? String(value) : name.toLowerCase().replaceAll('_', ' ');
}
