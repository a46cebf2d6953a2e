import type { FeaturePlan } from './Plan.ts';

/** Numbers that one feature makes of a row: 1, or one an indicated level. */
export function encodedWidth(feature: FeaturePlan): number {
  if (feature.encode === 'number') return 1;
  return feature.levels.length - (feature.drop === 'first' ? 1 : 0);
}

/** Numbers in a row after encoding: the model's input. */
export function featureWidth(features: readonly FeaturePlan[]): number {
  return features.reduce((sum, feature) => sum + encodedWidth(feature), 0);
}
