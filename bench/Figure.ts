/** One measured value of a scenario. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  /** Such as `s`, `MiB`, `MB/s`; `×` for a ratio. */
  readonly unit: string;
  /** What the same run measured as the least that it could take, in the same unit. */
  readonly floor?: number;
  /** What is aimed at, in words. */
  readonly aim?: string;
}

/** Measures one thing. Told what it does, a line each. */
export type Scenario = (tell: (line: string) => void) => Promise<readonly Figure[]>;

export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('no values to take the median of');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
