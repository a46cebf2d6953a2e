import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Digest, fileName } from '../../core/values.ts';
import { attestedOf } from '../../embedded/attested.ts';
import { runSyndic } from '../../embedded/runSyndic.ts';
import { type StudyRun, TestConsortium } from '../support/consortium.ts';
import { cleanEnv, LAUNCHER } from '../unit/cli/spawn.ts';

const GUIDE = join(import.meta.dirname, '..', '..', 'docs', 'audit-guide.md');
const ROUNDS = 2;

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Expected {
  /** How the block begins. */
  readonly begins: string;
  readonly check: (outcome: Outcome) => void;
}

/** What a line such as `STUDY=…` wants its reader to fill in. */
const BLANK = /^([A-Z]+)=…/gm;

let box: TestConsortium;
let run: StudyRun;
/** Where the reader sits: nothing but what the guide made is here. */
let desk: string;
let bin: string;
const blocks = [...readFileSync(GUIDE, 'utf8').matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
const outcomes: Outcome[] = [];
/** What the reader has said so far. */
const said: Record<string, string> = {};

/** What a reader has, or is told, by the name that the guide gives it. */
const known: Readonly<Record<string, () => string | Promise<string>>> = {
  STUDY: () => run.study,
  RPC: () => box.consortium.rpcUrl,
  DEPLOYMENT: () => join(box.dir, 'deployment.json'),
  FILES: () => box.consortium.modelsDir,
  CONSENSUS: () => 'ethereum',
  BLOCK: async () => (await blockOf(kept('study.bundle.json').headers[0].number)).hash,
  RECEIPT: () => receiptOf(1),
  THEIRS: () => join(box.dir, 'theirs.json'),
};

const saysNothing = (outcome: Outcome) => expect(outcome).toEqual({ code: 0, stdout: '', stderr: '' });

const EXPECTED: readonly Expected[] = [
  { begins: 'STUDY=…', check: saysNothing },
  {
    begins: 'syndic audit verify "$STUDY" --rpc',
    check: ({ code, stdout, stderr }) => {
      expect([code, stdout]).toEqual([0, '']);
      expect(stderr).toMatch(new RegExp(`^VERIFIED: \\d+ checks of study ${run.study}, no fault$`, 'm'));
      expect(stderr).toContain('on the word of the node that was asked');
      expect(stderr).toContain('final: closed, attested by its quorum, and undisputed');
      expect(page('report.html')).toContain(`<title>VERIFIED: audit report of study ${run.study}</title>`);
    },
  },
  {
    begins: 'syndic audit history',
    check: ({ code, stdout, stderr }) => {
      const lines = stdout.trim().split('\n');
      expect([code, lines.length]).toEqual([0, ROUNDS * box.consortium.members.length]);
      const { rounds } = run.history;
      const entries = rounds.flatMap(({ round, entries }) => entries.map((entry) => ({ round, ...entry })));
      expect(
        lines.map((line) => line.split('\t')).map((cells) => [cells[1], cells[4], cells[5], cells[7], cells[8]]),
      ).toEqual(
        entries.map(({ round, slot, samples, update }) => [`${round}`, `${slot}`, 'included', `${samples}`, update]),
      );
      expect(stderr).toContain('equals what the ledger stores');
    },
  },
  {
    begins: 'syndic audit export',
    check: ({ code, stdout, stderr }) => {
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(/^verified\ttrue$/m);
      expect(kept('study.bundle.json').study).toBe(run.study);
    },
  },
  { begins: 'BLOCK=…', check: saysNothing },
  {
    begins: 'syndic audit verify "$STUDY" --bundle',
    check: ({ code, stderr }) => {
      expect(code).toBe(0);
      expect(stderr).toMatch(/^VERIFIED: /m);
      expect(stderr).toContain(`(${said.BLOCK}, `);
      expect(stderr).toContain('which its reader trusts');
      expect(stderr).not.toContain('not checked');
      expect(page('offline.html')).toContain('<title>VERIFIED: ');
    },
  },
  { begins: 'RECEIPT=…', check: saysNothing },
  {
    begins: 'syndic audit receipt',
    check: ({ code, stdout }) => expect([code, stdout]).toEqual([0, expect.stringMatching(/^state\tkept$/m)]),
  },
  { begins: 'THEIRS=…', check: saysNothing },
  {
    begins: 'syndic audit diff',
    check: (outcome) => expect(outcome).toEqual({ code: 0, stdout: '', stderr: 'both tell the same history\n' }),
  },
  {
    begins: 'syndic audit watch',
    check: (outcome) => {
      saysNothing(outcome);
      const lines = page('heads.jsonl').trim().split('\n');
      const heads = lines.map((line) => JSON.parse(line)).map(({ round, head }) => [round, head]);
      expect(heads).toEqual(run.history.rounds.map(({ round, head }) => [round, head]));
    },
  },
  {
    begins: 'sha256sum',
    check: ({ code, stdout }) => {
      const files = ['study.bundle.json', 'report.html', 'offline.html', 'heads.jsonl'];
      expect([code, stdout]).toEqual([0, files.map((file) => `${file}: OK\n`).join('')]);
    },
  },
];

beforeAll(async () => {
  box = await TestConsortium.start({ hospitals: 2 });
  const { consortium } = box;
  run = await box.runStudy(await box.writePlan({ startAt: 2, quorum: 2, rounds: ROUNDS, seed: 8 }));
  await attestedOf(consortium, run.study, run.history.rounds);
  const from = ['--rpc', consortium.rpcUrl, '--deployment', join(box.dir, 'deployment.json')];
  const files = ['--artifacts', consortium.modelsDir, '--consensus', 'ethereum'];
  await runSyndic(['audit', 'export', run.study, ...from, ...files, '--out', join(box.dir, 'theirs.json')]);
  desk = await mkdtemp(join(tmpdir(), 'syndic-desk-'));
  bin = join(box.dir, 'bin');
  mkdirSync(bin);
  symlinkSync(LAUNCHER, join(bin, 'syndic'));
  for (const block of blocks) outcomes.push(await follow(block));
});

afterAll(async () => {
  if (desk !== undefined) await rm(desk, { recursive: true, force: true });
  await box?.close();
});

/** Does what a block says, once its blanks are filled in; what it sets is there for the next ones. */
async function follow(block: string): Promise<Outcome> {
  for (const [, name = ''] of block.matchAll(BLANK)) {
    const value = known[name];
    if (value === undefined) throw new Error(`the guide wants ${name}, and nobody knows what it is`);
    said[name] = await value();
  }
  return await inShell(
    block.replaceAll(BLANK, (_, name) => `${name}='${said[name]}'`),
    said,
  );
}

async function inShell(script: string, variables: Readonly<Record<string, string>>): Promise<Outcome> {
  const { PATH, ...env } = cleanEnv();
  const path = [bin, PATH].join(delimiter);
  const child = spawn('sh', ['-c', script], { cwd: desk, env: { ...env, PATH: path, ...variables } });
  child.stdin.end();
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, stdout, stderr };
}

