import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { DataPlan, FeaturePlan } from '../../core/plan/Plan.ts';
import { levelKey } from './levels.ts';
import type { Cell, Fault } from './port.ts';

/** What became of a row: its numbers, or why there are none. */
export type Encoded =
  | { readonly kind: 'row'; readonly x: readonly number[]; readonly y: number }
  /** Lacks a feature or the label. */
  | { readonly kind: 'incomplete'; readonly column: string }
  /** Holds a level that the plan does not list. */
  | { readonly kind: 'fault'; readonly fault: Fault };

export interface Encoder {
  /** One a number of the encoded row. */
  readonly names: readonly string[];
  encode(cells: readonly Cell[]): Encoded;
}

interface FeatureEncoder {
  readonly column: string;
  readonly at: number;
  readonly names: readonly string[];
  /** Appends the feature's numbers; false when the cell is none of its values. */
  readonly append: (cell: number | string, out: number[]) => boolean;
}

/**
 * Features in the plan's order, each a number or its one-hot indicators, then the label.
 * @throws SyndicError PLAN_INVALID when a feature or the label names a column that the plan does not declare
 */
export function encoder(data: DataPlan): Encoder {
  const features = data.features.map((feature) => featureEncoder(feature, columnAt(data, feature.column)));
  const label = columnAt(data, data.label.column);
  return {
    names: features.flatMap((feature) => feature.names),
    encode(cells) {
      const incomplete = features.find((feature) => isMissing(cells[feature.at]))?.column;
      if (incomplete !== undefined) return { kind: 'incomplete', column: incomplete };
      const labelled = cells[label];
      if (isMissing(labelled)) return { kind: 'incomplete', column: data.label.column };
      if (typeof labelled !== 'number') return levelFault('type', data.label.column);
      const x: number[] = [];
      for (const feature of features) {
        if (!feature.append(cells[feature.at] ?? '', x)) return levelFault('level', feature.column);
      }
      return { kind: 'row', x, y: labelled > data.label.above ? 1 : 0 };
    },
  };
}

function featureEncoder(feature: FeaturePlan, at: number): FeatureEncoder {
  const { column } = feature;
  if (feature.encode === 'number') {
    return { column, at, names: [column], append: (cell, out) => typeof cell === 'number' && out.push(cell) > 0 };
  }
  const levels = feature.levels.map(levelKey);
  const first = feature.drop === 'first' ? 1 : 0;
  return {
    column,
    at,
    names: feature.levels.slice(first).map((level) => `${column}=${level}`),
    append(cell, out) {
      const found = levels.indexOf(levelKey(cell));
      if (found < 0) return false;
      for (let i = first; i < levels.length; i += 1) out.push(i === found ? 1 : 0);
      return true;
    },
  };
}

function columnAt(data: DataPlan, name: string): number {
  const at = data.columns.findIndex((column) => column.name === name);
  if (at < 0) {
    throw new SyndicError('PLAN_INVALID', `the plan uses column "${name}" but does not declare it under data.columns`, {
      column: name,
    });
  }
  return at;
}

function isMissing(cell: Cell | undefined): cell is null | undefined {
  return cell === null || cell === undefined;
}

function levelFault(kind: 'level' | 'type', column: string): Encoded {
  return { kind: 'fault', fault: { kind, column } };
}
