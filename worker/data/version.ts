import { createHmac, randomBytes } from 'node:crypto';
import { canonicalBytes } from '../../core/canonicalJson.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { bytesToHex, type Digest, digest } from '../../core/values.ts';
import { MerkleTree } from './MerkleTree.ts';
import type { DatasetSchema, RowSource } from './port.ts';

/** One version of a dataset. `root` and `rows` go on chain; `secret` and `count` stay at the site. */
export interface DatasetVersion {
  readonly root: Digest;
  /** Upper bound of the number of rows. */
  readonly rows: number;
  /** 32 bytes. Whoever has it can confirm guesses of rows by the root: keep it as the rows are kept. */
  readonly secret: Uint8Array;
  /** Exact number of rows. */
  readonly count: number;
}

/**
 * Fixes what a dataset holds now, under a fresh secret.
 * @param rows the bound to publish; default the next power of two from the count
 * @throws SyndicError DATA_INVALID when the dataset has no row, or more than `rows`; and as `RowSource.rows`
 */
export async function createVersion(source: RowSource, schema: DatasetSchema, rows?: number): Promise<DatasetVersion> {
  const secret = new Uint8Array(randomBytes(32));
  const { root, count } = await versionRoot(source, schema, secret);
  const bound = rows ?? nextPowerOfTwo(count);
  if (count === 0)
    throw new SyndicError('DATA_INVALID', 'the dataset has no rows: there is nothing to make a version of');
  if (count > bound) {
    throw new SyndicError('DATA_INVALID', `the dataset has more rows than the bound of ${bound}: give a larger one`, {
      bound,
    });
  }
  return { root, rows: bound, secret, count };
}

/**
 * The root that a version's secret gives this source: equal to the version's root exactly when every row is as it was.
 * The RFC 6962 tree over leaves HMAC-SHA-256(secret, uint64be i) ‖ row; `row` is the RFC 8785 array of the schema's
 * columns in declared order, null where missing, a field that is not of its column's type as its text; a row that
 * cannot be read as a row is the empty array.
 */
export async function versionRoot(
  source: RowSource,
  schema: DatasetSchema,
  secret: Uint8Array,
): Promise<{ root: Digest; count: number }> {
  const tree = new MerkleTree();
  const index = Buffer.alloc(8);
  let count = 0;
  for await (const rows of source.rows(schema)) {
    for (const row of rows) {
      index.writeBigUInt64BE(BigInt(count));
      tree.add(createHmac('sha256', secret).update(index).digest(), canonicalBytes(row.cells));
      count += 1;
    }
  }
  return { root: digest(bytesToHex(tree.root())), count };
}

function nextPowerOfTwo(count: number): number {
  let bound = 1;
  while (bound < count) bound *= 2;
  return bound;
}
