import { tensorSpecs } from '../core/model/tensorSpecs.ts';
import type { FeaturePlan, Plan, SplitPlan } from '../core/plan/Plan.ts';

/** A normalised plan in plain words: what a hospital's board reads before it agrees. One sentence a line. */
export function planSummary(plan: Plan): string[] {
  return [
    `Purpose: ${plan.purpose.description} (${[plan.purpose.duo, ...plan.purpose.modifiers].join(', ')}).`,
    `Ethics: ${plan.ethics.approval} (${plan.ethics.body}). Controller: ${plan.controller}.`,
    `Model: ${parameterCount(plan)} parameters in ${tensorSpecs(plan.model).length} tensors, initial weights from seed ${plan.seed}.`,
    `Data: ${plan.data.columns.length} columns, of which ${featureNames(plan)} are inputs; ${label(plan)}.`,
    `A row that does not fit the schema ${plan.data.badRows === 'refuse' ? 'refuses the whole dataset' : 'is set aside and counted'}.`,
    `Test rows: ${split(plan.split)}.`,
    `Each round every site takes ${count(plan.training.localSteps, 'step')} of ${plan.training.optimizer.name.toUpperCase()} at rate ${plan.training.optimizer.learningRate}, ${plan.training.batchSize === 'full' ? 'over all its training rows' : `on ${count(plan.training.batchSize, 'row')} each`}.`,
    `Updates are joined by ${plan.strategy.name}, ${weighting(plan)}.`,
    `${count(plan.rounds, 'completed round')} of at most ${plan.maxAttempts} tried; each is open for ${duration(plan.roundSeconds)} and needs ${plan.quorum} members.`,
    `Training starts by itself once ${plan.startAt} members have granted.`,
    `Told to everybody: each site's number of training rows, ${plan.disclosure === 'exact' ? 'exactly' : 'as the power of two below'}, at most ${plan.maxSamples}.`,
    `No figure leaves a site that rests on fewer than ${count(plan.minCell, 'row')}.`,
    `A receipt's record stands on chain within ${duration(plan.recordWithin)} after the deadline.`,
    `Updates are kept for ${count(plan.retainDays, 'day')} after the study; ${plan.access.auditorsReadUpdates ? 'auditors may read those of members whose grant says so' : 'no auditor reads them'}.`,
    `Privacy: ${plan.privacy.kind === 'none' ? 'no noise or masks; the coordinator sees each update' : plan.privacy.kind}.`,
  ];
}

function parameterCount(plan: Plan): string {
  const sizes = tensorSpecs(plan.model).map(({ shape }) => shape.reduce((product, size) => product * size, 1));
  return sizes.reduce((sum, size) => sum + size, 0).toLocaleString('en');
}

function featureNames(plan: Plan): string {
  const name = (feature: FeaturePlan) => (feature.encode === 'onehot' ? `${feature.column} (one-hot)` : feature.column);
  return plan.data.features.map(name).join(', ');
}

function label({ data }: Plan): string {
  return `to be predicted is whether ${data.label.column} is above ${data.label.above}`;
}

function split(plan: SplitPlan): string {
  switch (plan.kind) {
    case 'fraction':
      return `${Math.round(plan.test * 1000) / 10} % of each site's rows, drawn by the seed`;
    case 'column':
      return `those whose ${plan.column} is "${plan.test}" (training: "${plan.train}")`;
    case 'file':
      return "those that each site's own file of row positions names";
  }
}

function weighting({ weighting, maxSamples }: Plan): string {
  switch (weighting) {
    case 'samples':
      return 'each weighed by its training rows';
    case 'capped':
      return `each weighed by its training rows, ${maxSamples} at most`;
    case 'uniform':
      return 'each weighed the same';
  }
}

function count(n: number, noun: string): string {
  return `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`;
}

function duration(seconds: number): string {
  const units = [
    [86_400, 'day'],
    [3600, 'hour'],
    [60, 'minute'],
  ] as const;
  const fit = units.find(([size]) => seconds % size === 0);
  return fit === undefined ? count(seconds, 'second') : count(seconds / fit[0], fit[1]);
}
