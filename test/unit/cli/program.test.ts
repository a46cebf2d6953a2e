import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createProgram } from '../../../cli/program.ts';
import { sha256 } from '../../../core/sha256.ts';
import { openKey } from '../../../core/statements/keystore.ts';
import { syndic } from './spawn.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'syndic-cli-'));
});
afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
});

const HEART = join(import.meta.dirname, '..', '..', '..', 'examples', 'heart', 'plan.yaml');

/** Verbs by noun; nouns without any are commands themselves. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  up: [],
  demo: [],
  coordinator: ['run', 'migrate', 'init', 'key'],
  worker: ['init', 'version', 'evaluate', 'run'],
  consortium: ['account', 'deploy', 'status', 'admit', 'suspend', 'reinstate', 'rotate', 'relay'],
  member: [
    ...['account', 'key', 'rotate', 'revoke-key', 'profile', 'version', 'grant', 'revoke'],
    ...['attest', 'dispute', 'withdraw-dispute', 'dismiss-dispute', 'challenge', 'late'],
  ],
  plan: ['check'],
  study: ['open', 'start', 'list', 'show', 'watch', 'pause', 'resume', 'abort'],
  model: ['pull'],
  audit: ['verify', 'export', 'history', 'receipt', 'diff', 'watch'],
};

describe('help', () => {
  test('of the program names every command and the exit codes', async () => {
    const { code, stdout, stderr } = await syndic(['--help']);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    for (const noun of Object.keys(COMMANDS)) expect(stdout).toMatch(new RegExp(`^ {2}${noun} `, 'm'));
    expect(stdout).toContain('Exit codes');
  });

  test('of a command goes to stdout, and nothing else does', async () => {
    const { code, stdout, stderr } = await syndic(['study', 'open', '--help']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Usage: syndic study open /);
  });

  // Read in this process: a process for each of them takes a minute.
  test.each(Object.entries(COMMANDS))(
    'of %s names its verbs, and what takes no verb knows --json',
    async (noun, verbs) => {
      const help = await helpOf(noun);
      expect(help).toMatch(new RegExp(`^Usage: syndic ${noun} `));
      for (const verb of verbs) expect(help).toMatch(new RegExp(`^ {2}${verb}\\b`, 'm'));
      if (verbs.length === 0) expect(help).toMatch(/^ {2}--json\b/m);
    },
  );

  const verbs = Object.entries(COMMANDS).flatMap(([noun, each]) => each.map((verb) => [noun, verb] as const));
  test.each(verbs)('of %s %s, which knows --json', async (noun, verb) => {
    const help = await helpOf(noun, verb);
    expect(help).toMatch(new RegExp(`^Usage: syndic ${noun} ${verb} `));
    expect(help).toMatch(/^ {2}--json\b/m);
  });
});

async function helpOf(noun: string, verb?: string): Promise<string> {
  const command = (await createProgram([noun])).commands.find((one) => one.name() === noun);
  const asked = verb === undefined ? command : command?.commands.find((one) => one.name() === verb);
  return asked?.helpInformation() ?? '';
}

describe('wrong usage', () => {
  test.each([
    [['launch'], "unknown command 'launch'"],
    [['study', 'launch'], "unknown command 'launch' (Did you mean watch?)"],
    [['study', 'show', '--bogus', '0x12'], "unknown option '--bogus'"],
    [['plan', 'check'], "missing required argument 'file'"],
    [['model', 'pull', '--study', '0x12'], "required option '--out <file>' not specified"],
    [['study', 'list'], 'missing: --url, --keystore, --coordinator'],
  ])('%j ends with 2 and one line on stderr', async (args, message) => {
    const { code, stdout, stderr } = await syndic(args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^error USAGE: .*\n$/);
    expect(stderr).toContain(message);
  });

  test('is a JSON object on stderr with --json', async () => {
    const { code, stdout, stderr } = await syndic(['study', 'xxxxxx', '--json']);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    const { error } = JSON.parse(stderr);
    expect(error).toEqual({ code: 'USAGE', message: "unknown command 'xxxxxx'", details: {}, retryable: false });
  });

  test('a noun without a verb shows its help on stderr', async () => {
    const { code, stdout, stderr } = await syndic(['study']);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^Usage: syndic study /);
  });

  test('plain HTTP to another machine is refused', async () => {
    const args = ['--url', 'http://coordinator.example:80', '--keystore', 'k', '--coordinator', `0x${'11'.repeat(20)}`];
    const { code, stderr } = await syndic(['study', 'list', ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain('--insecure-http');
  });
});

describe('plan check', () => {
  const faulty =
    'schema: syndic.plan/1\nname: x\nrounds: 0\nquorum: 1\ndata: {columns: [], features: [age]}\nwhat: 7\n';

  test('lists every fault on a line of its own, with its path, and ends with 3', async () => {
    const { code, stdout, stderr } = await syndic(['plan', 'check', '-'], faulty);
    expect(code).toBe(3);
    expect(stdout).toBe('');
    const lines = stderr.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^error PLAN_INVALID: the plan has \d+ faults/);
    for (const path of ['purpose', 'ethics', 'controller', 'rounds', 'quorum', 'data.columns', 'what', 'model']) {
      expect(lines.filter((line) => line.startsWith(`  ${path}: `))).toHaveLength(1);
    }
  });

  test('lists them as JSON with --json', async () => {
    const { code, stdout, stderr } = await syndic(['plan', 'check', '-', '--json'], faulty);
    expect(code).toBe(3);
    expect(stdout).toBe('');
    const { error } = JSON.parse(stderr);
    expect(error.code).toBe('PLAN_INVALID');
    expect(error.details.faults.map(({ path }: { path: string }) => path)).toEqual(
      expect.arrayContaining(['purpose', 'rounds', 'quorum', 'data.columns', 'what', 'model']),
    );
  });

  test('prints the hash of the bytes that --write writes, and the plan in plain words', async () => {
    const written = join(dir, 'normal.json');
    const { code, stdout, stderr } = await syndic(['plan', 'check', HEART, '--write', written]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const hash = sha256(readFileSync(written));
    expect(stdout).toContain(`hash\t${hash}\n`);
    expect(stdout).toContain('Each round every site takes 100 steps of SGD at rate 0.001, on 4 rows each.');
    const again = await syndic(['plan', 'check', written, '--json']);
    expect(JSON.parse(again.stdout)).toMatchObject({ valid: true, hash, name: 'heart-disease' });
  });

  test('a file that is not there ends with 5', async () => {
    const { code, stderr } = await syndic(['plan', 'check', join(dir, 'none.yaml')]);
    expect(code).toBe(5);
    expect(stderr).toMatch(/^error NOT_FOUND: .*none\.yaml.*\n$/);
  });

  test('what would steer the terminal is not printed', async () => {
    const path = join(dir, 'esc.yaml');
    writeFileSync(path, `"\\u001b[2Jkey": 1\nschema: syndic.plan/1\n`);
    const { stderr } = await syndic(['plan', 'check', path]);
    expect(stderr).toContain('[2Jkey');
    expect(stderr).not.toContain('\u001b');
  });
});

describe('coordinator', () => {
  const config = (changes: object = {}) => {
    const path = join(dir, 'coordinator.env');
    const values = {
      DATABASE_URL: 'postgresql://syndic:hunter2@db.example/syndic',
      MODELS_DIR: '/var/lib/syndic/models',
      CHAIN_RPC_URL: 'http://127.0.0.1:8545',
      CHAIN_ID: 31337,
      CONSORTIUM_ADDRESS: `0x${'11'.repeat(20)}`,
      DATA_USE_ADDRESS: `0x${'22'.repeat(20)}`,
      LEDGER_ADDRESS: `0x${'33'.repeat(20)}`,
      FINALITY: 'instant',
      COORDINATOR_ACCOUNT: `0x${'44'.repeat(20)}`,
      COORDINATOR_KEYSTORE_FILE: '/etc/syndic/key.json',
      COORDINATOR_KEYSTORE_PASSPHRASE: 'open sesame',
      TLS_CERT_FILE: '/etc/syndic/cert.pem',
      TLS_KEY_FILE: '/etc/syndic/key.pem',
      ...changes,
    };
    writeFileSync(
      path,
      Object.entries(values)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    );
    return path;
  };

  test('run --print-config shows the file under the environment, and no secret', async () => {
    const args = ['coordinator', 'run', '--print-config', '--config', config()];
    const { code, stdout, stderr } = await syndic(args, '', { HTTP_PORT: '9999' });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ CHAIN_ID: 31337, HTTP_PORT: 9999, FINALITY: 'instant' });
    expect(stdout).not.toMatch(/hunter2|open sesame/);
  });

  test('without a verb runs: the same configuration, the same options, the same errors', async () => {
    const shown = await syndic(['coordinator', '--print-config', '--config', config()], '', { HTTP_PORT: '9999' });
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(shown.stdout)).toMatchObject({ CHAIN_ID: 31337, HTTP_PORT: 9999, FINALITY: 'instant' });
    const faulty = await syndic(['coordinator', '--json', '--config', config({ CHAIN_ID: 'mainnet' })]);
    expect(faulty).toMatchObject({ code: 3, stdout: '' });
    expect(JSON.parse(faulty.stderr).error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.any(String) });
  });

  test('run with a faulty configuration ends with 3 and a line for each fault', async () => {
    const path = config({ CHAIN_ID: 'mainnet', LEDGER_ADDRESS: '0x12' });
    const { code, stdout, stderr } = await syndic(['coordinator', 'run', '--config', path]);
    expect(code).toBe(3);
    expect(stdout).toBe('');
    const lines = stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^error CONFIG_INVALID: /);
    expect(
      lines
        .slice(1)
        .map((line) => line.split(':')[0])
        .sort(),
    ).toEqual(['  CHAIN_ID', '  LEDGER_ADDRESS']);
  });

  test('init makes a key and a certificate once, and prints address and pin', async () => {
    const home = join(dir, 'coordinator');
    writeFileSync(join(dir, 'passphrase'), 'open sesame\n');
    const args = ['coordinator', 'init', '--dir', home, '--passphrase-file', join(dir, 'passphrase')];
    args.push('--scrypt-cost', '1024', '--json');
    const first = await syndic([...args, '--host', 'localhost', '127.0.0.1']);
    expect(first.stderr).toBe('');
    const made = JSON.parse(first.stdout);
    const key = new X509Certificate(readFileSync(made.certificate)).publicKey;
    expect(made.pin).toBe(sha256(key.export({ type: 'spki', format: 'der' })));
    expect(statSync(made.keystore).mode & 0o777).toBe(0o600);
    const { address } = await openKey(readFileSync(made.keystore, 'utf8'), 'open sesame');
    expect(made.address).toBe(address);
    expect(JSON.parse((await syndic(args)).stdout)).toEqual(made);
  });
});
