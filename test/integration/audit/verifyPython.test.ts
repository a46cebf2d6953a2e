import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Bundle, encodeBundle } from '../../../audit/bundle.ts';
import { exportBundle } from '../../../audit/exportBundle.ts';
import { connectRpc } from '../../../audit/rpc.ts';
import type { Report } from '../../../audit/verify.ts';
import { Consortium } from '../../../contracts/generated/Consortium.ts';
import { DataUse } from '../../../contracts/generated/DataUse.ts';
import { RoundLedger } from '../../../contracts/generated/RoundLedger.ts';
import { Verdicts } from '../../../contracts/generated/Verdicts.ts';
import { canonicalBytes } from '../../../core/canonicalJson.ts';
import { type Digest, fileName } from '../../../core/values.ts';
import { needs } from '../../support/needs.ts';
import {
  hasPythonVerifier,
  PYTHON_VERIFIER,
  type PythonReport,
  runPython,
  verifyInPython,
} from '../../support/pythonVerifier.ts';
import { temporaryFolders } from '../../support/temporaryFolder.ts';
import { randomDigest, randomWallet, startWorld, type World } from '../chain/world.ts';
import { filesOf } from './reportOn.ts';
import { type Cheat, type Opening, Scene } from './Scene.ts';

const newFolder = temporaryFolders();

/** A scene as its reader has it: a bundle, and what our own verifier finds. */
interface Exported {
  readonly scene: Scene;
  readonly bundle: Bundle;
  readonly report: Report;
}

type Writable = { -readonly [K in keyof Bundle]: Bundle[K] };

