import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openAccount } from '../../../cli/chain/account.ts';
import { type ChainLine, connectChain } from '../../../cli/chain/connectChain.ts';
import { setKey } from '../../../cli/chain/consortium.ts';
import { send } from '../../../cli/chain/send.ts';
import { loadPlanFile } from '../../../cli/loadPlanFile.ts';
import { invitationDigest, parseInvitation } from '../../../core/invitation/Invitation.ts';
import { sha256 } from '../../../core/sha256.ts';
import { studyId } from '../../../core/statements/studyId.ts';
import { type Address, address, type Digest, type Slot, type StudyId, ZERO_DIGEST } from '../../../core/values.ts';
import { startAnvil, type TestChain } from '../../support/anvil.ts';
import { syndic } from '../../unit/cli/spawn.ts';
import { addressOf, encode, included, randomDigest, randomWallet, recordRound } from './world.ts';

const PLAN = join(import.meta.dirname, '..', '..', '..', 'examples', 'heart', 'standin-plan.yaml');
const PASSPHRASE = 'correct horse';

let dir: string;
let anvil: TestChain;
let chain: ChainLine;
const file = (name: string) => join(dir, name);

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'syndic-cli-'));
  writeFileSync(file('passphrase'), `${PASSPHRASE}\nnot this\n`);
  anvil = await startAnvil();
  chain = await connectChain(anvil.rpcUrl);
});

