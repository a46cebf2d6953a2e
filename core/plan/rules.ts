import type { Fault } from '../schemas.ts';
import { type FeatureInput, isRecord, type ParsedData, type ParsedPlan } from './fields.ts';
import type { ColumnPlan, FeaturePlan } from './Plan.ts';

/** What holds between fields outside `data`. Looks only at fields that have no fault of their own. */
export function planRules(plan: ParsedPlan): Fault[] {
  const faults: Fault[] = [];
  const { rounds, maxAttempts, quorum, startAt } = plan;
  if (rounds !== undefined && maxAttempts !== undefined && maxAttempts < rounds) {
    faults.push({ path: 'maxAttempts', message: `is ${maxAttempts}, fewer than the ${rounds} rounds wanted` });
  }
  if (quorum !== undefined && startAt !== undefined && startAt < quorum) {
    faults.push({ path: 'startAt', message: `is ${startAt}, fewer than the quorum of ${quorum}` });
  }
  if (plan.split?.kind === 'column' && plan.split.train === plan.split.test) {
    faults.push({ path: 'split.test', message: 'is the same value as split.train' });
  }
  return faults;
}

/** What holds between columns, features, label, row key and split. */
export function dataRules(written: unknown, data: ParsedData, plan: ParsedPlan): Fault[] {
  const names = writtenNames(written);
  const columns = new Map(data.columns?.map((column) => [column.name, column]));
  return [
    ...(data.columns ?? []).flatMap((column, i) => columnFaults(column, i, names)),
    ...(data.features ?? []).flatMap((feature, i) => featureFaults(feature, i, names, columns, data.features ?? [])),
    ...labelFaults(data, names, columns),
    ...(data.rowKey == null ? [] : reference('data.rowKey', data.rowKey, names)),
    ...splitFaults(data, plan, names),
  ];
}

/** Features with their levels written out; those without any are left as a fault. */
export function resolveFeatures(
  features: readonly FeatureInput[],
  columns: readonly ColumnPlan[],
): { readonly features: readonly FeaturePlan[]; readonly faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const resolved: FeaturePlan[] = [];
  features.forEach((feature, i) => {
    const levels = feature.encode === 'number' ? null : levelsOf(feature, columns);
    if (feature.encode === 'number') resolved.push(feature);
    else if (levels !== null) resolved.push({ ...feature, levels });
    else faults.push({ path: `data.features[${i}].levels`, message: 'is missing, and the column has none either' });
  });
  return { features: resolved, faults };
}

function levelsOf(feature: Extract<FeatureInput, { encode: 'onehot' }>, columns: readonly ColumnPlan[]) {
  return feature.levels ?? columns.find((column) => column.name === feature.column)?.levels ?? null;
}

/** The names that the columns have, also those of columns with faults: one mistake is not told twice. */
function writtenNames(written: unknown): readonly string[] {
  if (!isRecord(written) || !Array.isArray(written.columns)) return [];
  return written.columns.map((column: unknown) => (isRecord(column) ? String(column.name) : ''));
}

function columnFaults(column: ColumnPlan, i: number, names: readonly string[]): Fault[] {
  const faults: Fault[] = [];
  const fault = (key: string, message: string) => faults.push({ path: `data.columns[${i}].${key}`, message });
  if (names.indexOf(column.name) < i) fault('name', `column ${JSON.stringify(column.name)} is declared twice`);
  if (column.type === 'text' && (column.min !== null || column.max !== null)) fault('type', 'a text has no bounds');
  if (column.min !== null && column.max !== null && column.min > column.max) fault('min', 'is above max');
  if (column.levels !== null) for (const message of levelFaults(column.levels, column)) fault('levels', message);
  return faults;
}

function levelFaults(levels: readonly (number | string)[], column: ColumnPlan): string[] {
  const kind = column.type === 'number' ? 'number' : 'string';
  const faults: string[] = [];
  if (levels.some((level) => typeof level !== kind)) faults.push(`are not all of the column's type, ${column.type}`);
  if (new Set(levels).size < levels.length) faults.push('name a level twice');
  return faults;
}

function featureFaults(
  feature: FeatureInput,
  i: number,
  names: readonly string[],
  columns: ReadonlyMap<string, ColumnPlan>,
  all: readonly FeatureInput[],
): Fault[] {
  const root = `data.features[${i}]`;
  const faults = reference(`${root}.column`, feature.column, names);
  if (all.findIndex((other) => other.column === feature.column) < i) {
    faults.push({ path: `${root}.column`, message: 'another feature uses this column' });
  }
  const column = columns.get(feature.column);
  if (column === undefined) return faults;
  if (feature.encode === 'number') {
    if (column.type === 'text')
      faults.push({ path: `${root}.encode`, message: 'the column is text: encode it onehot' });
    return faults;
  }
  const levels = feature.levels ?? column.levels;
  if (levels === null) return faults;
  const found = feature.levels === undefined ? [] : levelFaults(levels, column);
  if (levels.some((level) => column.levels !== null && !column.levels.includes(level))) {
    found.push('are not all among the levels of the column');
  }
  if (feature.drop === 'first' && levels.length < 2) found.push('are one, and the first is dropped: nothing is left');
  return [...faults, ...found.map((message) => ({ path: `${root}.levels`, message }))];
}

function labelFaults(data: ParsedData, names: readonly string[], columns: ReadonlyMap<string, ColumnPlan>): Fault[] {
  const { label } = data;
  if (label === undefined) return [];
  const path = 'data.label.column';
  const faults = reference(path, label.column, names);
  if (columns.get(label.column)?.type === 'text') faults.push({ path, message: 'is text: a number is wanted' });
  if (data.features?.some((feature) => feature.column === label.column)) {
    faults.push({ path, message: 'is a feature too: the model would be told the answer' });
  }
  return faults;
}

function splitFaults(data: ParsedData, plan: ParsedPlan, names: readonly string[]): Fault[] {
  const { split } = plan;
  if (split?.kind !== 'column') return [];
  const faults = reference('split.column', split.column, names);
  if (split.column === data.label?.column || data.features?.some((feature) => feature.column === split.column)) {
    faults.push({ path: 'split.column', message: 'is a feature or the label' });
  }
  return faults;
}

function reference(path: string, name: string, names: readonly string[]): Fault[] {
  return names.includes(name) ? [] : [{ path, message: `no column ${JSON.stringify(name)} is declared` }];
}
