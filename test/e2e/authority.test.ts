import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { TypedDataEncoder } from 'ethers';
import { openAccount } from '../../cli/chain/account.ts';
import { connectChain } from '../../cli/chain/connectChain.ts';
import { send } from '../../cli/chain/send.ts';
import { decodeManifest } from '../../core/manifest/Manifest.ts';
import { decodeStatement } from '../../core/statements/documents.ts';
import { REASON, STATUS } from '../../core/statements/entries.ts';
import { recover } from '../../core/statements/sign.ts';
import { domain } from '../../core/statements/types.ts';
import { type Address, address, type Digest, fileName, type Slot, type StudyId, slot } from '../../core/values.ts';
import { BOX_SCRYPT_COST } from '../../embedded/accounts.ts';
import { callSyndic } from '../../embedded/callSyndic.ts';
import { asMember, DATASET, type Member } from '../../embedded/found.ts';
import { openStudy } from '../../embedded/study.ts';
import type { StudyRun } from '../support/consortium.ts';
import { CrashBox, SLOTS } from '../support/crash/CrashBox.ts';
import { until } from '../support/until.ts';

const ROUNDS = 2;
/** Every member's update of the first round is accepted, and the round not closed yet. */
const ALL_ACCEPTED = 'stop@upload.stored.accepted:3';

let box: CrashBox;
let plan: string;

beforeAll(async () => {
  box = await CrashBox.start();
  const { training } = JSON.parse(readFileSync(box.box.planFile, 'utf8')) as { training: object };
  const course = { rounds: ROUNDS, startAt: 3, quorum: 2, roundSeconds: 30 };
  plan = await box.box.writePlan({ ...course, training: { ...training, localSteps: 5 } });
});

afterAll(async () => {
  await box?.close();
});

/** A study during whose first round something happens, between the last receipt and the record. */
async function studyDuring(happens: (study: StudyId) => Promise<void>): Promise<StudyRun> {
  await box.startCoordinator({ SYNDIC_CRASH_AT: ALL_ACCEPTED });
  await box.arrangeWorkers('well');
  const study = await box.box.openStudy(plan);
  await until(async () => (await box.stoppedAt()) !== null);
  await happens(study);
  box.continueCoordinator();
  const run = await box.box.follow(study);
  expect(run.detail).toMatchObject({ state: 'closed', completed: ROUNDS });
  expect(run.history).toMatchObject({ verified: true });
  await box.stopCoordinator();
  return run;
}

/** What the record of a round says of a slot. */
function entryOf({ history }: StudyRun, round: number, of: number) {
  const entry = history.rounds[round - 1]?.entries.find((one) => one.slot === of);
  return entry === undefined ? null : [entry.status, entry.reason];
}

const included = [STATUS.INCLUDED, REASON.NONE];

/** Whose key signed the statement of a slot in a round. */
function signerOf({ history }: StudyRun, round: number, of: number): Address {
  const { deployment, modelsDir } = box.box.consortium;
  const read = (name: Digest) => readFileSync(join(modelsDir, fileName(name)));
  const { entries } = decodeManifest(read(history.rounds[round - 1]?.manifest as Digest));
  const { message, signature } = decodeStatement(read(entries.find((one) => one.slot === of)?.statement as Digest));
  return recover(domain(deployment.chainId, deployment.ledger), 'Update', message, signature);
}

/** Another key for a member's worker, which is started anew with it. */
async function rotate(of: number, ...more: readonly string[]): Promise<void> {
  const member = box.box.member(of);
  const dir = join(member.dir, 'worker');
  const sealing = ['--key-passphrase-file', member.account.passphraseFile];
  const asked = ['rotate', '--dir', dir, ...sealing, '--yes', ...more];
  await callSyndic('member', ...asked, ...asMember(member, box.box.consortium.rpcUrl));
  await box.killWorkers([of]);
  await box.box.startWorker(of);
}

function asAdmin(): string[] {
  const { dir, rpcUrl } = box.box.consortium;
  const account = [
    '--keystore',
    join(dir, 'admin', 'account.json'),
    '--passphrase-file',
    join(dir, 'admin', 'passphrase'),
  ];
  return ['--rpc', rpcUrl, '--deployment', join(dir, 'deployment.json'), ...account];
}

describe('between the last receipt and the record', () => {
  test('a key is rotated: what the old one signed counts, and the next round is signed by the new one', async () => {
    const run = await studyDuring(async () => await rotate(2));
    expect([entryOf(run, 1, 2), entryOf(run, 2, 2)]).toEqual([included, included]);
    expect(signerOf(run, 1, 2)).not.toBe(signerOf(run, 2, 2));
    expect(signerOf(run, 1, 1)).toBe(signerOf(run, 2, 1));
  });

  test('a key is revoked as compromised: nothing that it signed in the open round counts', async () => {
    const run = await studyDuring(async () => await rotate(2, '--compromised'));
    expect([entryOf(run, 1, 2), entryOf(run, 2, 2)]).toEqual([[STATUS.EXCLUDED, REASON.KEY_REVOKED], included]);
    expect([1, 3].map((of) => entryOf(run, 1, of))).toEqual([included, included]);
  });

  test('a grant is revoked: the update is left out, and the member asked no more', async () => {
    const run = await studyDuring(async (study) => await box.revoke([3], study));
    expect([entryOf(run, 1, 3), entryOf(run, 2, 3)]).toEqual([[STATUS.EXCLUDED, REASON.GRANT_ENDED], null]);
    expect([1, 2].map((of) => entryOf(run, 2, of))).toEqual([included, included]);
  });

  test('a member is suspended: it stays on the roster and counts in no round until it is reinstated', async () => {
    const run = await studyDuring(async () => void (await callSyndic('consortium', 'suspend', '2', ...asAdmin())));
    expect(entryOf(run, 1, 2)).toEqual([STATUS.EXCLUDED, REASON.KEY_REVOKED]);
    expect(entryOf(run, 2, 2)?.[0]).not.toBe(STATUS.INCLUDED);
    await callSyndic('consortium', 'reinstate', '2', ...asAdmin());
    const again = await studyDuring(async () => undefined);
    expect(SLOTS.map((of) => entryOf(again, ROUNDS, of))).toEqual([included, included, included]);
  });
});

