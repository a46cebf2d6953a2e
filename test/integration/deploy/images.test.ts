import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ROOT, readComposeFile } from './composeFile.ts';
import { readStage, type Stage } from './dockerfile.ts';
import { reachedFrom } from './importsOf.ts';

const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const COORDINATOR = 'deploy/coordinator.Dockerfile';
const WORKER = 'deploy/worker.Dockerfile';

/** Whether a path of the checkout is in the image, at the same place below /syndic. */
function copied(stage: Stage, path: string): boolean {
  return stage.copies.some(
    ({ source, target }) => target === source && (path === source || path.startsWith(`${source}/`)),
  );
}

/** What the builder is not sent. */
function ignored(path: string): boolean {
  const patterns = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
  return patterns.some((pattern) => /^[.\w]/.test(pattern) && (path === pattern || path.startsWith(`${pattern}/`)));
}

describe.each([
  [
    COORDINATOR,
    'coordinator',
    ['bin/syndic.js', 'cli/main.ts', 'deploy/answers.js', 'deploy/standin.ts', 'deploy/chain/main.ts'],
  ],
  [COORDINATOR, 'chain', ['deploy/answers.js']],
  [WORKER, 'worker', ['bin/syndic.js', 'cli/main.ts']],
])('%s, image %s', (dockerfile, target, entries) => {
  const stage = readStage(dockerfile, target);
  const { files, packages } = reachedFrom(entries);

  test('has every file that its commands import', () => {
    expect([...files].filter((file) => !copied(stage, file) && !inAnother(stage, file))).toEqual([]);
    expect([...files].filter(ignored)).toEqual([]);
    expect([...files].filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });

  test('imports only packages that a production install has', () => {
    const allowed = { ...dependencies, ...optionalDependencies };
    expect([...packages].filter(([name]) => !Object.hasOwn(allowed, name))).toEqual([]);
  });

  test('copies nothing that is not there', () => {
    for (const { source } of stage.copies)
      expect([source, ignored(source), existsSync(join(ROOT, source))]).toEqual([source, false, true]);
  });

  test('is Debian slim and runs as a numeric user that is not root', () => {
    expect(stage.from).toMatch(/-slim$/);
    expect(stage.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  });
});

/** A file that a COPY line puts elsewhere than it lies in the checkout. */
function inAnother(stage: Stage, file: string): boolean {
  return stage.copies.some(({ source, target }) => source === file && target === `/syndic/${file}`);
}

test('the walk finds threads, schemas and what is imported late', () => {
  const { files, packages } = reachedFrom(['bin/syndic.js']);
  expect(files).toEqual(
    new Set([
      ...files,
      'cli/study/open.ts',
      'coordinator/main.ts',
      'worker/training/trainingThread.ts',
      'core/crypto/node.ts',
      'coordinator/aggregation/aggregationThread.ts',
      'package.json',
    ]),
  );
  expect(packages.has('bullmq') && packages.has('@duckdb/node-api') && packages.has('fastify')).toBe(true);
});

test('every script that the compose file runs is in its image', () => {
  for (const { build, entrypoint = [], healthcheck } of Object.values(readComposeFile().services)) {
    const named = [...entrypoint, ...(healthcheck?.test ?? [])].filter((word) => word.startsWith('/syndic/'));
    if (build === undefined) continue;
    const stage = readStage(build.dockerfile, build.target);
    const missing = named
      .map((word) => word.replace('/syndic/', ''))
      .filter((p) => !copied(stage, p) && !inAnother(stage, p));
    expect(missing).toEqual([]);
  }
});

test('scripts call only commands that there are', async () => {
  const scripts = ['lib.sh', 'secrets.sh', 'deploy.sh', 'demo.sh'].map((name) =>
    readFileSync(join(ROOT, 'deploy', name), 'utf8'),
  );
  const nouns = [...scripts.join('\n').matchAll(/^[^#\n]*\bsyndic ([a-z]+) /gm)].map(([, noun]) => noun ?? '');
  expect(nouns.length).toBeGreaterThan(5);
  const { createProgram } = await import('../../../cli/program.ts');
  const known = (await createProgram([])).commands.map((command) => command.name());
  expect(nouns.filter((noun) => !known.includes(noun))).toEqual([]);
});
