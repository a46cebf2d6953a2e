import { canonicalBytes, parseJson } from '../canonicalJson.ts';
import { SyndicError } from '../errors/SyndicError.ts';
import { sameBytes } from '../sameBytes.ts';
import { byteCount, compareNames, isTensorName, RESERVED_PREFIX, type TensorSpec } from './TensorSpec.ts';

/** String values under string keys: all that safetensors allows there. */
export type Metadata = Readonly<Record<string, string>>;

export interface HeaderLimits {
  /** Most bytes of header JSON; default 1 MiB. */
  readonly maxHeaderBytes?: number;
  /** Whether names under `syndic.` are allowed; default no. */
  readonly reserved?: boolean;
}

export interface Header {
  /** Tensors in file order: ascending by the UTF-8 bytes of the name. */
  readonly specs: readonly TensorSpec[];
  /** For each tensor where its bytes begin and end, from `dataStart`. */
  readonly offsets: readonly (readonly [begin: number, end: number])[];
  /** Empty when the file has none. */
  readonly metadata: Metadata;
  /** Where the first tensor's bytes begin, from the start of the file. */
  readonly dataStart: number;
  /** The exact length of the whole file. */
  readonly fileLength: number;
}

/** The length field in front of the header JSON. */
export const LENGTH_BYTES = 8;
const ALIGNMENT = 8;
const DEFAULT_MAX_HEADER = 1024 * 1024;
const METADATA_KEY = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;

/**
 * The head of a safetensors file: 8 bytes little-endian length, then JSON with sorted keys and no spaces, padded with
 * spaces to 8 bytes. Tensors may be given in any order; they are laid out by name, without gaps.
 *
 * @throws SyndicError TENSORS_INVALID on a bad or repeated name, a bad shape, or a bad metadata key
 */
export function encodeHeader(specs: readonly TensorSpec[], metadata: Metadata = {}): Uint8Array {
  const json = canonicalBytes(headerDocument(sortedSpecs(specs), metadata));
  const padded = Math.ceil(json.byteLength / ALIGNMENT) * ALIGNMENT;
  const out = new Uint8Array(LENGTH_BYTES + padded).fill(0x20);
  new DataView(out.buffer).setBigUint64(0, BigInt(padded), true);
  out.set(json, LENGTH_BYTES);
  return out;
}

/** The exact length of a file of these tensors with this metadata. */
export function fileLength(specs: readonly TensorSpec[], metadata: Metadata = {}): number {
  return encodeHeader(specs, metadata).byteLength + specs.reduce((sum, spec) => sum + byteCount(spec.shape), 0);
}

/**
 * How many bytes from the file's start `parseHeader` needs, read from the file's first 8.
 *
 * @throws SyndicError TENSORS_INVALID when fewer than 8 are given or the header is over its limit
 */
export function headerLength(prefix: Uint8Array, limits: HeaderLimits = {}): number {
  if (prefix.byteLength < LENGTH_BYTES) throw invalid(`file ends within its first ${LENGTH_BYTES} bytes`);
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength);
  const length = view.getBigUint64(0, true);
  const limit = limits.maxHeaderBytes ?? DEFAULT_MAX_HEADER;
  if (length > BigInt(limit)) throw invalid(`header of ${length} bytes is over the limit of ${limit}`);
  return LENGTH_BYTES + Number(length);
}

/**
 * Reads and checks a file's head; `bytes` may go on into the data. Accepts exactly what `encodeHeader` writes: no
 * gaps, overlaps, other order, spare spaces, repeated keys, or dtype other than F32.
 *
 * @throws SyndicError TENSORS_INVALID
 */
