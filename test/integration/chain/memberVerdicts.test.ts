import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { grant } from '../../../cli/chain/consent.ts';
import { writeInvitation } from '../../../cli/chain/invite.ts';
import { send } from '../../../cli/chain/send.ts';
import { blockAt } from '../../../coordinator/chain/node.ts';
import { encodeReceipt } from '../../../core/statements/documents.ts';
import { sealKey } from '../../../core/statements/keystore.ts';
import { type Entry, STATUS } from '../../../core/statements/ledger.ts';
import { sign } from '../../../core/statements/sign.ts';
import { domain, type ReceiptMessage } from '../../../core/statements/types.ts';
import { type Digest, instant, type Slot, type StudyId, ZERO_DIGEST } from '../../../core/values.ts';
import { type Ran, syndic } from '../../unit/cli/spawn.ts';
import { addressOf, DATASET, encode, included, randomDigest, recordRound, startWorld, type World } from './world.ts';

let dir: string;
let world: World;
const file = (name: string) => join(dir, name);

/** Slots 1 to 5 join the study; 6 never does. */
const JOINED = 5;
const STRANGER = 6;

let study: StudyId;
let base: Digest;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'syndic-verdicts-'));
  world = await startWorld({ members: STRANGER });
  const { chainId, contracts, rpc, provider, operator, members } = world;
  writeFileSync(file('passphrase'), 'correct horse\n');
  const deployment = { chainId, genesis: (await blockAt(rpc, 0)).hash, ...contracts };
  writeFileSync(file('deployment.json'), JSON.stringify(deployment));
  const terms = { deployment, url: 'grpcs://coordinator.example:8443', pin: ZERO_DIGEST };
  for (const { slot, account } of members) {
    writeFileSync(file(`${slot}.json`), await sealKey(account.privateKey, 'correct horse', 2));
    await writeInvitation(file(`${slot}.invitation.json`), {
      ...terms,
      coordinator: addressOf(world.coordinator),
      slot,
    });
  }
  const opened = world.newStudy();
  study = opened.study;
  base = opened.initialModel;
  await send(provider, operator, { to: contracts.ledger, data: opened.openStudy });
  const until = instant(Math.floor(Date.now() / 1000) + 86_400);
  for (const { account, slot } of members.slice(0, JOINED)) {
    await grant(provider, account, contracts.dataUse, { study, slot, plan: opened.plan, dataset: DATASET, until });
  }
  await say(encode('startStudy', [study]));
});

