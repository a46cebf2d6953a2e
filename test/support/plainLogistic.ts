/** Logistic regression in plain float64, by nothing of the project: what trained models are held against. */

/** A row's features, and its label, 0 or 1. */
export interface LabelledRow {
  readonly x: readonly number[];
  readonly y: number;
}

/** One weight a feature, and the bias. */
export interface Logistic {
  readonly kernel: readonly number[];
  readonly bias: number;
}

/** Z-scores of `rows` by the mean and standard deviation (ddof 1, plus 1e-9) of `train`; constant there: 0. */
export function normalised(rows: readonly LabelledRow[], train: readonly LabelledRow[]): LabelledRow[] {
  const columns = train[0]?.x.map((_, column) => train.map(({ x }) => x[column] as number)) ?? [];
  const scales = columns.map((values) => {
    const mean = sum(values) / values.length;
    const sd = Math.sqrt(sum(values.map((value) => (value - mean) ** 2)) / (values.length - 1));
    return { mean, by: Math.max(...values) === Math.min(...values) ? 0 : 1 / (sd + 1e-9) };
  });
  return rows.map(({ x, y }) => ({ x: scales.map(({ mean, by }, i) => ((x[i] as number) - mean) * by), y }));
}

export function probability({ kernel, bias }: Logistic, { x }: LabelledRow): number {
  return 1 / (1 + Math.exp(-sum([bias, ...x.map((value, i) => value * (kernel[i] as number))])));
}

/** One step of gradient descent on the mean cross-entropy of all rows. */
export function descend(model: Logistic, rows: readonly LabelledRow[], rate: number): Logistic {
  const errors = rows.map((row) => probability(model, row) - row.y);
  const step = (of: (row: LabelledRow) => number) =>
    (rate * sum(rows.map((row, i) => (errors[i] as number) * of(row)))) / rows.length;
  return {
    kernel: model.kernel.map((weight, column) => weight - step(({ x }) => x[column] as number)),
    bias: model.bias - step(() => 1),
  };
}

/** Rows whose class it gets right at 0.5. */
export function rightRows(model: Logistic, rows: readonly LabelledRow[]): number {
  return rows.filter((row) => probability(model, row) > 0.5 === (row.y === 1)).length;
}

/** A stored model's two tensors, read as any safetensors reader would. */
export function readLogistic(file: Uint8Array): Logistic {
  const headerLength = Number(new DataView(file.buffer, file.byteOffset, 8).getBigUint64(0, true));
  const header: Record<string, { data_offsets: [number, number] }> = JSON.parse(
    new TextDecoder().decode(file.subarray(8, 8 + headerLength)),
  );
  const floats = (name: string): number[] => {
    const [from = 0, to = 0] = header[name]?.data_offsets ?? [];
    const view = new DataView(file.buffer, file.byteOffset + 8 + headerLength + from, to - from);
    return Array.from({ length: (to - from) / 4 }, (_, i) => view.getFloat32(4 * i, true));
  };
  const [bias] = floats('logit/bias');
  if (bias === undefined) throw new Error('the file has no tensor logit/bias');
  return { kernel: floats('logit/kernel'), bias };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