needs(PYTHON_VERIFIER, hasPythonVerifier())('the verifier in Python', () => {
  let world: World;
  let honest: Exported;

  beforeAll(async () => {
    world = await startWorld({ members: 3 });
    const scene = await new Scene(world).open();
    await scene.round();
    await scene.round({ outcome: 2 });
    await scene.round();
    await scene.close();
    honest = await exported(scene);
  });

  afterAll(async () => {
    await world?.stop();
  });

  async function exported(scene: Scene): Promise<Exported> {
    const chain = await connectRpc(world.rpcUrl);
    try {
      const request = { ledger: scene.ledger, study: scene.study, artifacts: [filesOf(scene)] };
      return { scene, ...(await exportBundle(chain, 'ethereum', request)) };
    } finally {
      chain.close();
    }
  }

  interface Changes {
    readonly bundle?: (copy: Writable) => unknown;
    /** The bundle's bytes, in place of those that `encodeBundle` writes. */
    readonly bytes?: (honest: Uint8Array) => Uint8Array;
    /** Of the files in the folder: other bytes; null: not there. */
    readonly files?: ReadonlyMap<Digest, Uint8Array | null>;
    readonly more?: readonly string[];
  }

  /** What the verifier in Python says, given the scene's files beside the bundle. */
  async function told(of: Exported, { bundle: change, bytes, files, more = [] }: Changes = {}) {
    const dir = await newFolder();
    const models = join(dir, 'models');
    await mkdir(models);
    for (const [digest, honest] of of.scene.files) {
      const changed = files?.get(digest);
      if (changed !== null) await writeFile(join(models, fileName(digest)), changed ?? honest);
    }
    const copy = structuredClone(of.bundle) as Writable;
    change?.(copy);
    const file = join(dir, 'study.json');
    const encoded = encodeBundle(copy);
    await writeFile(file, bytes?.(encoded) ?? encoded);
    return await verifyInPython(file, of.report.block.hash, ['--artifacts', models, ...more]);
  }

  async function cheated(cheat: Cheat, opening?: Opening): Promise<Exported> {
    const scene = await new Scene(world).open(opening);
    await scene.round();
    await scene.round(cheat);
    return await exported(scene);
  }

  const faults = ({ findings }: PythonReport) => [...new Set(findings.filter(isFault).map(({ code }) => code))];

  test('accepts an honest study, and tells of it what ours does', async () => {
    const { code, report } = await told(honest);
    expect(code).toBe(0);
    const { history, contributions, block, study, final } = honest.report;
    expect(report).toMatchObject({ verified: true, final, study, chainId: honest.report.chainId, block });
    expect(report.head).toBe(history.head);
    expect(report.rounds).toEqual(
      history.rounds.map(({ round, outcome, recordHash, globalModel }) => ({
        round,
        outcome,
        recordHash,
        globalModel,
      })),
    );
    expect(report.totals).toEqual(
      contributions.map(({ slot, rounds, samples }) => ({ slot, rounds, samples: Number(samples) })),
    );
    expect(placed(report.findings)).toEqual(placed(honest.report.findings));
    expect(report.checks).toMatchObject({
      'a global model, made anew from its base and updates, is the one on record': 2,
      'the initial model, made anew from the plan, is the one on chain': 1,
      'a statement is signed by a key that its member had then': 9,
      'a record names what its receipts promised, in time': 9,
    });
    // No build was given to hold the contracts' code against.
    expect(report.unchecked.map(({ what }) => what)).toEqual(["the contracts' code was not held against a build"]);
  });

  test('prints for people what it prints as JSON', async () => {
    const dir = await newFolder();
    const file = join(dir, 'study.json');
    await writeFile(file, encodeBundle(honest.bundle));
    const ran = await runPython([file, '--trusted-block', honest.report.block.hash]);
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    expect(ran.stdout).toContain(`head    ${honest.report.history.head}, after 3 rounds\n`);
    expect(ran.stdout).toContain('not checked (round 3): the global model was not made anew');
    expect(ran.stdout.endsWith('VERIFIED: no fault was found\n')).toBe(true);
    const refused = await runPython([file, '--trusted-block', randomDigest()]);
    expect([refused.code, refused.stdout]).toEqual([9, expect.stringContaining('fault CHAIN_MISMATCH')]);
  });

  test('takes wrong usage for that', async () => {
    const file = join(await newFolder(), 'study.json');
    await writeFile(file, encodeBundle(honest.bundle));
    const trusted = ['--trusted-block', honest.report.block.hash];
    const nowhere = join(file, 'nowhere');
    for (const args of [[file], [file, '--trusted-block', '0x12'], [nowhere, ...trusted]]) {
      expect((await runPython(args)).code).toBe(2);
    }
    expect((await runPython([file, ...trusted, '--artifacts', nowhere])).code).toBe(2);
  });

  test('holds the code against what a compiler made', async () => {
    const build = join(await newFolder(), 'out');
    const write = async (runtimes: Readonly<Record<string, string>>) => {
      for (const [name, { runtime, immutables }] of Object.entries({ Consortium, DataUse, RoundLedger, Verdicts })) {
        const references = immutables.map((places) => places.map((start) => ({ start, length: 32 })));
        const deployedBytecode = {
          object: runtimes[name] ?? runtime,
          // As solc numbers them: by more digits than one, in the order of the source.
          immutableReferences: Object.fromEntries(references.map((places, i) => [String(98 + i), places])),
        };
        await mkdir(join(build, `${name}.sol`), { recursive: true });
        await writeFile(join(build, `${name}.sol`, `${name}.json`), JSON.stringify({ deployedBytecode }));
      }
      return (await told(honest, { more: ['--build', build] })).report;
    };
    const right = await write({});
    expect([right.verified, right.unchecked]).toEqual([true, []]);
    const other = `${Verdicts.runtime.slice(0, -2)}${Verdicts.runtime.endsWith('00') ? '01' : '00'}`;
    expect(faults(await write({ Verdicts: other }))).toEqual(['CODE_UNKNOWN']);
  });

  describe('refuses a bundle in which', () => {
    test.each<[string, Changes, string]>([
      ['a proof’s node is another', { bundle: flipNode(9) }, 'PROOF_INVALID'],
      ['a word is left out', { bundle: (copy) => ledgerOf(copy).words.splice(4, 1) }, 'PROOF_INVALID'],
      ['a proof has one node more than it uses', { bundle: (copy) => proofOf(copy, 2).push(0) }, 'PROOF_INVALID'],
      ['a proof ends before its word', { bundle: (copy) => proofOf(copy, 2).pop() }, 'PROOF_INVALID'],
      [
        'one word’s proof stands for another word',
        { bundle: (copy) => proofOf(copy, 5).splice(0, 99, ...proofOf(copy, 6)) },
        'PROOF_INVALID',
      ],
      [
        'a contract’s code is another',
        { bundle: (copy) => Object.assign(ledgerOf(copy), { code: flippedHex(ledgerOf(copy).code) }) },
        'PROOF_INVALID',
      ],
      [
        'a header’s field is another',
        { bundle: ({ headers }) => Object.assign(headers[0] ?? {}, { timestamp: '0x1' }) },
        'CHAIN_MISMATCH',
      ],
      [
        'a header’s field is unknown',
        { bundle: ({ headers }) => Object.assign(headers[0] ?? {}, { slotNumber: '0x1' }) },
        'HEADER_UNKNOWN',
      ],
      ['the study is another', { bundle: (copy) => Object.assign(copy, { study: randomDigest() }) }, 'PROOF_INVALID'],
      // What was signed for one chain is of nobody's key on another.
      ['the chain’s number is another', { bundle: (copy) => Object.assign(copy, { chainId: 1 }) }, 'PROOF_INVALID'],
      [
        'the start has another time',
        { bundle: ({ logs }) => Object.assign(logs[1] ?? {}, { time: 1 }) },
        'HISTORY_MISMATCH',
      ],
      ['a record names other samples', { bundle: otherSamples }, 'HISTORY_MISMATCH'],
      ['an event is left out', { bundle: ({ logs }) => logs.splice(-2, 1) }, 'HISTORY_MISMATCH'],
      ['events stand in another order', { bundle: ({ logs }) => logs.reverse() }, 'HISTORY_MISMATCH'],
      [
        'something stands that is not known',
        { bundle: (copy) => Object.assign(copy, { verdict: 1 }) },
        'DOCUMENT_INVALID',
      ],
      [
        'the JSON is spelt otherwise',
        { bytes: (bytes) => Buffer.concat([bytes, Buffer.from('\n')]) },
        'DOCUMENT_INVALID',
      ],
    ])('%s', async (_, changes, code) => {
      const { code: exit, report } = await told(honest, changes);
      expect([exit, faults(report)[0]]).toEqual([9, code]);
    });

    test('any of its proofs’ nodes is another', async () => {
      const last = honest.bundle.nodes.length - 1;
      for (const at of [0, Math.floor(last / 2), last]) {
        const { report } = await told(honest, { bundle: flipNode(at) });
        expect(faults(report)).toEqual(['PROOF_INVALID']);
      }
    });
  });

  describe('finds that', () => {
    test('a document is nowhere, or has other bytes', async () => {
      const named = honest.scene.rounds[0]?.statements[1] as Digest;
      const files = new Map([[named, null]]);
      const missing = await told(honest, { files, bundle: withDocument(named, undefined) });
      expect([missing.code, placed(missing.report.findings)]).toEqual([9, ['DOCUMENT_MISSING 1 2', 'NOT_FINAL - -']]);
      const damaged = await told(honest, { files, bundle: withDocument(named, 'AAAA') });
      expect(placed(damaged.report.findings)).toEqual(['FILE_DAMAGED 1 2', 'NOT_FINAL - -']);
    });

    test('a document that the bundle lacks is in a folder', async () => {
      const { code } = await told(honest, { bundle: (copy) => Object.assign(copy, { documents: {} }) });
      expect(code).toBe(0);
    });

    test.each(['updates', 'base', 'global'] as const)('one bit of %s is another', async (of) => {
      const { [of]: named } = honest.scene.rounds[0] ?? {};
      const digest = (Array.isArray(named) ? named[0] : named) as Digest;
      const files = new Map([[digest, flipped(honest.scene.files.get(digest) as Uint8Array)]]);
      const { code, report } = await told(honest, { files });
      expect([code, faults(report)]).toEqual([9, ['FILE_DAMAGED']]);
    });

    test('another plan has the study’s hash in no file', async () => {
      const { hash } = honest.scene.plan;
      const { report } = await told(honest, {
        files: new Map([[hash, null]]),
        bundle: withDocument(hash, Buffer.from(canonicalBytes({ quorum: 2 })).toString('base64')),
      });
      expect(faults(report)).toEqual(['FILE_DAMAGED']);
    });

    test.each<[string, Cheat & { opening?: Opening }, string]>([
      ['left a member out in spite of its receipt', { absent: [1] }, 'RECEIPT_BROKEN'],
      ['made a model of its own, one bit off', { global: (model) => flipped(model) }, 'MODEL_MISMATCH'],
      ['weighs a member otherwise than the plan', { manifest: reweighed }, 'MANIFEST_MISMATCH'],
      [
        'records a manifest of another round',
        { manifest: (manifest) => ({ ...manifest, round: 7 }) },
        'MANIFEST_MISMATCH',
      ],
      ['records a manifest that is none', { manifestBytes: () => Buffer.from('{}') }, 'DOCUMENT_MALFORMED'],
      ['records a manifest that is too long', { manifestBytes: () => new Uint8Array(3 << 20) }, 'DOCUMENT_MALFORMED'],
      ['signed a statement itself', { keys: { 1: randomWallet().privateKey } }, 'STATEMENT_UNSIGNED'],
      ['took a statement about another plan', { statement: { plan: randomDigest() } }, 'STATEMENT_MISMATCH'],
      ['took a statement about another base', { statement: { baseModel: randomDigest() } }, 'STATEMENT_MISMATCH'],
      ['took a statement of an unknown dataset', { statement: { dataset: randomDigest() } }, 'DATASET_UNKNOWN'],
      ['issued a receipt for other samples', { receipt: { samples: 5 } }, 'RECEIPT_MISMATCH'],
      ['had a receipt signed by a stranger', { receiptKey: randomWallet().privateKey }, 'RECEIPT_MISMATCH'],
      ['recorded later than it promised', { receipt: { recordBy: 1 } }, 'RECORD_LATE'],
      [
        'takes more samples than the plan allows',
        { statement: { samples: 513 }, entry: { samples: 513 }, receipt: { samples: 513 } },
        'SAMPLES_EXCEEDED',
      ],
      ['opened a study with another quorum than its plan', { opening: { quorum: 3 } }, 'PLAN_MISMATCH'],
    ])('a coordinator %s, as ours finds', async (_, { opening, ...cheat }, code) => {
      const study = await cheated(cheat, opening);
      const { code: exit, report } = await told(study);
      const codes = report.findings.map((one) => one.code);
      expect(codes).toContain(code);
      expect(placed(report.findings)).toEqual(placed(study.report.findings));
      expect([exit, report.verified]).toEqual(study.report.verified ? [0, true] : [9, false]);
    });
  });

  test('finds that a listed key signed what is another’s to sign, as ours finds', async () => {
    const another = world.members[1]?.key.privateKey ?? '';
    for (const [cheat, code] of [
      [{ keys: { 1: another } }, 'STATEMENT_UNSIGNED 2 1'],
      [{ receiptKey: another }, 'RECEIPT_MISMATCH 2 1'],
    ] as const) {
      const study = await cheated(cheat);
      const { report } = await told(study);
      expect(placed(report.findings)).toContain(code);
      expect(placed(report.findings)).toEqual(placed(study.report.findings));
    }
  });

  test('shares nothing with Syndic: it imports the standard library and what requirements.txt pins', () => {
    const folder = new URL('../../../examples/verify-python/', import.meta.url).pathname;
    const sources = readdirSync(folder).filter((name) => name.endsWith('.py'));
    const own = new Set(sources.map((name) => name.slice(0, -3)));
    const imports = sources.flatMap((name) => {
      const text = readFileSync(join(folder, name), 'utf8');
      return [...text.matchAll(/^[ \t]*(?:import|from) (\w+)/gm)].map(([, module = '']) => module);
    });
    const foreign = new Set(imports.filter((module) => !own.has(module)));
    const standard = ['argparse', 'base64', 'dataclasses', 'decimal', 'hashlib', 'json', 'math', 'pathlib', 're'];
    const pinned = ['Crypto', 'eth_abi', 'eth_keys', 'numpy', 'rlp'];
    expect([...foreign].sort()).toEqual([...standard, ...pinned, 'struct', 'sys', 'typing'].sort());
    const packages = readFileSync(join(folder, 'requirements.txt'), 'utf8').match(/^[a-z-]+(?===[0-9.]+$)/gm);
    expect(packages).toEqual(['eth-abi', 'eth-keys', 'numpy', 'pycryptodome', 'rlp']);
  });
});

