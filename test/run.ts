// `npm test`: runs Jest over all of test/ (or what the arguments name), then says in one line what this machine lacked,
// and in a last one how many tests passed and failed.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const root = join(import.meta.dirname, '..');

/** Node 22: native training does not load on newer ones, and older ones do not run TypeScript. */
function node22(): string {
  const bundled = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  return process.versions.node.startsWith('22.') || !existsSync(bundled) ? process.execPath : bundled;
}

/** Runs Jest to its end; resolves to its exit code. */
function runJest(results: string, missing: string): Promise<number> {
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
  const output = ['--json', `--outputFile=${results}`];
  const child = spawn(node22(), [...flags, jest, ...output, ...process.argv.slice(2)], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, SYNDIC_TEST_MISSING: missing },
  });
  // A terminal's Ctrl-C reaches Jest by itself; what is left is to outlive it and clean up.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

interface TestFile {
  readonly name: string;
  /** Why the file could not be run, where it could not. */
  readonly message: string;
  readonly assertionResults: readonly { status: string; fullName: string; failureMessages: readonly string[] }[];
}

interface Results {
  readonly testResults: readonly TestFile[];
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  /** Files that could not even be run. */
  readonly numRuntimeErrorTestSuites: number;
}

function readResults(file: string): Partial<Results> {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}

/** A line for each failure, so that whoever reads only the end of a long output knows what to look for. */
function failures({ testResults = [] }: Partial<Results>): string[] {
  return testResults.flatMap(({ name, message, assertionResults }) => {
    const failed = assertionResults.filter(({ status }) => status === 'failed');
    const file = relative(root, name);
    if (failed.length > 0) {
      return failed.map(
        ({ fullName, failureMessages }) => `FAILED ${file}: ${fullName}: ${inShort(failureMessages[0])}`,
      );
    }
    return assertionResults.length === 0 && message !== '' ? [`FAILED ${file}: ${inShort(message)}`] : [];
  });
}

function inShort(message = ''): string {
  return stripVTControlCharacters(message).replace(/\s+/g, ' ').trim().slice(0, 300);
}

function summary(results: Partial<Results>, exitCode: number): string {
  const counted = (results.numFailedTests ?? 0) + (results.numRuntimeErrorTestSuites ?? 0);
  // Jest may fail without a failed test: no test found, a worker that died.
  const failed = exitCode === 0 ? counted : Math.max(counted, 1);
  const skipped = (results.numPendingTests ?? 0) + (results.numTodoTests ?? 0);
  return `${results.numPassedTests ?? 0} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

function lacking(missingFile: string): string {
  const lines = existsSync(missingFile) ? readFileSync(missingFile, 'utf8').split('\n') : [];
  const things = [...new Set(lines.filter((line) => line !== ''))].sort();
  return things.length === 0
    ? 'nothing was left out'
    : `not tested here, because this machine lacks: ${things.join(', ')}`;
}

const folder = mkdtempSync(join(tmpdir(), 'syndic-test-run-'));
try {
  const results = join(folder, 'results.json');
  const missing = join(folder, 'missing');
  process.exitCode = await runJest(results, missing);
  const told = readResults(results);
  for (const line of failures(told)) console.log(line);
  console.log(lacking(missing));
  console.log(summary(told, process.exitCode));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
