import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { SyndicError } from '../../../../core/errors/SyndicError.ts';
import { decodeManifest } from '../../../../core/manifest/Manifest.ts';
import { sha256 } from '../../../../core/sha256.ts';
import { DISPUTE_REASON } from '../../../../core/statements/disputeReasons.ts';
import type { Entry } from '../../../../core/statements/entries.ts';
import { addressOf } from '../../../../core/statements/sign.ts';
import { type Digest, digest, fileName } from '../../../../core/values.ts';
import { answerSites } from '../../../support/answerSites.ts';
import { AnswerWorld, keyOf, OWN, type Spoilt } from '../../../support/answerWorld.ts';
import { until } from '../../../support/until.ts';

const { folder, site } = answerSites();
const forever = new AbortController().signal;
const hex = (byte: string): Digest => digest(`0x${byte.repeat(32)}`);

/** One round, one look and then another. */
async function answered(spoilt: Spoilt, receipt = true) {
  const world = new AnswerWorld();
  world.record(1, spoilt);
  world.record(2);
  const { start, records } = await site(world, ...(receipt ? [1, 2] : [2]));
  const { answers, journal } = await start();
  await answers.pass(forever);
  await answers.pass(forever);
  return { world, journal, records, said: world.handed.find(({ round }) => round === 1) };
}

