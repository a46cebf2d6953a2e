import * as z from 'zod';
import type { ColumnPlan, DataPlan, FeaturePlan, LabelPlan, SplitPlan, TrainingPlan } from './Plan.ts';

/** Printable text: no control characters, which could forge what a hospital is shown. */
const text = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^\P{Cc}*$/u, 'control characters are not allowed');
const line = text(200);
const columnName = text(128);
const value = z.union([z.number(), text(200)], { error: 'a number or a text is wanted' });
const duo = z.string().regex(/^DUO:[0-9]{7}$/, 'a GA4GH Data Use Ontology term is wanted, as DUO:0000007');
const DAY = 86_400;
const YEAR = 366 * DAY;

const column: z.ZodType<ColumnPlan> = z.strictObject({
  name: columnName,
  type: z.enum(['number', 'text']),
  min: z.number().nullable().default(null),
  max: z.number().nullable().default(null),
  levels: z.array(value).min(1).max(1000).nullable().default(null),
});

/** A feature as it is written: a bare name is a number; levels may be the column's. */
export type FeatureInput =
  | Extract<FeaturePlan, { encode: 'number' }>
  | (Omit<Extract<FeaturePlan, { encode: 'onehot' }>, 'levels'> & { readonly levels?: readonly (number | string)[] });

const feature: z.ZodType<FeatureInput> = z.preprocess(
  asFeature,
  z.discriminatedUnion('encode', [
    z.strictObject({ column: columnName, encode: z.literal('number') }),
    z.strictObject({
      column: columnName,
      encode: z.literal('onehot'),
      levels: z.array(value).min(1).max(1000).optional(),
      drop: z.enum(['first', 'none']).default('none'),
    }),
  ]),
);

function asFeature(written: unknown): unknown {
  if (typeof written === 'string') return { column: written, encode: 'number' };
  if (isRecord(written) && written.encode === undefined) return { ...written, encode: 'number' };
  return written;
}

const normalise: z.ZodType<DataPlan['normalise']> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({
    kind: z.literal('zscore'),
    ddof: z.union([z.literal(0), z.literal(1)]).default(1),
    epsilon: z.number().min(0).default(1e-9),
  }),
]);

const label: z.ZodType<LabelPlan> = z.strictObject({
  column: columnName,
  kind: z.literal('binary').default('binary'),
  above: z.number(),
});

/** The fields of `data`, each checked by itself so that a fault in one hides none in another. */
export const dataFields = {
  format: z
    .strictObject({
      kind: z.literal('csv').default('csv'),
      header: z.boolean().default(true),
      delimiter: z
        .string()
        .regex(/^[^"\r\n\p{Cs}]$/u, 'one character is wanted, not a quote or line break')
        .default(','),
      missing: z.array(z.string().min(1).max(64)).max(100).default([]),
    })
    .prefault({}),
  columns: z.array(column).min(1).max(10_000),
  rowKey: columnName.nullable().default(null),
  badRows: z.enum(['quarantine', 'refuse']).default('quarantine'),
  features: z.array(feature).min(1).max(10_000),
  normalise: normalise.prefault({ kind: 'none' }),
  label,
};

const fraction = z.number().gt(0).lt(1);
/** `{fraction: 0.25}`, `{column: set, train: a, test: b}` and `file` stand for the long forms. */
const split: z.ZodType<SplitPlan> = z.preprocess(
  asSplit,
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('fraction'), test: fraction }),
    z.strictObject({ kind: z.literal('column'), column: columnName, train: line, test: line }),
    z.strictObject({ kind: z.literal('file') }),
  ]),
);

function asSplit(written: unknown): unknown {
  if (written === 'file') return { kind: 'file' };
  if (!isRecord(written) || written.kind !== undefined) return written;
  if ('fraction' in written) {
    const { fraction: test, ...rest } = written;
    return { ...rest, kind: 'fraction', test };
  }
  return 'column' in written ? { ...written, kind: 'column' } : written;
}

const training: z.ZodType<TrainingPlan> = z.strictObject({
  loss: z.literal('binaryCrossentropy').default('binaryCrossentropy'),
  optimizer: z.strictObject({ name: z.literal('sgd').default('sgd'), learningRate: z.number().gt(0).max(1e6) }),
  batchSize: z.union([z.literal('full'), z.int().min(1).max(0x7fff_ffff)], {
    error: 'a whole number of rows, or "full", is wanted',
  }),
  localSteps: z.int().min(1).max(10_000_000),
  shortBatch: z.literal('keep').default('keep'),
});

const attempts = z.int().min(1).max(0xffff_ffff);
const members = z.int().min(2).max(2000);

/** The plan's fields apart from `model` and `data`; those three that default to another stay undefined. */
export const planFields = {
  schema: z.literal('syndic.plan/1'),
  name: line,
  purpose: z.strictObject({ duo, modifiers: z.array(duo).max(50).default([]), description: text(2000) }),
  ethics: z.strictObject({ approval: line, body: line }),
  controller: line,
  seed: z.int().min(0).default(0),
  split,
  training,
  strategy: z.strictObject({ name: z.literal('fedavg') }).prefault({ name: 'fedavg' }),
  privacy: z.strictObject({ kind: z.literal('none') }).prefault({ kind: 'none' }),
  rounds: attempts,
  maxAttempts: attempts.optional(),
  quorum: members.default(2),
  startAt: members.optional(),
  roundSeconds: z.int().min(1).max(YEAR).default(3600),
  recordWithin: z.int().min(1).max(YEAR).default(DAY),
  weighting: z.enum(['samples', 'capped', 'uniform']).default('samples'),
  disclosure: z.enum(['exact', 'bucketed']).default('exact'),
  maxSamples: z
    .int()
    .min(1)
    .max(2 ** 40 - 1)
    .default(1_000_000),
  minCell: z.int().min(1).max(1_000_000).default(10),
  retainDays: z.int().min(0).max(36_500).default(30),
  encoding: z.literal('f32').default('f32'),
  access: z.strictObject({ auditorsReadUpdates: z.boolean().default(false) }).prefault({}),
};

/** What a table of fields parses to; a field that has a fault is missing. */
export type Parsed<F extends Record<string, z.ZodType>> = { [K in keyof F]?: z.output<F[K]> };

export type ParsedPlan = Parsed<typeof planFields>;
export type ParsedData = Parsed<typeof dataFields>;

export function isRecord(written: unknown): written is Record<string, unknown> {
  return typeof written === 'object' && written !== null && !Array.isArray(written);
}