const isFault = ({ severity }: { readonly severity: string }) => severity === 'fault';

function flipNode(at: number) {
  return ({ nodes }: Writable) => nodes.splice(at, 1, flippedHex(nodes[at]));
}

/** In the first entry of a record: samples stand last in an event's data. */
function otherSamples({ logs }: Writable): void {
  const entry = logs.find(({ topics }) => topics.length === 4 && topics[3]?.endsWith('01'));
  if (entry === undefined) throw new Error('the bundle has no entry of slot 1');
  entry.data = flippedHex(entry.data);
}

/** The first account that is asked for is the ledger. */
function ledgerOf({ accounts: [ledger] }: Writable): Bundle['accounts'][number] {
  if (ledger === undefined) throw new Error('the bundle has no accounts');
  return ledger;
}

/** Of the ledger's word at this place in the list. */
function proofOf(bundle: Writable, at: number): number[] {
  return ledgerOf(bundle).words[at]?.proof ?? [];
}

/** @param text undefined: without it */
function withDocument(named: Digest, text: string | undefined) {
  return ({ documents }: Writable) => {
    delete documents[named];
    if (text !== undefined) documents[named] = text;
  };
}

/** Findings as code, round and slot, in one order. */
function placed(findings: readonly { readonly code: string; readonly round?: number; readonly slot?: number }[]) {
  return findings.map(({ code, round, slot }) => `${code} ${round ?? '-'} ${slot ?? '-'}`).sort();
}

function reweighed(manifest: Parameters<NonNullable<Cheat['manifest']>>[0]): typeof manifest {
  return { ...manifest, entries: manifest.entries.map((entry, i) => (i === 0 ? { ...entry, weight: 1 } : entry)) };
}

function flipped(bytes: Uint8Array): Uint8Array {
  const out = Uint8Array.from(bytes);
  out[out.length - 1] = (out[out.length - 1] ?? 0) ^ 1;
  return out;
}

function flippedHex(hex = '0x'): string {
  return `${hex.slice(0, -1)}${hex.endsWith('0') ? '1' : '0'}`;
}
