import { SyndicError } from '../../core/errors/SyndicError.ts';
import { fileLength, headerLength, LENGTH_BYTES, parseHeader } from '../../core/tensors/header.ts';
import { updateMetadata } from '../../core/tensors/salt.ts';
import type { TensorSpec } from '../../core/tensors/TensorSpec.ts';
import { type Digest, ZERO_DIGEST } from '../../core/values.ts';
import type { ModelStore } from '../models/port.ts';

/** What an update must look like, known from its base before the first byte comes. */
export interface ExpectedFile {
  readonly specs: readonly TensorSpec[];
  /** Exact bytes of the whole file with its salt. */
  readonly length: number;
  /** What the length would be without a salt. */
  readonly unsaltedLength: number;
}

/** Reads the head of the base model: an update has the same tensors, and a salt of fixed size. */
export async function expectedFile(models: ModelStore, base: Digest): Promise<ExpectedFile> {
  const bytes = headerLength(await models.read(base, 0, LENGTH_BYTES));
  const { specs } = parseHeader(await models.read(base, 0, bytes));
  return {
    specs,
    length: fileLength(specs, updateMetadata(ZERO_DIGEST)),
    unsaltedLength: fileLength(specs),
  };
}

/** @throws SyndicError LENGTH_MISMATCH, or SALT_MISSING when the salt is all that is missing */
export function checkLength(expected: ExpectedFile, got: number): void {
  if (got === expected.length) return;
  if (got === expected.unsaltedLength) {
    throw new SyndicError(
      'SALT_MISSING',
      `update of ${got} bytes has no room for its salt: put 32 random bytes, as 0x-hex, into its __metadata__`,
    );
  }
  throw new SyndicError(
    'LENGTH_MISMATCH',
    `update is ${got} bytes; the base model makes it ${expected.length}: send exactly that`,
    { got, want: expected.length },
  );
}
