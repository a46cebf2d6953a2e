import { SyndicError } from '../errors/SyndicError.ts';
import type { Digest } from '../values.ts';
import { type DecodedFile, type NamedTensor, specsOf } from './file.ts';
import { asBytes, firstNotFinite } from './floats.ts';
import { encodeHeader } from './header.ts';
import { updateMetadata } from './salt.ts';

/** Elements of a piece: 1 MiB of them. */
const PIECE = 256 * 1024;

/**
 * An update file: for each of the base's tensors f32(local) − f32(base), rounded to f32, with the salt in its
 * metadata. It comes in pieces, so that it never stands in memory whole; a piece is good until the next is asked for.
 *
 * @param local the model after local training: the base's names and shapes, in any order
 * @param salt 32 fresh bytes from the operating system's generator
 * @throws SyndicError with the piece that shows it: TENSORS_MISMATCH when `local` has not the base's tensors; NOT_FINITE
 * when a difference is NaN or infinite
 */
export function* updatePieces(
  base: Pick<DecodedFile, 'tensors'>,
  local: readonly NamedTensor[],
  salt: Uint8Array | Digest,
): Generator<Uint8Array> {
  const byName = new Map(local.map((tensor) => [tensor.name, tensor]));
  const specs = specsOf(base);
  if (byName.size !== local.length || byName.size !== specs.length) throw mismatch(local.length, specs.length);
  const pairs = specs.map(({ name, shape }) => {
    const trained = byName.get(name);
    if (trained === undefined || trained.shape.join() !== shape.join()) throw mismatch(name, shape);
    return { name, from: base.tensors.get(name)?.data ?? new Float32Array(), to: trained.data };
  });
  yield encodeHeader(specs, updateMetadata(salt));
  const piece = new Float32Array(PIECE);
  for (const { name, from, to } of pairs) {
    for (let at = 0; at < from.length; at += PIECE) {
      const differences = piece.subarray(0, from.length - at);
      if (!subtract(to.subarray(at), from.subarray(at), differences)) checkFinite(name, at, differences);
      yield asBytes(differences);
    }
  }
}

/** Writes the differences, as many as there is room for. @returns whether all are finite */
function subtract(local: Float32Array, base: Float32Array, differences: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < differences.length; i++) {
    // Subtracting in float64 and rounding once to f32 is the correctly rounded f32 difference.
    const difference = Math.fround((local[i] ?? Number.NaN) - (base[i] ?? Number.NaN));
    differences[i] = difference;
    // 0 of what is finite, NaN of what is not.
    sum += difference - difference;
  }
  return sum === 0;
}

function checkFinite(name: string, at: number, differences: Float32Array): void {
  const found = firstNotFinite(differences);
  if (found === null) return;
  const element = at + found;
  throw new SyndicError(
    'NOT_FINITE',
    `local training left ${name}[${element}] as ${differences[found]}: lower the learning rate`,
    { name, element },
  );
}

function mismatch(got: unknown, want: unknown): SyndicError {
  return new SyndicError('TENSORS_MISMATCH', 'the trained tensors are not those of the base model', { got, want });
}