describe('a member whose account is a multisig', () => {
  /** Takes the hash itself for its signature (ERC-1271), as one whose owners approved the hash does. */
  const RUNTIME = '60043560643514631626ba7e60e01b0260005260206000f3';
  const INIT = `0x6018600c60003960186000f3${RUNTIME}`;

  test('lists its key, anchors its dataset and grants by its owners’ approval, and its worker takes part', async () => {
    const { rpcUrl, operator, dir } = box.box.consortium;
    const multisig = await deployed(operator);
    const member = await admitted(multisig);
    const at = join(member.dir, 'worker');
    const sealing = ['--passphrase-file', member.account.passphraseFile, '--scrypt-cost', String(BOX_SCRYPT_COST)];
    const init = ['init', '--dir', at, '--invitation', member.invitation, ...sealing];
    const { key } = await callSyndic<{ key: Address }>('worker', ...init);
    await approve(member, multisig, 'key', key);
    const making = [
      'version',
      '--dir',
      at,
      '--dataset',
      DATASET,
      '--plan',
      box.box.planFile,
      '--data',
      member.site.data,
    ];
    const { file } = await callSyndic<{ file: string }>('worker', ...making);
    await approve(member, multisig, 'version', '--file', file);

    await box.startCoordinator({});
    await box.arrangeWorkers('well');
    const worker = await box.box.consortium.startWorker(member);
    const few = await box.box.writePlan({ rounds: 1, startAt: 2, quorum: 2, roundSeconds: 60 }, plan);
    const study = await openStudy(box.box.consortium, await box.box.client(), few);
    await box.grant([1], study, few);
    await approve(member, multisig, 'grant', study, '--plan', few, '--dataset', DATASET, '--days', '1');
    const run = await box.box.follow(study);
    expect(run.history).toMatchObject({ verified: true });
    expect(run.history.rounds[0]?.entries.map((entry) => [entry.slot, entry.status])).toEqual([
      [1, STATUS.INCLUDED],
      [member.slot, STATUS.INCLUDED],
    ]);
    worker.child.kill('SIGTERM');
    await worker.ended;

    async function deployed(payer: typeof operator): Promise<Address> {
      const chain = await connectChain(rpcUrl);
      try {
        const { contractAddress } = await send(chain.provider, await openAccount(payer), { data: INIT });
        return address(contractAddress ?? '');
      } finally {
        chain.close();
      }
    }

    async function admitted(account: Address): Promise<Member> {
      const other = box.box.member(1);
      const own = join(dir, 'hospitals', 'multisig');
      await mkdir(own, { recursive: true });
      const invitation = join(own, 'invitation.json');
      const { url, pin, coordinator } = JSON.parse(readFileSync(other.invitation, 'utf8'));
      const terms = ['--url', url, '--pin', pin, '--coordinator', coordinator, '--out', invitation];
      const made = await callSyndic<{ slot: Slot }>('consortium', 'admit', account, ...terms, ...asAdmin());
      return { ...other, site: { ...other.site, name: 'multisig' }, slot: slot(made.slot), dir: own, invitation };
    }
  });

  /** What the member's command writes, unsigned, is approved by the owners, and sent by somebody else. */
  async function approve(member: Member, account: Address, ...asked: readonly string[]): Promise<void> {
    const { rpcUrl, operator } = box.box.consortium;
    const file = join(member.dir, 'message.json');
    const unsigned = [
      '--account',
      account,
      '--relay',
      file,
      '--yes',
      '--rpc',
      rpcUrl,
      '--invitation',
      member.invitation,
    ];
    await callSyndic(
      'member',
      ...asked,
      ...(asked[0] === 'grant' ? unsigned : unsigned.filter((word) => word !== '--yes')),
    );
    const { domain: of, types, message } = JSON.parse(readFileSync(file, 'utf8')).typedData;
    const { EIP712Domain: _, ...own } = types;
    const hash = TypedDataEncoder.hash(of, own, message);
    const paying = ['--keystore', operator.keystore, '--passphrase-file', operator.passphraseFile];
    const chain = ['--rpc', rpcUrl, '--deployment', join(box.box.consortium.dir, 'deployment.json')];
    await callSyndic('consortium', 'relay', file, '--signature', hash, ...chain, ...paying);
  }
});