function page(name: string): string {
  return readFileSync(join(desk, name), 'utf8');
}

function kept(name: string) {
  return JSON.parse(page(name));
}

/** What the chain says of a block, as somebody else than the bundle's maker would find it. */
async function blockOf(number: string): Promise<{ hash: string }> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_getBlockByNumber', params: [number, false] });
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(box.consortium.rpcUrl, { method: 'POST', headers, body });
  return ((await answer.json()) as { result: { hash: string } }).result;
}

/** The receipt of a hospital's first update, where its worker keeps it. */
function receiptOf(slot: number): string {
  const journal = join(box.member(slot).dir, 'worker', 'journal');
  const lines = readFileSync(join(journal, 'journal.jsonl'), 'utf8').trim().split('\n');
  const accepted = lines.map((line) => JSON.parse(line)).find(({ type }) => type === 'accepted');
  return join(journal, 'files', fileName(accepted.receipt as Digest));
}

test('of every block of the guide it is known what must come of it', () => {
  expect(blocks.map((block, i) => block.startsWith(EXPECTED[i]?.begins ?? 'nothing is expected of it'))).toEqual(
    EXPECTED.map(() => true),
  );
});

test.each(EXPECTED.map((expected, i) => ({ ...expected, i })))(
  'a reader of the guide follows block $i: $begins',
  ({ i, check }) => {
    check(outcomes[i] as Outcome);
  },
);

test('the guide’s own command finds what is wrong, and exits with 9, when a document is gone or the block is another', async () => {
  const [online = '', offline = ''] = blocks.filter((block) => block.startsWith('syndic audit verify'));
  const spoiled = join(desk, 'spoiled');
  cpSync(box.consortium.modelsDir, spoiled, { recursive: true });
  const manifest = run.history.rounds[0]?.manifest as Digest;
  rmSync(join(spoiled, fileName(manifest)));
  const without = await inShell(online, { ...said, FILES: spoiled });
  expect([without.code, without.stdout]).toEqual([9, expect.stringContaining('DOCUMENT_MISSING\tfault\t1\t')]);
  const elsewhere = await inShell(offline, { ...said, BLOCK: `0x${'1'.repeat(64)}` });
  expect([elsewhere.code, elsewhere.stderr]).toEqual([9, expect.stringContaining('CHAIN_MISMATCH')]);
});
