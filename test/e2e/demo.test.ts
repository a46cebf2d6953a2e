import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Interface } from 'ethers';
import { RoundLedger } from '../../contracts/generated/RoundLedger.ts';
import { decodeManifest } from '../../core/manifest/Manifest.ts';
import { decodeReceipt, decodeStatement } from '../../core/statements/documents.ts';
import { digestOf, recover } from '../../core/statements/sign.ts';
import { domain } from '../../core/statements/types.ts';
import { type Digest, fileName } from '../../core/values.ts';
import type { DemoResult } from '../../embedded/demo/result.ts';
import { type DemoProcess, startDemo } from '../support/demoProcess.ts';
import { needs } from '../support/needs.ts';
import { hasPythonVerifier, PYTHON_VERIFIER, verifyInPython } from '../support/pythonVerifier.ts';
import { syndic } from '../unit/cli/spawn.ts';

const abi = new Interface(RoundLedger.abi);
const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');

let workdir: string;
let demo: DemoProcess;
let result: DemoResult;

beforeAll(async () => {
  workdir = await mkdtemp(join(tmpdir(), 'syndic-demo-'));
  demo = startDemo(workdir, ['--rounds', '2', '--keep']);
  result = await demo.result();
});

afterAll(async () => {
  if (demo.child.exitCode === null) await demo.interrupt();
  await rm(workdir, { recursive: true, force: true });
});

async function rpc<T>(method: string, params: unknown[]): Promise<T> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const response = await fetch(result.chain.rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  return ((await response.json()) as { result: T }).result;
}

interface RawLog {
  readonly topics: string[];
  readonly data: string;
  readonly transactionHash: string;
  readonly blockNumber: string;
}

const logsOf = (event: string, ...indexed: (string | null)[]) =>
  rpc<RawLog[]>('eth_getLogs', [
    { address: result.chain.ledger, fromBlock: '0x0', topics: [abi.getEvent(event)?.topicHash, ...indexed] },
  ]);

const word = (value: number) => `0x${value.toString(16).padStart(64, '0')}`;
const stored = (digest: Digest) => readFileSync(join(result.models, fileName(digest)));

