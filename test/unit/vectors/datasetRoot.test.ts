import { expect, test } from '@jest/globals';
import { hexToBytes } from '../../../core/values.ts';
import { MerkleTree } from '../../../worker/data/MerkleTree.ts';
import type { Cell, DatasetSchema, RowSource } from '../../../worker/data/port.ts';
import { versionRoot } from '../../../worker/data/version.ts';
import { readVectors } from '../../support/vectors.ts';

const { secret, rows, leaves, roots } = readVectors<{
  secret: string;
  rows: Cell[][];
  leaves: string[];
  roots: { count: number; root: string }[];
}>('dataset-root');

const schema: DatasetSchema = {
  format: { kind: 'csv', header: false, delimiter: ',', missing: [] },
  columns: [],
  rowKey: null,
};

/** Rows in chunks of two: where a chunk ends must not show. */
function source(all: readonly Cell[][]): RowSource {
  return {
    async *rows() {
      for (let i = 0; i < all.length; i += 2) {
        yield all.slice(i, i + 2).map((cells, j) => ({ position: i + j, cells, fault: null }));
      }
    },
  };
}

test.each(roots)('$count rows have this root under this secret', async ({ count, root }) => {
  const version = await versionRoot(source(rows.slice(0, count)), schema, hexToBytes(secret));
  expect(version).toEqual({ root, count });
});

test.each(roots)('$count leaves have this root', ({ count, root }) => {
  const tree = new MerkleTree();
  for (const leaf of leaves.slice(0, count)) tree.add(hexToBytes(leaf));
  expect(`0x${Buffer.from(tree.root()).toString('hex')}`).toBe(root);
});
