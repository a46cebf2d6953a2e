/** What JSON can print: sums of samples as numbers, and in digits where a number would not be exact. */
export function asJson(value: unknown): unknown {
  const plain = (sum: bigint) => (sum <= Number.MAX_SAFE_INTEGER ? Number(sum) : String(sum));
  return JSON.parse(JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? plain(one) : one)));
}
