import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CsvSource } from '../../../../worker/data/csv.ts';
import { MerkleTree } from '../../../../worker/data/MerkleTree.ts';
import { createVersion, versionRoot } from '../../../../worker/data/version.ts';
import { testPlan } from './plans.ts';
import { temporaryFolder } from './temporary.ts';

const folder = temporaryFolder();
const schema = testPlan().data;
const source = (content: string) => new CsvSource({ path: folder.write('rows.csv', content) });

const sha256 = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();

/** MTH of RFC 6962, section 2.1, as it stands there. */
function mth(leaves: readonly Uint8Array[]): Buffer {
  const [only] = leaves;
  if (only === undefined) return sha256();
  if (leaves.length === 1) return sha256(Uint8Array.of(0), only);
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha256(Uint8Array.of(1), mth(leaves.slice(0, k)), mth(leaves.slice(k)));
}

describe('MerkleTree', () => {
  test('gives RFC 6962’s root for any leaves', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 9 }), { maxLength: 70 }), (leaves) => {
        const tree = new MerkleTree();
        for (const leaf of leaves) tree.add(leaf);
        expect(Buffer.from(tree.root()).toString('hex')).toBe(mth(leaves).toString('hex'));
      }),
      { seed: 2, numRuns: 200 },
    );
  });

  test('agrees with the tree heads that Certificate Transparency publishes for its test leaves', () => {
    const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
    const tree = new MerkleTree();
    for (const leaf of leaves) tree.add(Buffer.from(leaf, 'hex'));
    expect(Buffer.from(tree.root()).toString('hex')).toBe(
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    );
  });
});

describe('a dataset version', () => {
  test('is the tree over keyed leaves of every row: missing as null, misfits as text, broken rows empty', async () => {
    const secret = new Uint8Array(32).fill(5);
    const rows = ['[1,0.5,0]', '[null,2,1]', '["x",1,1]', '[]', '[3,4,1]'];
    const leaves = rows.map((row, i) => {
      const index = Buffer.alloc(8);
      index.writeBigUInt64BE(BigInt(i));
      return Buffer.concat([createHmac('sha256', secret).update(index).digest(), Buffer.from(row)]);
    });
    const got = await versionRoot(source('1.0,.5,0\n?,2,1\nx,1,1\n1,2\n3,4,1\n'), schema, secret);
    expect(got).toEqual({ root: `0x${mth(leaves).toString('hex')}`, count: 5 });
  });

  test('tells a bound of its rows, the next power of two, and draws a fresh secret', async () => {
    const csv = source('1,2,0\n3,4,1\n5,6,1\n');
    const [a, b] = [await createVersion(csv, schema), await createVersion(csv, schema)];
    expect(a).toMatchObject({ rows: 4, count: 3 });
    expect(a.secret).toHaveLength(32);
    expect(a.root).not.toBe(b.root);
    expect((await versionRoot(csv, schema, a.secret)).root).toBe(a.root);
  });

  test('changes when a row changes, moves or comes', async () => {
    const secret = new Uint8Array(32);
    const roots = new Set<string>();
    for (const content of ['1,2,0\n3,4,1\n', '1,2,0\n3,4,0\n', '3,4,1\n1,2,0\n', '1,2,0\n3,4,1\n5,6,1\n']) {
      roots.add((await versionRoot(source(content), schema, secret)).root);
    }
    expect(roots.size).toBe(4);
  });

  test('is not made of no rows, nor of more rows than the bound', async () => {
    await expect(createVersion(source(''), schema)).rejects.toMatchObject({ code: 'DATA_INVALID' });
    await expect(createVersion(source('1,2,0\n3,4,1\n'), schema, 1)).rejects.toMatchObject({ code: 'DATA_INVALID' });
  });
});