describe('the demonstration', () => {
  test('trains two rounds with four hospitals, each included with the samples it declared', () => {
    expect(result.rounds.map(({ round, outcome }) => [round, outcome])).toEqual([
      [1, 1],
      [2, 1],
    ]);
    for (const { entries } of result.rounds) {
      expect(entries.map(({ slot, status }) => [slot, status])).toEqual([1, 2, 3, 4].map((slot) => [slot, 1]));
      expect(entries.every(({ samples }) => samples > 0)).toBe(true);
    }
    expect(result.rounds.map(({ attested }) => attested)).toEqual([4, 4]);
    expect(result.totals.map(({ slot, rounds }) => [slot, rounds])).toEqual([1, 2, 3, 4].map((slot) => [slot, 2]));
  });

  test('builds every round on the model of the one before', () => {
    expect(result.rounds[1]?.base).toBe(result.rounds[0]?.global);
    expect(result.finalModel.sha256).toBe(result.rounds.at(-1)?.global);
  });

  test("finds in raw logs, filtered by a member's slot, that member's whole history", async () => {
    for (const slot of [1, 2, 3, 4]) {
      const logs = await logsOf('UpdateRecorded', result.study, null, word(slot));
      const told = logs.map((log) => abi.decodeEventLog('UpdateRecorded', log.data, log.topics));
      const expected = result.rounds.map(({ round, entries }) => {
        const entry = entries.find((one) => one.slot === slot);
        return [round, slot, entry?.status, entry?.update, entry?.samples];
      });
      const got = told.map((log) => [
        Number(log.round),
        Number(log.slot),
        Number(log.status),
        log.update,
        Number(log.samples),
      ]);
      expect(got).toEqual(expected);
    }
  });

  test("stores updates and models whose sha256sum is what the chain's events carry", async () => {
    const updates = (await logsOf('UpdateRecorded', result.study)).map(
      (log) => abi.decodeEventLog('UpdateRecorded', log.data, log.topics).update as Digest,
    );
    const models = (await logsOf('RoundRecorded', result.study)).map(
      (log) => abi.decodeEventLog('RoundRecorded', log.data, log.topics).globalModel as Digest,
    );
    expect([updates.length, models.length]).toEqual([8, 2]);
    for (const digest of [...updates, ...models]) {
      const { stdout } = await run('sha256sum', [join(result.models, fileName(digest))]);
      expect(stdout.split(' ')[0]).toBe(fileName(digest));
    }
  });

  test("signs receipts that agree with the record's update, samples and block time", async () => {
    const messages = domain(result.chain.chainId, result.chain.ledger);
    const [coordinatorKey] = await coordinatorKeys();
    for (const { round, manifest, block, entries } of result.rounds) {
      const { timestamp } = await rpc<{ timestamp: string }>('eth_getBlockByNumber', [
        `0x${block.toString(16)}`,
        false,
      ]);
      for (const named of decodeManifest(stored(manifest)).entries) {
        const receipt = decodeReceipt(stored(named.receipt as Digest));
        const statement = decodeStatement(stored(named.statement as Digest));
        const entry = entries.find(({ slot }) => slot === named.slot);
        expect(receipt.message).toMatchObject({ study: result.study, round, slot: named.slot });
        expect([receipt.message.update, receipt.message.samples]).toEqual([entry?.update, entry?.samples]);
        expect(receipt.message.statement).toBe(digestOf('Update', messages, statement.message));
        expect(recover(messages, 'Receipt', receipt.message, receipt.signature)).toBe(coordinatorKey);
        expect(receipt.message.recordBy).toBeGreaterThanOrEqual(Number(timestamp));
      }
    }
  });

  test('keeps every receipt in its hospitals’ journals: none of them flags the coordinator', async () => {
    for (const name of readdirSync(join(workdir, 'hospitals'))) {
      const dir = join(workdir, 'hospitals', name);
      const lines = readFileSync(join(dir, 'worker', 'journal', 'journal.jsonl'), 'utf8')
        .trim()
        .split('\n');
      const receipts = lines.map((line) => JSON.parse(line)).filter(({ type }) => type === 'accepted');
      expect(receipts.map(({ round }) => round)).toEqual([1, 2]);
      for (const { receipt } of receipts) {
        const { code, stderr } = await syndic([
          ...['member', 'challenge', join(dir, 'worker', 'journal', 'files', fileName(receipt)), '--yes', '--json'],
          ...['--rpc', result.chain.rpcUrl, '--invitation', join(dir, 'invitation.json')],
          ...['--keystore', join(dir, 'account.json'), '--passphrase-file', join(dir, 'passphrase')],
        ]);
        expect([code, JSON.parse(stderr).error.message]).toEqual([6, expect.stringContaining('the receipt is kept')]);
      }
    }
  });

  /** Senders of the records: the coordinator's key as the chain saw it act. */
  async function coordinatorKeys(): Promise<string[]> {
    const senders = await Promise.all(
      result.rounds.map(async ({ transaction }) => {
        return (await rpc<{ from: string }>('eth_getTransactionByHash', [transaction])).from;
      }),
    );
    return [...new Set(senders)];
  }

  needs(PYTHON_VERIFIER, hasPythonVerifier())('in its bundle', () => {
    test('is verified by the second implementation, every model made anew', async () => {
      const { bundle, block } = result.audit;
      const { code, report } = await verifyInPython(bundle, block.hash, ['--artifacts', result.models]);
      expect([code, report.findings]).toEqual([0, []]);
      expect(report.totals).toEqual(result.totals);
      expect(report.checks).toMatchObject({
        'a global model, made anew from its base and updates, is the one on record': 2,
      });
    });
  });

  test('leaves no temporary file behind', () => {
    expect(readdirSync(join(result.models, 'tmp'))).toEqual([]);
  });

  test('says in its output that the rows are synthetic, where the history stands and what the final model is', async () => {
    const { code, stdout, stderr } = await demo.interrupt();
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain('synthetic rows');
    expect(stdout).toContain('SYNTHETIC ROWS');
    expect(stdout).toContain(result.finalModel.path);
    expect(stdout).toContain(fileName(result.finalModel.sha256));
    for (const { update } of result.rounds.flatMap(({ entries }) => entries)) {
      expect(stdout).toContain(fileName(update));
    }
    const sum = createHash('sha256').update(readFileSync(result.finalModel.path)).digest('hex');
    expect(sum).toBe(fileName(result.finalModel.sha256));
  });

  test('prints the line with which a member verifies the study when everything has ended, and it does', async () => {
    const { stdout } = await demo.interrupt();
    await expect(rpc('eth_chainId', [])).rejects.toThrow();
    const line = /^ {2}(npx syndic audit verify .*)$/m.exec(stdout)?.[1] ?? '';
    expect(line).toContain(`--trusted-block ${result.audit.block.hash}`);
    const { code, stderr } = await inShell(line);
    expect(stderr).toContain(`VERIFIED: ${result.audit.checks} checks of study ${result.study}, no fault`);
    expect(stderr).toContain('final: closed, attested by its quorum, and undisputed');
    expect(code).toBe(0);
    // Whoever trusts another block is told so.
    expect((await inShell(line.replace(/0x[0-9a-f]{64}/, `0x${'1'.repeat(64)}`))).code).toBe(9);
  });

  test('says in its output and its JSON what was verified, and keeps the bundle and the report', async () => {
    const { stdout } = await demo.interrupt();
    const { verified, final, checks, unchecked, bundle, report } = result.audit;
    expect([verified, final, unchecked]).toEqual([true, true, 0]);
    expect(stdout).toContain(`${checks} checks, no fault; the study is final.`);
    expect(bundle).toBe(join(workdir, 'study.bundle.json'));
    expect(JSON.parse(readFileSync(bundle, 'utf8')).study).toBe(result.study);
    expect(stdout).toContain(report);
    expect(readFileSync(report, 'utf8')).toContain(`<title>VERIFIED: audit report of study ${result.study}</title>`);
  });

  test('fails as an auditor would, in the same folder once more, when an update is altered after all was read back', async () => {
    if (demo.child.exitCode === null) await demo.interrupt();
    const before = new Set(readdirSync(result.models));
    const again = startDemo(workdir, ['--rounds', '1']);
    await Promise.race([says(again, 'each hospital evaluates'), again.ended]);
    // Statements, receipts, reports and manifests are JSON; an update has its salt in its header, a global model none.
    const files = readdirSync(result.models).filter((name) => !before.has(name) && /^[0-9a-f]{64}$/.test(name));
    const update = files.find((name) => readFileSync(join(result.models, name)).includes('"__metadata__"')) ?? '';
    appendFileSync(join(result.models, update), 'x');
    const { code, stdout, stderr } = await again.ended;
    expect([code, stderr]).toEqual([9, expect.stringContaining('error AUDIT_FAILED: ')]);
    const report = join(workdir, 'report.html');
    expect(stderr).toContain(`see ${report}`);
    expect(stdout).not.toContain('VERIFIED by');
    const page = readFileSync(report, 'utf8');
    expect(page).toContain('<title>NOT VERIFIED: ');
    expect(page).toContain(update);
  });

  test('fails, in the same folder once more, when a stored file was altered meanwhile', async () => {
    if (demo.child.exitCode === null) await demo.interrupt();
    const again = startDemo(workdir, ['--rounds', '2']);
    await Promise.race([says(again, 'round 1:'), again.ended]);
    // The same plan and seed: the same initial model, which nobody reads any more once round 1 is over.
    const initial = result.rounds[0]?.base as Digest;
    appendFileSync(join(result.models, fileName(initial)), 'x');
    const { code, stderr } = await again.ended;
    expect(stderr).toContain('error RUN_FAILED: what was read back is not what was recorded');
    expect(stderr).toContain(`the stored initial model ${initial} has another SHA-256`);
    expect(code).toBe(10);
  });
});

/** A line of the demonstration's, pasted into a shell in the checkout. */
async function inShell(line: string): Promise<{ code: number | null; stderr: string }> {
  const { NODE_OPTIONS, ...env } = process.env;
  const child = spawn('sh', ['-c', line], { cwd: ROOT, env, stdio: ['ignore', 'ignore', 'pipe'] });
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
  return { code, stderr };
}

function says({ child }: DemoProcess, words: string): Promise<void> {
  let out = '';
  return new Promise((resolve) => {
    child.stdout?.on('data', (chunk) => {
      out += String(chunk);
      if (out.includes(words)) resolve();
    });
  });
}
