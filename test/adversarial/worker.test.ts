import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { credentials } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { loadPlan } from '../../core/plan/loadPlan.ts';
import type { Plan } from '../../core/plan/Plan.ts';
import { sha256 } from '../../core/sha256.ts';
import { encodeReceipt } from '../../core/statements/documents.ts';
import { openKey } from '../../core/statements/keystore.ts';
import { addressOf, digestOf, recover, sign } from '../../core/statements/sign.ts';
import { type Domain, domain, type ReceiptMessage, type UpdateMessage } from '../../core/statements/types.ts';
import { bytesToHex, type Digest, digest, fileName, type StudyId } from '../../core/values.ts';
import { makeCertificate } from '../../embedded/certificate.ts';
import type { Member } from '../../embedded/found.ts';
import type { Started } from '../../embedded/processes.ts';
import { stop } from '../../embedded/processes.ts';
import { openStudy } from '../../embedded/study.ts';
import type { Task } from '../../proto/generated/syndic/v1/Task.ts';
import { loadWire } from '../../proto/load.ts';
import { toWire } from '../../proto/wireValues.ts';
import type { JournalEntry } from '../../worker/journal/port.ts';
import { TestConsortium } from '../support/consortium.ts';
import { until } from '../support/until.ts';
import { RogueCoordinator, type RogueOptions, type Sent } from './RogueCoordinator.ts';

/** Exit code of what cannot be trusted. */
const UNTRUSTED = 9;

let box: TestConsortium;
let member: Member;
/** Stands on chain, granted by the member; nobody has worked on it. */
let granted: StudyId;
/** Stands on chain too, and the member has not granted it. */
let ungranted: StudyId;
let plan: { readonly hash: Digest; readonly bytes: Uint8Array; readonly plan: Plan };
let model: { readonly digest: Digest; readonly bytes: Uint8Array };
/** What a coordinator that turned bad has. */
let real: RogueOptions;
let messages: Domain;

beforeAll(async () => {
  box = await TestConsortium.start({ hospitals: 2 }, { workers: false });
  member = box.member(1);
  const planFile = await box.writePlan({ rounds: 1, startAt: 2, quorum: 2 });
  granted = await box.openStudy(planFile);
  ungranted = await openStudy(box.consortium, await box.client(), planFile);
  const detail = await (await box.client()).show(granted);
  const bytes = stored(detail.plan);
  plan = { hash: detail.plan, bytes, plan: loadPlan(bytes).plan };
  model = { digest: detail.initialModel, bytes: stored(detail.initialModel) };
  const { deployment, services, dir } = box.consortium;
  messages = domain(deployment.chainId, deployment.ledger);
  const at = join(dir, 'coordinator');
  const passphrase = readFileSync(join(at, 'passphrase'), 'utf8').trim();
  real = {
    port: services.settings.grpcPort,
    cert: readFileSync(join(at, 'tls-cert.pem'), 'utf8'),
    key: readFileSync(join(at, 'tls-key.pem'), 'utf8'),
    account: detail.coordinator,
    privateKey: (await openKey(readFileSync(join(at, 'coordinator-key.json'), 'utf8'), passphrase)).privateKey,
    domain: messages,
  };
});

afterAll(async () => {
  await box?.close();
});

describe("the coordinator's gRPC port", () => {
  test('speaks no plaintext', async () => {
    const address = `127.0.0.1:${real.port}`;
    const client = new (loadWire().SessionService)(address, credentials.createInsecure());
    const error = await new Promise((resolve) => client.hello({}, { deadline: Date.now() + 60_000 }, resolve));
    client.close();
    expect(error).toMatchObject({ code: 14 });
    const plain = connectHttp2(`http://${address}`);
    plain.on('remoteSettings', () => plain.emit('error', new Error('it answered in plaintext')));
    const [broken] = await Promise.race([once(plain, 'error'), once(plain, 'close')]);
    expect(String(broken)).not.toContain('plaintext');
    plain.destroy();
  });

  test('speaks TLS 1.3 and nothing older', async () => {
    const options = { port: real.port, host: '127.0.0.1', rejectUnauthorized: false };
    const [error] = await once(connectTls({ ...options, maxVersion: 'TLSv1.2' }), 'error');
    expect(String(error)).toMatch(/protocol version/);
    const now = connectTls(options);
    await once(now, 'secureConnect');
    expect(now.getProtocol()).toBe('TLSv1.3');
    now.destroy();
  });
});

