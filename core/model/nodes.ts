import * as z from 'zod';
import type { ModelPlan } from '../plan/Plan.ts';
import { type Fault, faultsOf, pathOf, reporting } from '../schemas.ts';
import type { LayerConfig } from './layers.ts';

/** One layer as a topology lists it, before its configuration is read. */
export interface Node {
  /** Where it stands in the topology, for messages. */
  readonly path: string;
  readonly className: string;
  readonly config: unknown;
  /** Which of the nodes before it feed it, by position; empty for the one that takes the model's input. */
  readonly inputs: readonly number[];
}

/** A graph of layers: chained (`Sequential`) or wired by name (`Model`). */
export interface Graph {
  readonly nodes: readonly Node[];
  /** Position of the node whose output is the model's. */
  readonly output: number;
  /** The normalised topology around these configurations, one for each node. */
  write(configs: readonly LayerConfig[]): ModelPlan['topology'];
}

const MAX_LAYERS = 1000;
const modelName = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{1,64}$/, 'a model is named with 1 to 64 of A-Z a-z 0-9 _ . -')
  .default('model');
const header = { keras_version: z.string().optional(), backend: z.string().optional() };
const layer = { class_name: z.string(), config: z.unknown() };

const sequential = z.strictObject({
  ...header,
  class_name: z.literal('Sequential'),
  config: z.strictObject({
    name: modelName,
    layers: z.array(z.strictObject(layer)).min(1).max(MAX_LAYERS),
  }),
});

/** `[layer, node, tensor]` and what `model.toJSON` writes after them: an object without members. */
const reference = z.tuple([z.string(), z.literal(0), z.literal(0)]).rest(z.strictObject({}));
const single = z.preprocess(
  (value) => (Array.isArray(value) && typeof value[0] === 'string' ? [value] : value),
  z.tuple([reference], { error: 'exactly one is wanted' }),
);
const functional = z.strictObject({
  ...header,
  class_name: z.enum(['Model', 'Functional']),
  config: z.strictObject({
    name: modelName,
    layers: z
      .array(
        z.strictObject({
          ...layer,
          name: z.string(),
          inbound_nodes: z.array(z.array(reference).min(1).max(MAX_LAYERS)).max(1, 'a layer is used once'),
        }),
      )
      .min(1)
      .max(MAX_LAYERS),
    input_layers: single,
    output_layers: single,
  }),
});

const topology = z.discriminatedUnion('class_name', [sequential, functional]);

/** The graph of a topology, or every fault in how it is put together. */
export function readGraph(value: unknown): Graph | readonly Fault[] {
  const result = topology.safeParse(value, reporting);
  if (!result.success) return faultsOf(result.error);
  return result.data.class_name === 'Sequential' ? chain(result.data.config) : wired(result.data.config);
}

function chain(config: z.infer<typeof sequential>['config']): Graph {
  const nodes = config.layers.map((each, i) => ({
    path: pathOf(['config', 'layers', i]),
    className: each.class_name,
    config: each.config,
    inputs: i === 0 ? [] : [i - 1],
  }));
  return {
    nodes,
    output: nodes.length - 1,
    write: (configs) => ({
      class_name: 'Sequential',
      config: {
        name: config.name,
        layers: nodes.map((node, i) => ({ class_name: node.className, config: configs[i] })),
      },
    }),
  };
}

function wired(config: z.infer<typeof functional>['config']): Graph | readonly Fault[] {
  const faults: Fault[] = [];
  const names = config.layers.map((each) => each.name);
  const [[inputName]] = config.input_layers;
  const [[outputName]] = config.output_layers;
  const nodes = config.layers.map((each, i) => {
    const path = pathOf(['config', 'layers', i]);
    const sources = each.inbound_nodes.flat().map(([name]) => name);
    const inputs = sources.map((name) => names.indexOf(name));
    sources.forEach((name, k) => {
      const at = inputs[k] ?? -1;
      if (at < 0 || at >= i) {
        faults.push({ path: `${path}.inbound_nodes`, message: `no layer ${JSON.stringify(name)} stands before it` });
      }
    });
    if (sources.length === 0 && each.name !== inputName) {
      faults.push({ path: `${path}.inbound_nodes`, message: 'the layer has no input' });
    }
    return { path, className: each.class_name, config: each.config, inputs };
  });
  const output = names.indexOf(outputName);
  if (output < 0) faults.push({ path: 'config.output_layers', message: 'names no layer' });
  if (config.layers.find((each) => each.name === inputName)?.class_name !== 'InputLayer') {
    faults.push({ path: 'config.input_layers', message: 'names no InputLayer' });
  }
  config.layers.forEach((each, i) => {
    if (!isNamed(each.config, each.name)) {
      faults.push({ path: pathOf(['config', 'layers', i, 'name']), message: 'differs from the name in its config' });
    }
  });
  if (faults.length > 0) return faults;
  return {
    nodes,
    output,
    write: (configs) => ({
      class_name: 'Model',
      config: {
        name: config.name,
        layers: config.layers.map((each, i) => ({
          class_name: each.class_name,
          name: each.name,
          config: configs[i],
          inbound_nodes: each.inbound_nodes.map((node) => node.map(([name]) => [name, 0, 0, {}])),
        })),
        input_layers: [[inputName, 0, 0]],
        output_layers: [[outputName, 0, 0]],
      },
    }),
  };
}

function isNamed(config: unknown, name: string): boolean {
  return typeof config === 'object' && config !== null && 'name' in config && config.name === name;
}