afterAll(async () => {
  await world?.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** As the study's coordinator: what it says on chain, right or wrong. */
async function say(data: string) {
  return await send(world.provider, world.coordinatorKey, { to: world.contracts.ledger, data });
}

const slots = Array.from({ length: JOINED }, (_, i) => (i + 1) as Slot);

/** Records a round on the last one's model. */
async function record(round: number, entries: readonly Entry[] = included(slots)): Promise<readonly Entry[]> {
  const global = randomDigest();
  await say(recordRound({ study, round, base, global, entries }));
  base = global;
  return entries;
}

const as = (slot: number) => [
  ...['--rpc', world.rpcUrl, '--invitation', file(`${slot}.invitation.json`)],
  ...['--keystore', file(`${slot}.json`), '--passphrase-file', file('passphrase')],
];
const member = (verb: string, slot: number, ...args: readonly (string | number)[]) => [
  ...['member', verb, ...args.map(String)],
  ...as(slot),
];

/** Runs a command with --json and returns what it printed. */
async function look(args: readonly string[]) {
  const { code, stdout, stderr } = await syndic([...args, '--json']);
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}`);
  return JSON.parse(stdout);
}

const run = async (args: readonly string[]) => await look([...args, '--yes']);

/** Runs one that must fail: its exit code and error. */
async function refusal(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await syndic([...args, '--json', '--yes']);
  expect(stdout).toBe('');
  const { error } = JSON.parse(stderr);
  return `${code} ${error.code}: ${error.message}`;
}

/** Without --yes, where nobody can be asked: what would be signed is told, and nothing is. */
async function told(args: readonly string[]): Promise<Ran> {
  const ran = await syndic(args);
  expect([ran.code, ran.stdout]).toEqual([2, '']);
  expect(ran.stderr).toContain('nobody is here to confirm');
  return ran;
}

describe('what a member says of a record', () => {
  test('attest tells the record in plain words, says it once, and refuses in words', async () => {
    expect(await refusal(member('attest', 1, study, 1))).toMatch(
      /^6 STATE_CONFLICT: round 1 of study .* has no record/,
    );
    const entries = await record(1);
    const { stderr } = await told(member('attest', 1, study, 1));
    expect(stderr).toContain('that you have checked the record of round 1 and find it right');
    expect(stderr).toMatch(/outcome +completed, recorded 20/);
    expect(stderr).toContain(base);
    expect(stderr).toContain(`included, 100 samples, update ${entries[0]?.update}`);
    const attested = await run(member('attest', 1, study, 1));
    expect(attested).toMatchObject({ study, round: 1, slot: 1, verdict: 'attested' });
    expect(stderr).toContain(attested.recordHash);
    expect(await refusal(member('attest', 1, study, 1))).toMatch(/^6 STATE_CONFLICT: .*already \(attested\)/);
    expect(await refusal(member('attest', STRANGER, study, 1))).toMatch(/^4 FORBIDDEN: slot 6 never joined/);
  });

  test('dispute names a reason; withdrawn, the member may attest, and never dispute again', async () => {
    const dispute = [...member('dispute', 2, study, 1), '--reason', 'samples'];
    expect((await told(dispute)).stderr).toContain('the record of round 1 is wrong (samples)');
    expect(await run(dispute)).toMatchObject({ slot: 2, verdict: 'disputed', reason: 'samples' });
    expect(await refusal(member('attest', 2, study, 1))).toMatch(/^6 STATE_CONFLICT: .*already \(disputed\)/);
    expect(await run(member('withdraw-dispute', 2, study, 1))).toMatchObject({ slot: 2, verdict: 'withdrawn' });
    expect(await refusal(member('withdraw-dispute', 2, study, 1))).toMatch(/^6 .*no open dispute of round 1/);
    expect(await refusal(dispute)).toMatch(/^6 STATE_CONFLICT: .*already \(withdrawn\)/);
    expect(await run(member('attest', 2, study, 1))).toMatchObject({ verdict: 'attested' });
    const { code, stderr } = await syndic([...member('dispute', 3, study, 1), '--reason', 'whim']);
    expect([code, /update, samples, base, manifest, document, other/.test(stderr)]).toEqual([2, true]);
  });

  test('what a member signs with --relay, another account sends', async () => {
    const write = [...member('attest', 4, study, 1), '--relay', file('attest.json')];
    expect(await run(write)).toMatchObject({ slot: 4, verdict: 'attested', signed: true });
    const payer = ['--keystore', file('6.json'), '--passphrase-file', file('passphrase')];
    const at = ['--rpc', world.rpcUrl, '--deployment', file('deployment.json')];
    const relay = ['consortium', 'relay', file('attest.json'), ...at, ...payer];
    expect(await look(relay)).toMatchObject({ message: 'Attest' });
    expect(await refusal(member('attest', 4, study, 1))).toMatch(/^6 STATE_CONFLICT: .*already \(attested\)/);
  });

  test("another's dispute is closed by the votes of more than half of all who joined", async () => {
    await run([...member('dispute', 3, study, 1), '--reason', 'other']);
    const vote = (slot: number) => member('dismiss-dispute', slot, study, 1, 3);
    expect((await told(vote(1))).stderr).toContain('the dispute of slot 3 about round 1 (other; 0 votes so far)');
    expect(await run(vote(1))).toMatchObject({ slot: 1, disputeOf: 3 });
    expect(await refusal(vote(1))).toMatch(/^6 STATE_CONFLICT: slot 1 has voted already/);
    await run(vote(4));
    await run(vote(5));
    expect(await refusal(vote(2))).toMatch(/^6 STATE_CONFLICT: slot 3 has no open dispute/);
  });
});

describe('a receipt', () => {
  /** The coordinator's receipt for what slot did in a round, in a file. */
  function receipt(slot: number, round: number, promised: Partial<ReceiptMessage>, key = world.coordinatorKey): string {
    const message = {
      ...{ statement: randomDigest(), study, round, slot, baseModel: base, update: randomDigest(), samples: 100 },
      ...{ recordBy: Math.floor(Date.now() / 1000) + 3600, ...promised },
    };
    const signature = sign(key.privateKey, domain(world.chainId, world.contracts.ledger), 'Receipt', message);
    const path = file(`receipt-${round}-${slot}-${message.recordBy}.json`);
    writeFileSync(path, encodeReceipt({ message, signature }));
    return path;
  }

  const status = () => ['consortium', 'status', '--rpc', world.rpcUrl, '--deployment', file('deployment.json')];
  const omissions = async () => (await look(status())).coordinators;

  test('that a record breaks, in whichever of the four ways, flags the coordinator by a member’s own command', async () => {
    const promised = included(slots);
    const file = promised.map(({ slot, update, samples }) => receipt(slot, 2, { update, samples }));
    expect(await refusal(member('challenge', 1, file[0] ?? ''))).toMatch(/^6 STATE_CONFLICT: round 2 .* no record/);
    const none = { update: ZERO_DIGEST, samples: 0 };
    const recorded = promised.map((entry, i): Entry => {
      if (i === 0) return { ...entry, ...none, status: STATUS.ABSENT, reason: 1 };
      if (i === 1) return { ...entry, ...none, status: STATUS.NOT_SELECTED, reason: 0 };
      if (i === 2) return { ...entry, update: randomDigest() };
      if (i === 3) return { ...entry, samples: 99 };
      return entry;
    });
    await record(2, recorded);
    expect(await omissions()).toMatchObject([{ account: addressOf(world.coordinator), omissions: 0 }]);

    const { stderr } = await told(member('challenge', 1, file[0] ?? ''));
    expect(stderr).toContain(`with 100 samples, update ${promised[0]?.update}`);
    expect(stderr).toContain('says of slot 1: absent (no answer)');
    expect(stderr).toContain(`coordinator ${addressOf(world.coordinator)} broke it (absent)`);
    const ways = ['absent', 'not selected', 'another update', 'other samples'];
    for (const [i, omission] of ways.entries()) {
      const proven = await run(member('challenge', i + 1, file[i] ?? ''));
      expect(proven).toMatchObject({ study, round: 2, slot: i + 1, omission });
    }
    expect(await omissions()).toMatchObject([{ omissions: 4 }]);
    expect((await syndic(status())).stderr).toContain('ITS RECORDS BREAK 4 RECEIPTS, proven on chain');
    expect(await refusal(member('challenge', 1, file[0] ?? ''))).toMatch(/^6 STATE_CONFLICT: .*on chain already/);
    expect(await refusal(member('challenge', 5, file[4] ?? ''))).toMatch(/^6 STATE_CONFLICT: the receipt is kept/);
    expect(await omissions()).toMatchObject([{ omissions: 4 }]);
  });

  test('that the record keeps, includes it or excludes it, flags nobody; nor does one of somebody else', async () => {
    const promised = included(slots);
    const kept = promised.map(({ slot, update, samples }) => receipt(slot, 3, { update, samples }));
    const forged = receipt(1, 3, { recordBy: 4_000_000_000 }, world.operator);
    const ofAnotherBase = receipt(1, 3, { recordBy: 4_000_000_001, baseModel: randomDigest() });
    await record(
      3,
      promised.map((entry, i) => (i === 0 ? { ...entry, status: STATUS.EXCLUDED, reason: 6 } : entry)),
    );
    for (const [i, path] of kept.entries()) {
      expect(await refusal(member('challenge', i + 1, path))).toMatch(/^6 STATE_CONFLICT: the receipt is kept/);
    }
    expect(await refusal(member('challenge', 1, forged))).toMatch(/^4 SIGNATURE_INVALID: .*no key of the study's/);
    expect(await refusal(member('challenge', 1, ofAnotherBase))).toMatch(/^6 STATE_CONFLICT: .* proves nothing/);
    expect(await omissions()).toMatchObject([{ omissions: 4 }]);
  });

  test('is late when its time has passed, recorded or not; before it, nothing is to be said', async () => {
    const now = Math.floor(Date.now() / 1000);
    const inTime = receipt(1, 4, {});
    const missed = receipt(1, 4, { recordBy: now - 1000 });
    expect(await refusal(member('late', 1, inTime))).toMatch(/^6 STATE_CONFLICT: nothing is late/);
    expect((await told(member('late', 1, missed))).stderr).toContain('There is no record of that round yet.');
    expect(await run(member('late', 1, missed))).toMatchObject({ round: 4, recordBy: now - 1000, recorded: null });
    await world.rpc.request('evm_increaseTime', [5]);
    await record(4);
    expect((await run(member('late', 1, missed))).recorded).toBeGreaterThan(now - 1000);
    expect(await refusal(member('late', 1, missed))).toMatch(/^6 STATE_CONFLICT: nothing is late/);
  });
});

describe('audit history', () => {
  const history = () => [
    'audit',
    'history',
    '--study',
    study,
    '--rpc',
    world.rpcUrl,
    '--deployment',
    file('deployment.json'),
  ];

  test('tells what members said of each round and which receipts it breaks, equal to what is stored', async () => {
    const told = await look(history());
    expect(told.verified).toBe(true);
    const [only] = told.studies;
    expect(only.final).toBe(false);
    const [first, second, third, fourth] = only.rounds.map(({ verdicts }: { verdicts: object }) => verdicts);
    expect(first).toEqual({
      attested: [1, 2, 4],
      disputes: [
        { slot: 2, reason: 2, state: 'withdrawn' },
        { slot: 3, reason: 255, state: 'dismissed' },
      ],
      omissions: [],
      secondsLate: 0,
    });
    expect(second.omissions).toEqual([
      { slot: 1, omission: 'absent' },
      { slot: 2, omission: 'not selected' },
      { slot: 3, omission: 'another update' },
      { slot: 4, omission: 'other samples' },
    ]);
    expect(third).toEqual({ attested: [], disputes: [], omissions: [], secondsLate: 0 });
    expect(fourth.secondsLate).toBeGreaterThan(1000);

    const { stdout, stderr } = await syndic(history());
    const verdicts = stdout.split('\n').map((line) => line.split('\t')[9]);
    expect(verdicts.slice(0, 6)).toEqual([
      ...['attested', 'withdrawn (samples); attested', 'dismissed (other)', 'attested', ''],
      'RECEIPT BROKEN: absent',
    ]);
    expect(stderr).toContain('round 1: attested by 3\n');
    expect(stderr).toContain("round 2: BREAKS 4 of its coordinator's receipts\n");
  });

  test('says of a study that is closed, attested by its quorum and undisputed that it is final', async () => {
    for (const round of [2, 3, 4]) for (const slot of [1, 2]) await run(member('attest', slot, study, round));
    expect((await look(history())).studies[0].final).toBe(false);
    await say(encode('closeStudy', [study, 1]));
    const { stderr } = await syndic(history());
    expect(stderr).toContain(`study ${study}: final: closed, attested by its quorum, and undisputed`);
  });
});