describe('a worker ends at once, and says why, before it has said more than Hello', () => {
  let rogue: RogueCoordinator;

  beforeAll(() => box.stopCoordinator());
  afterEach(() => rogue.close());

  async function expectEnd(code: string): Promise<void> {
    const from = log().length;
    const worker = await box.startWorker(member.slot);
    expect(await worker.ended).toEqual({ code: UNTRUSTED, signal: null });
    expect(log().slice(from)).toContain(`error ${code}: `);
    expectNothingDone(from);
  }

  test('to a server with another certificate than the pinned one', async () => {
    rogue = await RogueCoordinator.start({ ...real, ...(await makeCertificate(['127.0.0.1'], new Date(), 1)) });
    await expectEnd('PIN_MISMATCH');
    expect(rogue.calls).toEqual([]);
  });

  test('to a coordinator whose key is not the one on chain', async () => {
    rogue = await RogueCoordinator.start({ ...real, privateKey: bytesToHex(randomBytes(32)) });
    await expectEnd('COORDINATOR_UNTRUSTED');
    expect(rogue.calls).toEqual(['Hello']);
  });

  test('to a coordinator of another account', async () => {
    rogue = await RogueCoordinator.start({ ...real, account: box.consortium.operator.address });
    await expectEnd('COORDINATOR_UNTRUSTED');
    expect(rogue.calls).toEqual(['Hello']);
  });
});