afterAll(async () => {
  chain?.close();
  await anvil?.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** Runs a command with --json and returns what it printed. */
async function run(...args: string[]) {
  const { code, stdout, stderr } = await syndic([...args, '--json']);
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}`);
  return JSON.parse(stdout);
}

/** Runs a command that must fail; its exit code and error code. */
async function refusal(...args: string[]): Promise<string> {
  const { code, stderr } = await syndic([...args, '--json']);
  return `${code} ${JSON.parse(stderr).error?.code}`;
}

const signedBy = (name: string) => ['--keystore', file(`${name}.json`), '--passphrase-file', file('passphrase')];
const rpc = () => ['--rpc', anvil.rpcUrl];
const deployed = () => ['--deployment', file('deployment.json')];
const asAdmin = () => [...rpc(), ...deployed(), ...signedBy('admin')];
const asMember = (name: string) => [...rpc(), '--invitation', file(`${name}.invitation.json`), ...signedBy(name)];

async function makeAccount(name: string): Promise<Address> {
  const made = await run('member', 'account', ...signedBy(name), '--scrypt-cost', '2');
  return made.account;
}

describe('a consortium by the command line', () => {
  const ids = {} as { consortium: Address; dataUse: Address; ledger: Address; genesis: Digest };
  const accounts = {} as Record<'admin' | 'operator' | 'coordinator' | 'first' | 'second', Address>;
  const slots: Slot[] = [];
  let study: StudyId;

  test('an account is made in a keystore that only its owner reads, once', async () => {
    for (const name of ['admin', 'operator', 'coordinator', 'first', 'second'] as const) {
      accounts[name] = await makeAccount(name);
    }
    expect(statSync(file('admin.json')).mode & 0o777).toBe(0o600);
    expect(await makeAccount('admin')).toBe(accounts.admin);
    const opened = await openAccount({ keystore: file('admin.json'), passphraseFile: file('passphrase') });
    expect(addressOf(opened)).toBe(accounts.admin);
  });

  test('deploy writes where the contracts stand', async () => {
    const out = ['--out', file('deployment.json')];
    Object.assign(ids, await run('consortium', 'deploy', ...rpc(), ...signedBy('admin'), ...out));
    expect(JSON.parse(readFileSync(file('deployment.json'), 'utf8'))).toEqual({ chainId: anvil.chainId, ...ids });
  });

  test('a wrong passphrase is KEYSTORE_INVALID, and nothing is sent', async () => {
    writeFileSync(file('wrong'), 'incorrect donkey\n');
    const keys = ['--keystore', file('admin.json'), '--passphrase-file', file('wrong')];
    expect(await refusal('consortium', 'deploy', ...rpc(), ...keys)).toBe('4 KEYSTORE_INVALID');
  });

  test('operators and coordinators are listed, a second time in vain', async () => {
    const add = async (who: 'operator' | 'coordinator') =>
      (await run('consortium', who, 'add', accounts[who], ...asAdmin())).added;
    expect([await add('operator'), await add('operator')]).toEqual([true, false]);
    expect([await add('coordinator'), await add('coordinator')]).toEqual([true, false]);
    const nobody = ['--deployment', file('deployment.json'), ...rpc(), ...signedBy('first')];
    expect(await refusal('consortium', 'operator', 'add', accounts.first, ...nobody)).toBe('6 CHAIN_REVERTED');
  });

  test('admit writes an invitation whose SHA-256 both ends can compare, the same when repeated', async () => {
    for (const name of ['first', 'second'] as const) {
      const out = file(`${name}.invitation.json`);
      const terms = ['--url', 'grpcs://coordinator.example:8443', '--pin', ZERO_DIGEST];
      const to = ['--coordinator', accounts.coordinator, '--out', out];
      const admit = () => run('consortium', 'admit', accounts[name], ...asAdmin(), ...terms, ...to);
      const admitted = await admit();
      expect(await admit()).toEqual(admitted);
      slots.push(admitted.slot);
      const invitation = parseInvitation(JSON.parse(readFileSync(out, 'utf8')));
      expect(invitationDigest(invitation)).toBe(admitted.sha256);
      expect(invitation).toMatchObject({ slot: admitted.slot, chainId: anvil.chainId, genesis: ids.genesis });
    }
    expect(slots).toEqual([1, 2]);
  });

  test('a member lists its worker key and anchors a version of its dataset', async () => {
    const key = addressOf(randomWallet());
    expect(await run('member', 'key', key, ...asMember('first'))).toEqual({
      account: accounts.first,
      key,
      listed: true,
    });
    expect((await run('member', 'key', key, ...asMember('first'))).listed).toBe(false);
    for (const name of ['first', 'second']) {
      const dataset = randomDigest();
      const version = { schema: 'syndic.version/1', dataset, root: randomDigest(), rows: 256, secret: randomDigest() };
      writeFileSync(file(`${name}.version.json`), JSON.stringify({ ...version, created: 1 }));
      const anchor = () => run('member', 'version', '--file', file(`${name}.version.json`), ...asMember(name));
      const done = await anchor();
      expect(done).toMatchObject({ dataset, root: version.root, rows: 256 });
      expect(done.transaction).toMatch(/^0x/);
      expect((await anchor()).transaction).toBeNull();
    }
  });

  test('grant says in plain words what is signed, and wants a yes where nobody can be asked', async () => {
    const { hash: plan } = await loadPlanFile(PLAN);
    const salt = randomDigest();
    study = studyId(anvil.chainId, ids.ledger, accounts.operator, plan, salt);
    const operator = await openAccount({ keystore: file('operator.json'), passphraseFile: file('passphrase') });
    const data = encode('openStudy', [plan, ZERO_DIGEST, accounts.coordinator, 2, salt]);
    await send(chain.provider, operator, { to: ids.ledger, data });

    for (const name of ['first', 'second']) {
      const { dataset } = JSON.parse(readFileSync(file(`${name}.version.json`), 'utf8'));
      const args = ['member', 'grant', study, '--plan', PLAN, '--dataset', dataset, '--days', '30', ...asMember(name)];
      const asked = await syndic(args);
      expect(asked.code).toBe(2);
      expect(asked.stderr).toContain(plan);
      expect(asked.stderr).toMatch(/Purpose: /);
      const granted = await run(...args, '--yes');
      expect(granted).toMatchObject({ study, plan, dataset });
      expect(await run(...args, '--yes')).toMatchObject({ until: granted.until, transaction: null });
    }
  });

  test('grant refuses a plan that is not the study’s, an account that is no member, and another chain’s file', async () => {
    writeFileSync(file('other.yaml'), readFileSync(PLAN, 'utf8').replace(/^rounds: *\d+/m, 'rounds: 77'));
    const args = (plan: string) => ['member', 'grant', study, '--plan', plan, '--dataset', 'x', '--days', '1', '--yes'];
    expect(await refusal(...args(file('other.yaml')), ...asMember('first'))).toBe('6 WRONG_PLAN');
    const stranger = [...rpc(), '--invitation', file('first.invitation.json'), ...signedBy('operator')];
    expect(await refusal(...args(PLAN), ...stranger)).toBe('4 FORBIDDEN');
    const elsewhere = { ...JSON.parse(readFileSync(file('deployment.json'), 'utf8')), genesis: ZERO_DIGEST };
    writeFileSync(file('elsewhere.json'), JSON.stringify(elsewhere));
    expect(await refusal('audit', 'history', ...rpc(), '--deployment', file('elsewhere.json'))).toBe(
      '9 CHAIN_MISMATCH',
    );
  });

  test('audit history tells who gave what, recomputed and equal to storage', async () => {
    const coordinator = await openAccount({ keystore: file('coordinator.json'), passphraseFile: file('passphrase') });
    const key = randomWallet();
    await setKey(chain.provider, coordinator, ids.consortium, addressOf(key));
    const say = async (data: string) => await send(chain.provider, key, { to: ids.ledger, data });
    await say(encode('startStudy', [study]));
    const entries = included(slots, 40);
    const global = randomDigest();
    const { transactionHash } = await say(recordRound({ study, round: 1, base: ZERO_DIGEST, global, entries }));
    await say(encode('note', [study, randomDigest(), randomDigest()]));
    const absent = slots.map((slot) => ({ slot, status: 0 as const, reason: 1, update: ZERO_DIGEST, samples: 0 }));
    await say(recordRound({ study, round: 2, outcome: 2, base: global, global, entries: absent }));
    await say(encode('closeStudy', [study, 3]));

    const told = await run('audit', 'history', '--study', study, ...rpc(), '--deployment', file('deployment.json'));
    expect(told).toMatchObject({ ledger: ids.ledger, verified: true });
    const [only] = told.studies;
    expect(only).toMatchObject({ study, verified: true, faults: [], started: slots, outcome: 3 });
    expect(only.rounds).toHaveLength(2);
    expect(only.rounds[0]).toMatchObject({
      round: 1,
      outcome: 1,
      globalModel: global,
      transaction: transactionHash,
      entries,
    });
    expect(only.totals).toEqual(slots.map((slot) => ({ slot, rounds: 1, samples: 40 })));

    const mine = await run(
      'audit',
      'history',
      '--member',
      '2',
      ...rpc(),
      '--deployment',
      file('second.invitation.json'),
    );
    expect(mine.verified).toBe(true);
    expect(mine.studies[0].rounds.map((round: { entries: unknown[] }) => round.entries)).toEqual([
      [entries[1]],
      [absent[1]],
    ]);
    const lines = await syndic([
      'audit',
      'history',
      '--member',
      '2',
      ...rpc(),
      '--deployment',
      file('deployment.json'),
    ]);
    expect(lines.stdout.split('\n')[0]?.split('\t').slice(1, 3)).toEqual(['1', 'completed']);
    expect(lines.stderr).toContain('equals what the ledger stores');
  });

  test('audit history of what is not there: nothing for a member, NOT_FOUND for a study', async () => {
    const where = [...rpc(), '--deployment', file('deployment.json')];
    expect((await run('audit', 'history', '--member', '9', ...where)).studies).toEqual([]);
    expect(await refusal('audit', 'history', '--study', randomDigest(), ...where)).toBe('5 NOT_FOUND');
    expect(
      await refusal('audit', 'history', '--rpc', 'http://127.0.0.1:9', '--deployment', file('deployment.json')),
    ).toBe('7 CHAIN_UNAVAILABLE');
  });

  test('revoke ends a grant, and a second one says that there is none', async () => {
    const salt = randomDigest();
    const { hash: plan } = await loadPlanFile(PLAN);
    const next = studyId(anvil.chainId, ids.ledger, accounts.operator, plan, salt);
    const operator = await openAccount({ keystore: file('operator.json'), passphraseFile: file('passphrase') });
    const data = encode('openStudy', [plan, ZERO_DIGEST, address(accounts.coordinator), 2, salt]);
    await send(chain.provider, operator, { to: ids.ledger, data });
    const { dataset } = JSON.parse(readFileSync(file('first.version.json'), 'utf8'));
    const terms = ['--plan', PLAN, '--dataset', dataset, '--until', '2999-01-01', '--yes'];
    const granted = await run('member', 'grant', next, ...terms, ...asMember('first'));
    expect(granted.until).toBe(Date.UTC(2999, 0, 1) / 1000);
    expect(await run('member', 'revoke', next, ...asMember('first'))).toMatchObject({ study: next, slot: 1 });
    expect(await refusal('member', 'revoke', next, ...asMember('first'))).toBe('6 CHAIN_REVERTED');
  });

  const status = () => run('consortium', 'status', ...rpc(), '--deployment', file('deployment.json'));
  const pass = async (days: number) => {
    await chain.rpc.request('evm_increaseTime', [days * 86_400]);
    await chain.rpc.request('evm_mine', []);
  };

  test('the admin suspends and reinstates, a second time in vain, and status tells', async () => {
    const change = async (verb: string) => (await run('consortium', verb, '2', ...asAdmin())).changed;
    expect([await change('suspend'), await change('suspend')]).toEqual([true, false]);
    const suspended = await status();
    expect(suspended).toMatchObject({ admin: accounts.admin, nextAdmin: null });
    expect(suspended.members).toMatchObject([
      { slot: 1, account: accounts.first, suspended: null, recovery: null },
      { slot: 2, account: accounts.second, suspended: expect.any(Number), key: null },
    ]);
    expect([await change('reinstate'), await change('reinstate')]).toEqual([true, false]);
    expect((await status()).members[1].suspended).toBeNull();
    expect(await refusal('consortium', 'suspend', '9', ...asAdmin())).toBe('6 CHAIN_REVERTED');
    expect((await syndic(['consortium', 'suspend', '70000', ...asAdmin()])).code).toBe(2);
    const printed = await syndic(['consortium', 'status', ...rpc(), '--deployment', file('deployment.json')]);
    expect(printed.stdout.split('\n')[1]?.split('\t').slice(0, 2)).toEqual(['2', accounts.second]);
    expect(printed.stderr).toContain(`admin ${accounts.admin}`);
  });

  test('a key is revoked as compromised by its member', async () => {
    const [first] = (await status()).members;
    const revoked = await run('member', 'revoke-key', first.key, '--compromised', ...asMember('first'));
    expect(revoked).toMatchObject({ key: first.key, compromised: true });
    expect((await status()).members[0].key).toBeNull();
    expect(await refusal('member', 'revoke-key', first.key, ...asMember('second'))).toBe('6 CHAIN_REVERTED');
  });

  test('a member says by its digest which document describes it', async () => {
    writeFileSync(file('profile.txt'), 'First Hospital, +36 1 234 5678');
    const profile = sha256(Buffer.from('First Hospital, +36 1 234 5678'));
    expect(await run('member', 'profile', file('profile.txt'), ...asMember('first'))).toMatchObject({ profile });
    expect((await status()).members.map((member: { profile: unknown }) => member.profile)).toEqual([profile, null]);
    const relayed = ['--relay', file('profile.json')];
    writeFileSync(file('profile.txt'), 'Second Hospital');
    await run('member', 'profile', file('profile.txt'), ...asMember('second'), ...relayed);
    const sent = await syndic(['consortium', 'relay', file('profile.json'), ...asAdmin()]);
    expect({ code: sent.code, stderr: sent.stderr }).toMatchObject({ code: 0 });
    expect((await status()).members[1].profile).toBe(sha256(Buffer.from('Second Hospital')));
  });

  test('a lost account is replaced after the delay, unless its member cancels', async () => {
    const found = await makeAccount('found');
    const propose = () => run('consortium', 'recover', 'propose', '2', found, ...asAdmin());
    const proposed = await propose();
    expect(await propose()).toEqual(proposed);
    expect((await status()).members[1].recovery).toMatchObject({ account: found });
    await run('consortium', 'recover', 'cancel', '2', ...rpc(), ...deployed(), ...signedBy('second'));
    expect((await status()).members[1].recovery).toBeNull();
    await propose();
    const complete = ['consortium', 'recover', 'complete', '2', ...asAdmin()];
    expect(await refusal(...complete)).toBe('6 CHAIN_REVERTED');
    await pass(3);
    expect(await run(...complete)).toEqual({ slot: 2, account: found });
    expect((await status()).members[1]).toMatchObject({ account: found, key: null, recovery: null });
  });

  test('another account becomes admin after the delay', async () => {
    const next = accounts.operator;
    await run('consortium', 'admin', 'offer', next, ...asAdmin());
    expect((await status()).nextAdmin).toMatchObject({ account: next });
    const accept = ['consortium', 'admin', 'accept', ...rpc(), ...deployed(), ...signedBy('operator')];
    expect(await refusal(...accept)).toBe('6 CHAIN_REVERTED');
    await pass(4);
    expect(await run(...accept)).toEqual({ admin: next });
    expect(await status()).toMatchObject({ admin: next, nextAdmin: null });
    expect(await refusal('consortium', 'suspend', '1', ...asAdmin())).toBe('6 CHAIN_REVERTED');
  });
});