export function parseHeader(bytes: Uint8Array, limits: HeaderLimits = {}): Header {
  const dataStart = headerLength(bytes, limits);
  if (bytes.byteLength < dataStart) throw invalid(`file ends within its header of ${dataStart} bytes`);
  const document = headerJson(bytes.subarray(LENGTH_BYTES, dataStart));
  const metadata = readMetadata(document);
  const specs = Object.entries(document)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, entry]) => readSpec(name, entry, limits.reserved ?? false));
  if (!sameBytes(encodeHeader(specs, metadata), bytes.subarray(0, dataStart))) {
    throw invalid(
      'header is not canonical: sort tensors by name, leave no gaps, sort keys, pad with spaces to 8 bytes',
    );
  }
  const offsets = layout(sortedSpecs(specs));
  return { specs, offsets, metadata, dataStart, fileLength: dataStart + (offsets.at(-1)?.[1] ?? 0) };
}

function headerDocument(specs: readonly TensorSpec[], metadata: Metadata): Record<string, unknown> {
  const offsets = layout(specs);
  const document: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) document.__metadata__ = checkedMetadata(metadata);
  specs.forEach((spec, i) => {
    document[spec.name] = { dtype: spec.dtype, shape: spec.shape, data_offsets: offsets[i] };
  });
  return document;
}

function sortedSpecs(specs: readonly TensorSpec[]): readonly TensorSpec[] {
  const sorted = specs.toSorted((a, b) => compareNames(a.name, b.name));
  sorted.forEach((spec, i) => {
    if (!isTensorName(spec.name)) throw invalid(`tensor name ${JSON.stringify(spec.name)} is not <layer>/<weight>`);
    if (spec.name === sorted[i + 1]?.name) throw invalid(`tensor ${spec.name} is there twice`);
    if (Number.isNaN(byteCount(spec.shape))) throw invalid(`tensor ${spec.name} has shape [${spec.shape}]`);
  });
  return sorted;
}

function layout(specs: readonly TensorSpec[]): (readonly [number, number])[] {
  let at = 0;
  return specs.map((spec) => {
    const begin = at;
    at += byteCount(spec.shape);
    if (!Number.isSafeInteger(at)) throw invalid('tensors add up to more bytes than can be counted');
    return [begin, at] as const;
  });
}

function checkedMetadata(metadata: Metadata): Metadata {
  for (const [key, value] of Object.entries(metadata)) {
    if (!METADATA_KEY.test(key)) throw invalid(`metadata key ${JSON.stringify(key)} is not a plain word`);
    if (typeof value !== 'string') throw invalid(`metadata ${key} is not a string`);
  }
  return metadata;
}

function headerJson(bytes: Uint8Array): object {
  try {
    const document = parseJson(bytes, bytes.byteLength);
    if (isObject(document)) return document;
  } catch (cause) {
    throw invalid('header is not UTF-8 JSON', cause);
  }
  throw invalid('header is not a JSON object');
}

function readMetadata(document: object): Metadata {
  if (!('__metadata__' in document)) return {};
  const metadata: unknown = document.__metadata__;
  if (!isObject(metadata)) throw invalid('__metadata__ is not an object');
  const entries = Object.entries(metadata);
  return checkedMetadata(Object.fromEntries(entries));
}

function readSpec(name: string, entry: unknown, reserved: boolean): TensorSpec {
  if (name.startsWith(RESERVED_PREFIX) && !reserved) throw invalid(`tensor name ${JSON.stringify(name)} is reserved`);
  if (!isObject(entry) || !('dtype' in entry) || !('shape' in entry)) {
    throw invalid(`tensor ${JSON.stringify(name)} lacks dtype or shape`);
  }
  const { dtype, shape } = entry;
  if (dtype !== 'F32') throw invalid(`tensor ${name} has dtype ${JSON.stringify(dtype)}: F32 is wanted`);
  if (!Array.isArray(shape) || !shape.every((d: unknown) => typeof d === 'number')) {
    throw invalid(`tensor ${name} has no shape`);
  }
  return { name, shape, dtype };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(what: string, cause?: unknown): SyndicError {
  return new SyndicError('TENSORS_INVALID', `not a Syndic safetensors file: ${what}`, {}, { cause });
}