describe('a coordinator that turned bad, with its real certificate and key,', () => {
  let rogue: RogueCoordinator;
  let worker: Started;
  let from: number;

  beforeAll(async () => {
    rogue = await RogueCoordinator.start(real);
    rogue.nonce = toWire(digestOf('Update', messages, wanted()));
    from = log().length;
    worker = await box.startWorker(member.slot, { CHAIN_LAG_SECONDS: '1' });
  });

  beforeEach(() => {
    rogue.files.clear();
    rogue.files.set(plan.hash, plan.bytes).set(model.digest, model.bytes);
  });

  afterAll(async () => {
    await stop(worker);
    rogue.close();
  });

  const other = () => digest(bytesToHex(randomBytes(32)));
  /** Valid in itself, and not the study's. */
  const otherPlan = () => Buffer.from(Buffer.from(plan.bytes).toString('utf8').replace('"seed":0', '"seed":1'));
  const otherModel = () => {
    const changed = new Uint8Array(model.bytes);
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    return changed;
  };
  /** Whoever asks for these bytes by their digest gets them: they are what they are said to be. */
  const served = (bytes: Uint8Array) => {
    rogue.files.set(sha256(bytes), bytes);
    return toWire(sha256(bytes));
  };

  const attacks: readonly [what: string, code: string, says: RegExp, change: () => Partial<Task>][] = [
    ['another plan than the study has', 'WRONG_PLAN', /plan on chain/, () => ({ plan: served(otherPlan()) })],
    [
      'other bytes in place of the plan',
      'DIGEST_MISMATCH',
      /sent a file of/,
      () => {
        rogue.files.set(plan.hash, otherPlan());
        return {};
      },
    ],
    ['a study without this hospital’s grant', 'GRANT_MISSING', /no live grant/, () => ({ study: toWire(ungranted) })],
    ['a study that the chain does not know', 'WRONG_STUDY', /knows no study/, () => ({ study: toWire(other()) })],
    ['another base model', 'WRONG_BASE', /the chain's is/, () => ({ baseModel: served(otherModel()) })],
    [
      'other bytes in place of the base model',
      'DIGEST_MISMATCH',
      /sent a file of/,
      () => {
        rogue.files.set(model.digest, otherModel());
        return {};
      },
    ],
    ['work of an unknown kind', 'TASK_KIND_UNKNOWN', /"exfiltrate"/, () => ({ kind: 'exfiltrate' })],
    [
      'a digest to sign',
      'TASK_KIND_UNKNOWN',
      /knows no task of kind "sign"/,
      () => ({ kind: 'sign', baseModel: toWire(digestOf('Update', messages, wanted())) }),
    ],
    ['work for another hospital', 'WRONG_SLOT', /this worker is slot 1/, () => ({ slot: 2 })],
    ['a round that is not the next', 'ROUND_NOT_OPEN', /last record is 0/, () => ({ round: 2 })],
    [
      'a record by next year',
      'WRONG_PLAN',
      /the plan makes that/,
      () => ({ recordBy: Math.floor(Date.now() / 1000) + 31_536_000 }),
    ],
  ];

  test.each(attacks)('gets no work done with %s', async (_what, code, says, change) => {
    const refusal = await rogue.refusalOf(task(change()));
    expect(refusal).toEqual({ code, message: expect.stringMatching(says) });
    expect(entries().at(-1)).toMatchObject({ type: 'refused', by: 'site', code });
    expect(log().slice(from)).toContain(`task refused: ${refusal.message.slice(0, 20)}`);
    expectNothingDone(from);
  });

  test('gets a login out of a digest that it sends as its nonce, and no statement', () => {
    const [login] = rogue.logins;
    if (login === undefined) throw new Error('nobody logged in');
    const { from: key, expires, signature } = login;
    const nonce = digestOf('Update', messages, wanted());
    const said = { from: key, to: addressOf(real.privateKey), nonce, expires };
    expect(recover(messages, 'Login', said, signature)).toBe(key);
    expect(recover(messages, 'Update', wanted(), signature)).not.toBe(key);
  });

  const forgeries: readonly [what: string, code: string, says: RegExp, receipt: (sent: Sent) => Uint8Array][] = [
    [
      'a receipt that another key signed',
      'RECEIPT_INVALID',
      /is signed by/,
      (sent) => receipt(sent, {}, bytesToHex(randomBytes(32))),
    ],
    ['a receipt for another update', 'RECEIPT_INVALID', /says update/, (sent) => receipt(sent, { update: other() })],
    ['a receipt for fewer samples', 'RECEIPT_INVALID', /says samples 1/, (sent) => receipt(sent, { samples: 1 })],
    [
      'a receipt that promises a record later than the plan does',
      'RECEIPT_INVALID',
      /says recordBy/,
      (sent) => receipt(sent, { recordBy: due().recordBy + 3600 }),
    ],
    ['no receipt', 'DOCUMENT_INVALID', /receipt/, () => Buffer.from('{}')],
  ];

  test.each(forgeries)('is not believed with %s', async (_what, code, says, forge) => {
    rogue.receipt = forge;
    const refusal = await rogue.refusalOf(task({}));
    expect(refusal).toEqual({ code, message: expect.stringMatching(says) });
    expect(entries().filter(({ type }) => type === 'accepted')).toEqual([]);
  });

  test('gets the same bytes again and again, signed once, and is believed with the true receipt', async () => {
    rogue.receipt = (sent) => receipt(sent, {});
    await rogue.offer(task({}));
    await until(() => entries().some(({ type }) => type === 'accepted'));
    const signed = entries().filter((entry) => entry.type === 'prepared');
    expect(signed).toHaveLength(1);
    expect(new Set(rogue.uploads.map(({ update }) => update))).toEqual(new Set(signed.map(({ update }) => update)));
    expect(rogue.uploads.length).toBe(forgeries.length + 1);
  });
});

/** When the offered round ends, by the plan, had it been opened when these tests began. */
const OPENED = Math.floor(Date.now() / 1000);

function due() {
  const deadline = OPENED + plan.plan.roundSeconds;
  return { opened: OPENED, deadline, recordBy: deadline + plan.plan.recordWithin };
}

/** A task in which everything is right, but for what is changed. */
function task(change: Partial<Task>): Task {
  const right = {
    id: randomBytes(16).toString('hex'),
    kind: 'train',
    study: toWire(granted),
    round: 1,
    slot: member.slot,
    plan: toWire(plan.hash),
    baseModel: toWire(model.digest),
    ...due(),
  };
  return { ...right, ...change };
}

/** A statement that the worker never made, and that a coordinator would like to have. */
function wanted(): UpdateMessage {
  const nothing = digest(`0x${'00'.repeat(32)}`);
  const { slot } = member;
  const samples = 1;
  const digests = { plan: plan.hash, baseModel: model.digest, update: model.digest, dataset: nothing, report: nothing };
  return { study: granted, round: 1, slot, samples, ...digests };
}

/** The receipt that is due, but for what is changed, with the coordinator's real key unless another is given. */
function receipt({ statement }: Sent, change: Partial<ReceiptMessage>, key = real.privateKey): Uint8Array {
  const { study, round, slot, baseModel, update, samples } = statement.message;
  const right = { study, round, slot, baseModel, update, samples, recordBy: due().recordBy };
  const message = { statement: digestOf('Update', messages, statement.message), ...right, ...change };
  return encodeReceipt({ message, signature: sign(key, messages, 'Receipt', message) });
}

function expectNothingDone(logFrom: number): void {
  expect(log().slice(logFrom)).not.toContain('"msg":"trained"');
  expect(entries().filter(({ type }) => type !== 'refused')).toEqual([]);
}

/** Everything that the worker's process has said. */
function log(): string {
  const path = join(box.dir, 'logs', `worker-${member.site.name}.log`);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function entries(): JournalEntry[] {
  const path = join(member.dir, 'worker', 'journal', 'journal.jsonl');
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as JournalEntry);
}

function stored(of: Digest): Uint8Array {
  return new Uint8Array(readFileSync(join(box.consortium.modelsDir, fileName(of))));
}