describe('a record that is right', () => {
  test('is attested, under the hash that the ledger stores and in the domain of Verdicts', async () => {
    const { world, journal, said } = await answered({});
    const { recordHash } = world.records.get(1) ?? {};
    expect(said).toMatchObject({ study: world.study, round: 1, slot: OWN, recordHash, reason: 0 });
    expect(said && world.signerOf(said)).toBe(addressOf(keyOf(1)));
    expect(journal.verdict(world.study, 1)).toMatchObject({ recordHash, reason: 0, signature: said?.signature });
    expect(journal.answered(world.study, 1)).toMatchObject({ recordHash, verdict: 'attested' });
    expect(world.judged).toEqual(['attested', 'attested']);
    expect(world.unanswered).toBe(0);
    expect(world.told.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
  });

  test('leaves plan, manifest, and every statement, receipt and report at the site', async () => {
    const { world, records } = await answered({});
    const manifests = [...world.records.values()].map(({ manifest }) => manifest);
    const named = manifests.flatMap((manifest) =>
      decodeManifest(world.files.get(manifest) ?? new Uint8Array()).entries.flatMap(({ statement, receipt, report }) =>
        [statement, receipt, report].filter((of) => of !== undefined),
      ),
    );
    expect(named).toHaveLength(18);
    const want = [world.plan.hash, ...manifests, ...named].map(fileName);
    expect((await readdir(records)).toSorted()).toEqual(want.toSorted());
    for (const name of want) expect(fileName(sha256(await readFile(join(records, name))))).toBe(name);
  });

  test('of a failed round is attested too, by those as well who did not answer in it', async () => {
    expect((await answered({ failed: true })).said).toMatchObject({ reason: 0 });
    expect((await answered({ failed: true, absent: [1] }, false)).said).toMatchObject({ reason: 0 });
  });

  test('of a round without this site gets no word of it', async () => {
    const { world, said } = await answered({ entries: (entries) => entries.slice(1) }, false);
    expect(said).toBeUndefined();
    expect(world.unanswered).toBe(0);
    expect(world.handed.map(({ round }) => round)).toEqual([2]);
  });
});

const entry = (slot: number, change: Partial<Entry>): Spoilt => ({
  entries: (entries) => entries.map((one) => (one.slot === slot ? { ...one, ...change } : one)),
});
const text = (words: string) => new TextEncoder().encode(words);
const manifestOf = (change: object): Spoilt => ({ manifest: (honest) => ({ ...honest, ...change }) });

describe('a record that is wrong', () => {
  const faults: readonly [what: string, reason: number, Spoilt][] = [
    ['names another update of this site', DISPUTE_REASON.update, entry(1, { update: hex('77') })],
    [
      'says that this site was absent',
      DISPUTE_REASON.update,
      entry(1, { status: 0, reason: 1, update: hex('00'), samples: 0 }),
    ],
    ['has no entry of this site', DISPUTE_REASON.update, { entries: (entries) => entries.slice(1) }],
    ['names other samples of this site', DISPUTE_REASON.samples, entry(1, { samples: 99 })],
    ['builds on another base', DISPUTE_REASON.base, { record: { baseModel: hex('77') } }],
    ['has a manifest that is none', DISPUTE_REASON.manifest, { bytes: { manifest: text('{"schema') } }],
    ['has a manifest that lacks what it must have', DISPUTE_REASON.manifest, { bytes: { manifest: text('{}') } }],
    ['has the manifest of another study', DISPUTE_REASON.manifest, manifestOf({ study: hex('77') })],
    ['has the manifest of another round', DISPUTE_REASON.manifest, manifestOf({ round: 7 })],
    ['has a manifest with another outcome', DISPUTE_REASON.manifest, manifestOf({ outcome: 3 })],
    ['has a manifest with another plan', DISPUTE_REASON.manifest, manifestOf({ plan: hex('77') })],
    ['has a manifest with another base', DISPUTE_REASON.manifest, manifestOf({ baseModel: hex('77') })],
    ['has a manifest with another global model', DISPUTE_REASON.manifest, manifestOf({ globalModel: hex('77') })],
    [
      'has a manifest that leaves a member out',
      DISPUTE_REASON.manifest,
      { manifest: (honest) => ({ ...honest, entries: honest.entries.slice(0, 2) }) },
    ],
    ['gives another reason than its manifest', DISPUTE_REASON.manifest, entry(3, { status: 2, reason: 6 })],
    [
      'weighs a member otherwise than the plan',
      DISPUTE_REASON.manifest,
      { manifest: (honest) => ({ ...honest, entries: honest.entries.map((one) => ({ ...one, weight: 5 })) }) },
    ],
    ['names another update of a member than its statement', DISPUTE_REASON.document, entry(2, { update: hex('77') })],
    ['names a statement that is none', DISPUTE_REASON.document, { bytes: { statement: text('none') } }],
    ['names a statement of another round', DISPUTE_REASON.document, { statement: { round: 7 } }],
    ['names a statement of another plan', DISPUTE_REASON.document, { statement: { plan: hex('77') } }],
    ['names a statement on another base', DISPUTE_REASON.document, { statement: { baseModel: hex('77') } }],
    ['names a statement with another report', DISPUTE_REASON.document, { statement: { report: hex('77') } }],
    ['names a statement that another member signed', DISPUTE_REASON.document, { statementKey: keyOf(3) }],
    ['names a statement that nobody known signed', DISPUTE_REASON.document, { statementKey: keyOf(77) }],
    ['names a receipt that is none', DISPUTE_REASON.document, { bytes: { receipt: text('{}') } }],
    ['names a receipt of another statement', DISPUTE_REASON.document, { receipt: { statement: hex('77') } }],
    ['names a receipt of another update', DISPUTE_REASON.document, { receipt: { update: hex('77') } }],
    ['names a receipt that a member signed', DISPUTE_REASON.document, { receiptKey: keyOf(2) }],
  ];

  test.each(faults)('%s: disputed for reason %d, and the operator told', async (_what, reason, spoilt) => {
    const { world, journal, said } = await answered(spoilt);
    expect(said).toMatchObject({ round: 1, reason });
    expect(said && world.signerOf(said)).toBe(addressOf(keyOf(1)));
    expect(journal.answered(world.study, 1)).toMatchObject({ verdict: 'disputed' });
    const errors = world.told.filter(({ level }) => level === 'error');
    expect(errors).toHaveLength(1);
    expect(errors[0]?.facts).toMatchObject({ code: 'RECORD_DISPUTED', reason, round: 1 });
    expect(errors[0]?.message).toMatch(/^round 1: .*; this site disputes it: keep receipt and journal/);
    expect(world.judged).toEqual(['disputed', 'attested']);
  });
});

describe('what is not to be had yet is no reason to dispute', () => {
  async function withheld(spoil: (world: AnswerWorld) => () => void, code: string): Promise<void> {
    const world = new AnswerWorld();
    world.record(1);
    const { start } = await site(world, 1);
    const mend = spoil(world);
    const { answers, journal } = await start();
    for (let i = 0; i < 3; i++) await answers.pass(forever);
    expect([world.handed, journal.verdict(world.study, 1), world.unanswered]).toEqual([[], null, 1]);
    const warned = world.told.filter(({ level }) => level === 'warn');
    expect(warned.map(({ facts }) => facts.code)).toEqual([code]);
    mend();
    await answers.pass(forever);
    expect(world.handed).toMatchObject([{ round: 1, reason: 0 }]);
  }

  const without = (world: AnswerWorld, of: Digest | undefined, bytes?: Uint8Array) => {
    if (of === undefined) throw new Error('no such document');
    const honest = world.files.get(of) ?? new Uint8Array();
    if (bytes === undefined) world.files.delete(of);
    else world.files.set(of, bytes);
    return () => void world.files.set(of, honest);
  };
  const entriesOf = (world: AnswerWorld) => {
    const manifest = world.files.get(world.records.get(1)?.manifest ?? hex('00'));
    return decodeManifest(manifest ?? new Uint8Array()).entries;
  };

  test.each<[string, (world: AnswerWorld) => Digest | undefined]>([
    ['the plan', (world) => world.plan.hash],
    ['the manifest', (world) => world.records.get(1)?.manifest],
    ['a statement', (world) => entriesOf(world)[1]?.statement],
    ['a receipt', (world) => entriesOf(world)[2]?.receipt],
    ['a report', (world) => entriesOf(world)[0]?.report],
  ])('%s that the coordinator lacks', async (_what, of) => {
    await withheld((world) => without(world, of(world)), 'NOT_FOUND');
  });

  test('other bytes than were asked for', async () => {
    await withheld((world) => without(world, world.records.get(1)?.manifest, text('another')), 'DIGEST_MISMATCH');
  });

  test('a document without an end', async () => {
    const endless = new Uint8Array(2 * 1024 * 1024 + 1);
    await withheld((world) => without(world, world.records.get(1)?.manifest, endless), 'TOO_LARGE');
  });

  test('events that do not make up the record', async () => {
    const world = new AnswerWorld();
    world.record(1);
    const { start } = await site(world, 1);
    const { journal } = await start();
    const record = () => Promise.reject(new SyndicError('CHAIN_UNAVAILABLE', 'the events differ'));
    await world.answers(journal, await folder(), { record }).pass(forever);
    expect(journal.verdict(world.study, 1)).toBeNull();
    expect(world.told).toMatchObject([{ level: 'warn', facts: { code: 'CHAIN_UNAVAILABLE' } }]);
  });

  test('a document of a later version', async () => {
    const world = new AnswerWorld();
    const { manifest } = world.record(1);
    const later = text((Buffer.from(world.files.get(manifest) ?? []).toString() || '{}').replace('{', '{"a":1,'));
    world.record(1, { bytes: { manifest: later } });
    const { start } = await site(world, 1);
    const { answers, journal } = await start();
    await answers.pass(forever);
    expect(journal.verdict(world.study, 1)).toBeNull();
    expect(world.told).toMatchObject([{ level: 'warn', facts: { code: 'VERSION_UNSUPPORTED' } }]);
  });
});

describe('a verdict', () => {
  async function given() {
    const world = new AnswerWorld();
    world.record(1);
    const { start } = await site(world, 1);
    return { world, start };
  }

  test('that the chain refuses is told with the contract’s error, once, and handed over again', async () => {
    const { world, start } = await given();
    world.relay = async () => ({ state: 'refused', error: 'NotTheMember(1)' });
    const { answers } = await start();
    for (let i = 0; i < 3; i++) await answers.pass(forever);
    expect(world.handed).toHaveLength(3);
    const warned = world.told.filter(({ level }) => level === 'warn');
    expect(warned).toMatchObject([{ facts: { code: 'CHAIN_REVERTED', error: 'NotTheMember(1)' } }]);
  });

  test('that the coordinator refuses is told with its code', async () => {
    const { world, start } = await given();
    world.relay = () => Promise.reject(new SyndicError('VERDICT_CONFLICT', 'another: the first counts'));
    await (await start()).answers.pass(forever);
    expect(world.told.at(-1)).toMatchObject({ level: 'warn', facts: { code: 'VERDICT_CONFLICT', round: 1 } });
  });

  test('that a coordinator of an earlier version cannot relay stays in the journal, with how to send it by hand', async () => {
    const { world, start } = await given();
    world.relay = () => Promise.reject(new SyndicError('VERSION_UNSUPPORTED', 'unknown method'));
    const { answers, journal } = await start();
    for (let i = 0; i < 3; i++) await answers.pass(forever);
    expect(journal.verdict(world.study, 1)).toMatchObject({ reason: 0 });
    const warned = world.told.filter(({ level }) => level === 'warn');
    expect(warned).toHaveLength(1);
    expect(warned[0]?.message).toContain(`cast send 0x${'7e'.repeat(20)} 0xda7a`);
    world.states.set(1, 'attested');
    await answers.pass(forever);
    expect(journal.answered(world.study, 1)).toMatchObject({ verdict: 'attested' });
  });

  test('of a key that was replaced since is signed anew, for the same record and reason', async () => {
    const { world, start } = await given();
    const honest = world.relay;
    world.relay = () => Promise.reject(new SyndicError('SIGNATURE_INVALID', 'not your key'));
    await (await start()).answers.pass(forever);
    world.workerKey = keyOf(101);
    world.relay = honest;
    const { answers, journal } = await start();
    await answers.pass(forever);
    const [first, second] = world.handed;
    expect({ ...second, signature: '' }).toEqual({ ...first, signature: '' });
    expect(second && world.signerOf(second)).toBe(addressOf(keyOf(101)));
    expect(journal.verdict(world.study, 1)?.signature).toBe(second?.signature);
    expect(world.judged).toEqual(['attested']);
  });

  test('of a record that a reorganisation replaced is no verdict: the new one is checked', async () => {
    const { world, start } = await given();
    const { answers, journal } = await start();
    await answers.pass(forever);
    await answers.pass(forever);
    expect(journal.answered(world.study, 1)).not.toBeNull();
    world.states.clear();
    const { recordHash } = world.record(1, entry(1, { samples: 5 }));
    await answers.pass(forever);
    expect(world.handed).toMatchObject([{ reason: 0 }, { reason: DISPUTE_REASON.samples, recordHash }]);
    await answers.pass(forever);
    expect(journal.answered(world.study, 1)).toMatchObject({ recordHash, verdict: 'disputed' });
  });
});

test('looks at once, and again as soon as something happened', async () => {
  const world = new AnswerWorld();
  world.wait = { least: 3_600_000, most: 3_600_000 };
  world.record(1);
  const { start } = await site(world, 1);
  const { answers } = await start();
  const stop = new AbortController();
  const running = answers.run(stop.signal);
  await until(() => world.handed.length === 1 && world.unanswered === 1);
  answers.soon();
  await until(() => world.unanswered === 0);
  world.record(2);
  answers.soon();
  await until(() => world.handed.length === 2);
  stop.abort();
  await running;
});
