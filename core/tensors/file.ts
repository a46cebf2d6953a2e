import { SyndicError } from '../errors/SyndicError.ts';
import { asBytes, asFloats } from './floats.ts';
import { encodeHeader, type HeaderLimits, type Metadata, parseHeader } from './header.ts';
import { compareNames, elementCount, type TensorSpec } from './TensorSpec.ts';

/** A tensor's values, row-major. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface NamedTensor extends Tensor {
  readonly name: string;
}

export interface DecodedFile {
  /** By name, in file order. */
  readonly tensors: Map<string, Tensor>;
  /** Empty when the file has none. */
  readonly metadata: Metadata;
}

/**
 * The bytes of a model or update file. Tensors may be given in any order.
 *
 * @throws SyndicError TENSORS_INVALID as `encodeHeader`, or when a tensor's data is not as long as its shape says
 */
export function encodeFile(tensors: readonly NamedTensor[], metadata: Metadata = {}): Uint8Array {
  for (const { name, shape, data } of tensors) {
    if (data.length === elementCount(shape)) continue;
    throw new SyndicError(
      'TENSORS_INVALID',
      `tensor ${name} has ${data.length} values; its shape [${shape}] makes it ${elementCount(shape)}`,
    );
  }
  const sorted = tensors.toSorted((a, b) => compareNames(a.name, b.name));
  const header = encodeHeader(sorted.map(specOf), metadata);
  const out = new Uint8Array(sorted.reduce((sum, { data }) => sum + data.byteLength, header.byteLength));
  out.set(header);
  let at = header.byteLength;
  for (const { data } of sorted) {
    out.set(asBytes(data), at);
    at += data.byteLength;
  }
  return out;
}

/**
 * The tensors of a whole file: views of `bytes` where machine and alignment allow it. Values are not checked for NaN or
 * infinity: see `FiniteScanner`.
 *
 * @throws SyndicError TENSORS_INVALID as `parseHeader`, or when the file is longer or shorter than its header says
 */
export function decodeFile(bytes: Uint8Array, limits: HeaderLimits = {}): DecodedFile {
  const header = parseHeader(bytes, limits);
  if (bytes.byteLength !== header.fileLength) {
    throw new SyndicError(
      'TENSORS_INVALID',
      `file is ${bytes.byteLength} bytes; its header makes it ${header.fileLength}`,
      { got: bytes.byteLength, want: header.fileLength },
    );
  }
  const tensors = new Map<string, Tensor>();
  header.specs.forEach((spec, i) => {
    const [begin, end] = header.offsets[i] ?? [0, 0];
    const data = asFloats(bytes.subarray(header.dataStart + begin, header.dataStart + end));
    tensors.set(spec.name, { shape: spec.shape, data });
  });
  return { tensors, metadata: header.metadata };
}

/** What a file's header would say of these tensors, in file order. */
export function specsOf(decoded: Pick<DecodedFile, 'tensors'>): TensorSpec[] {
  return [...decoded.tensors]
    .map(([name, tensor]) => specOf({ name, ...tensor }))
    .sort((a, b) => compareNames(a.name, b.name));
}

function specOf(tensor: Pick<NamedTensor, 'name' | 'shape'>): TensorSpec {
  return { name: tensor.name, shape: tensor.shape, dtype: 'F32' };
}
