import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { temporaryFolders } from '../../support/temporaryFolder.ts';

const ROOT = join(import.meta.dirname, '../../..');
const folder = temporaryFolders();

/** Which rules of ours Biome finds broken by texts that would stand at these paths: `path rule`, in order. */
async function broken(texts: Readonly<Record<string, string>>): Promise<string[]> {
  const dir = await folder();
  const { vcs: _, ...rules } = JSON.parse(readFileSync(join(ROOT, 'biome.json'), 'utf8'));
  for (const [path, text] of Object.entries({ ...texts, 'biome.json': JSON.stringify(rules) })) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  const biome = join(ROOT, 'node_modules/.bin/biome');
  const { stdout } = spawnSync(biome, ['lint', '--reporter=json'], { cwd: dir, encoding: 'utf8' });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { category: string; location: { path: string } }[] };
  return diagnostics.map(({ category, location }) => `${location.path} ${category.split('/').pop()}`).sort();
}

const HASH = "import { createHash } from 'node:crypto';\nexport const hash = createHash('sha256');\n";
const NODE = `${HASH}export const bytes = Buffer.from('');\nexport const { env } = process;\n`;
/** One of each override that biome.json has for the two folders. */
const PATHS = [
  'audit/verify.ts',
  'core/crypto/noble.ts',
  'core/model/nodes.ts',
  'core/sha256.ts',
  'core/statements/sign.ts',
];

test('core and audit may import nothing of Node, nor use what only Node has', async () => {
  expect(await broken(Object.fromEntries(PATHS.map((path) => [path, NODE])))).toEqual(
    PATHS.flatMap((path) => ['Globals', 'Globals', 'Imports'].map((what) => `${path} noRestricted${what}`)),
  );
});

test('one file of core may hash with Node, and another with noble', async () => {
  const noble = "import { sha256 } from '@noble/hashes/sha2.js';\nexport const hash = sha256;\n";
  expect(await broken({ 'core/crypto/node.ts': HASH, 'core/crypto/noble.ts': noble, 'core/sha256.ts': noble })).toEqual(
    ['core/sha256.ts noRestrictedImports'],
  );
});

test('both take ethers by sub-path', async () => {
  const of = (from: string) => `import { id } from '${from}';\nexport const name = id('');\n`;
  expect(
    await broken({
      ...{
        'audit/code.ts': of('ethers'),
        'core/statements/sign.ts': of('ethers'),
        'core/sha256.ts': of('ethers/hash'),
      },
      ...{ 'audit/events.ts': of('ethers/hash'), 'core/statements/ledger.ts': of('ethers/hash') },
    }),
  ).toEqual(
    ['audit/code.ts', 'core/sha256.ts', 'core/statements/sign.ts'].map((path) => `${path} noRestrictedImports`),
  );
});
