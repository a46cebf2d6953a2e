import { SyndicError } from '../errors/SyndicError.ts';
import type { ModelPlan } from '../plan/Plan.ts';
import { below, type Fault, faultsOf, reporting } from '../schemas.ts';
import { elementCount } from '../tensors/TensorSpec.ts';
import { type LayerConfig, layerKinds, merging, type ReadLayer, type Shape, type Weight } from './layers.ts';
import { type Graph, type Node, readGraph } from './nodes.ts';

/** A layer in its place: what it is and what stands in it. */
export interface PlacedLayer {
  readonly className: string;
  readonly config: LayerConfig;
  /** Without the batch dimension. */
  readonly output: Shape;
  readonly weights: readonly Weight[];
}

/** A model whose every shape is known. */
export interface Network {
  /** In the topology's order. */
  readonly layers: readonly PlacedLayer[];
  /** Without the batch dimension. */
  readonly input: Shape;
  readonly output: PlacedLayer;
  /** With every default written in. */
  readonly topology: ModelPlan['topology'];
}

/** A model file holds at most this many numbers (1 GiB of f32). */
const MAX_ELEMENTS = 2 ** 28;

/**
 * Reads a Keras/TensorFlow.js layers topology without running it: no backend, no process-wide names.
 *
 * @param input the shape of a row, when something else than the topology says it
 * @returns the network, or every fault with its path in the topology
 */
export function readNetwork(topology: unknown, input: Shape | null): Network | readonly Fault[] {
  const graph = readGraph(topology);
  if (!('nodes' in graph)) return graph;
  const faults: Fault[] = [];
  const read = graph.nodes.map((node) => readLayer(node, faults));
  checkNames(graph, read, faults);
  const entry = inputShape(graph, input, faults);
  if (faults.length > 0 || entry === null) return faults;
  const layers = place(graph, read, entry, faults);
  // Of layers that could not be placed nothing is known.
  if (faults.length === 0) checkSize(layers, faults);
  const output = layers[graph.output];
  if (faults.length > 0 || output === undefined) return faults;
  return { layers, input: entry, output, topology: graph.write(layers.map((layer) => layer.config)) };
}

/** The network of a plan's model. @throws SyndicError PLAN_INVALID when it is not one that `checkPlan` made */
export function networkOf(model: ModelPlan): Network {
  const network = readNetwork(model.topology, null);
  if ('layers' in network) return network;
  const list = network.map((fault) => `model.topology.${fault.path}: ${fault.message}`);
  throw new SyndicError('PLAN_INVALID', `the plan's model cannot be built: ${list.join('; ')}`, { faults: network });
}

function readLayer(node: Node, faults: Fault[]): ReadLayer | null {
  const kind = Object.hasOwn(layerKinds, node.className) ? layerKinds[node.className] : undefined;
  if (kind === undefined) {
    const known = Object.keys(layerKinds).join(', ');
    faults.push({ path: `${node.path}.class_name`, message: `no such layer; there are ${known}` });
    return null;
  }
  const result = kind.safeParse(node.config, reporting);
  if (!result.success) {
    faults.push(
      ...faultsOf(result.error).map(({ path, message }) => ({
        path: below(`${node.path}.config`, path),
        message,
      })),
    );
    return null;
  }
  if (node.inputs.length > 1 && !merging.has(node.className)) {
    faults.push({ path: `${node.path}.inbound_nodes`, message: `${node.className} takes one input` });
  }
  return result.data;
}

function checkNames(graph: Graph, read: readonly (ReadLayer | null)[], faults: Fault[]): void {
  const seen = new Set<string>();
  read.forEach((layer, i) => {
    if (layer === null) return;
    if (seen.has(layer.config.name)) {
      faults.push({ path: `${graph.nodes[i]?.path}.config.name`, message: 'another layer has this name' });
    }
    seen.add(layer.config.name);
  });
}

/** The shape that enters: what the first layer says, which must be what the rows are. */
function inputShape(graph: Graph, given: Shape | null, faults: Fault[]): Shape | null {
  let entry = given;
  for (const node of graph.nodes) {
    const said = saidShape(node.config);
    if (said === undefined) continue;
    const path = `${node.path}.config.batch_input_shape`;
    if (node.inputs.length > 0) faults.push({ path, message: 'only the first layer has one' });
    else if (said === null) faults.push({ path, message: 'null, then one or more whole numbers are wanted' });
    else if (given !== null && String(given) !== String(said)) {
      faults.push({ path, message: `the plan's features make rows of [${given}]; here stands [${said}]` });
    } else entry = said;
  }
  if (entry === null && faults.length === 0) {
    faults.push({ path: `${graph.nodes[0]?.path}.config.batch_input_shape`, message: 'is missing' });
  }
  return entry;
}

/** Undefined: nothing is said; null: it is malformed. */
function saidShape(config: unknown): Shape | null | undefined {
  if (typeof config !== 'object' || config === null || !('batch_input_shape' in config)) return undefined;
  const said = config.batch_input_shape;
  if (!Array.isArray(said) || said[0] !== null || said.length < 2) return null;
  const shape: unknown[] = said.slice(1);
  return shape.every((d): d is number => typeof d === 'number' && Number.isInteger(d) && d >= 1) ? shape : null;
}

function place(graph: Graph, read: readonly (ReadLayer | null)[], entry: Shape, faults: Fault[]): PlacedLayer[] {
  const placed: PlacedLayer[] = [];
  graph.nodes.forEach((node, i) => {
    const layer = read[i];
    if (layer === null || layer === undefined || placed.length < i) return;
    const inputs = node.inputs.length === 0 ? [entry] : node.inputs.map((at) => placed[at]?.output ?? []);
    const made = layer.infer(inputs);
    if (typeof made === 'string') {
      faults.push({ path: `${node.path}.config`, message: made });
      return;
    }
    const head = node.inputs.length === 0 ? { batch_input_shape: [null, ...entry], dtype: 'float32' } : {};
    placed.push({ className: node.className, config: { ...layer.config, ...head }, ...made });
  });
  return placed;
}

function checkSize(layers: readonly PlacedLayer[], faults: Fault[]): void {
  const counts = layers.flatMap((layer) => layer.weights).map((weight) => elementCount(weight.shape));
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (counts.length === 0) faults.push({ path: 'config.layers', message: 'the model has no weights to train' });
  if (!(total <= MAX_ELEMENTS)) {
    faults.push({
      path: 'config.layers',
      message: `the model has ${total} weights; at most ${MAX_ELEMENTS} are allowed`,
    });
  }
}
