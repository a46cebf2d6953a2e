import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Artifact, Artifacts, ChainLog } from '../../../audit/port.ts';
import { connectRpc } from '../../../audit/rpc.ts';
import { verify } from '../../../audit/verify.ts';
import { SyndicError } from '../../../core/errors/SyndicError.ts';
import { decodeStatement } from '../../../core/statements/documents.ts';
import type { Digest } from '../../../core/values.ts';
import { rejected } from '../../unit/core/thrown.ts';
import { randomDigest, randomWallet, startWorld, type World } from '../chain/world.ts';
import { type Changes, faultsOf, filesOf, reportOn } from './reportOn.ts';
import { type Cheat, Scene } from './Scene.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld({ members: 3 });
});

afterAll(async () => {
  await world?.stop();
});

const report = (scene: Scene, changes: Changes = {}) => reportOn(world, scene, changes);

async function cheated(cheat: Cheat) {
  const scene = await new Scene(world).open();
  await scene.round();
  await scene.round(cheat);
  return faultsOf(await report(scene));
}

test('a store that stops answering while a model is made anew is no fault of the coordinator’s', async () => {
  const scene = await new Scene(world).open();
  const { updates } = await scene.round();
  const whole = filesOf(scene);
  let reads = 0;
  const failing: Artifacts = {
    async open(of) {
      const artifact = await whole.open(of);
      if (artifact === null || of !== updates[0]) return artifact;
      // Its header is read; then the store is gone.
      const read: Artifact['read'] = async (...args) => {
        if (++reads <= 2) return await artifact.read(...args);
        throw new SyndicError('ARTIFACTS_UNAVAILABLE', 'does not answer');
      };
      return { ...artifact, read };
    },
  };
  const chain = await connectRpc(world.rpcUrl);
  try {
    const { ledger, study } = scene;
    const told = await rejected(verify({ chain, ledger, study, artifacts: [failing] }));
    expect([told.code, reads]).toEqual(['ARTIFACTS_UNAVAILABLE', 3]);
  } finally {
    chain.close();
  }
});

describe('an honest study', () => {
  let scene: Scene;

  beforeAll(async () => {
    scene = await new Scene(world).open();
    await scene.round();
    await scene.round({ outcome: 2 });
    await scene.round();
    await scene.close();
  });

  test('verifies whole, with every model made anew', async () => {
    const told = await report(scene);
    expect(told.findings.map(({ code, what }) => ({ code, what }))).toEqual([
      {
        code: 'NOT_FINAL',
        what: 'the study is closed; of its 3 records, 0 are attested by the quorum of 2, and 0 disputes are open',
      },
    ]);
    expect(told).toMatchObject({ verified: true, final: false, unchecked: [] });
    const examined = new Map(told.checks.map(({ check, examined }) => [check, examined]));
    expect(examined.get('a global model, made anew from its base and updates, is the one on record')).toBe(2);
    expect(examined.get('a statement is signed by a key that its member had then')).toBe(9);
    expect(examined.get('runtime code of a contract equals the released build')).toBe(4);
    expect(told.contributions).toEqual(
      [1, 2, 3].map((slot) => ({
        ...{ slot, rounds: 2, samples: BigInt(2 * (100 + slot)) },
        byRound: [
          { round: 1, status: 1, samples: 100 + slot },
          { round: 2, status: 2, samples: 0 },
          { round: 3, status: 1, samples: 100 + slot },
        ],
      })),
    );
  });

  test('without its initial model verifies whole: the plan makes it', async () => {
    const initial = scene.rounds[0]?.base as Digest;
    const told = await report(scene, { files: new Map([[initial, null]]) });
    expect([told.verified, told.unchecked]).toEqual([true, []]);
  });

  test('without updates verifies too, and the report says that no model was made anew', async () => {
    const files = new Map(scene.rounds.flatMap(({ updates }) => updates.map((update) => [update, null] as const)));
    const told = await report(scene, { files });
    expect(told.verified).toBe(true);
    expect(told.unchecked.map(({ what, round }) => ({ what, round }))).toEqual([
      { what: 'the global model was not made anew', round: 1 },
      { what: 'the global model was not made anew', round: 3 },
    ]);
  });

  test.each(['manifest', 'statements', 'receipts'] as const)('without a document of %s does not verify', async (of) => {
    const { [of]: named } = scene.rounds[0] ?? {};
    const digest = Array.isArray(named) ? named[1] : named;
    const told = faultsOf(await report(scene, { files: new Map([[digest, null]]) }));
    expect(told).toEqual([
      { code: 'DOCUMENT_MISSING', round: 1, slot: of === 'manifest' ? undefined : 2, implicated: 'store' },
    ]);
  });

  test('with a damaged byte in the last model, or in an update that did not count, is told', async () => {
    const [, failed, last] = scene.rounds;
    for (const [digest, round] of [
      [last?.global, 3],
      [failed?.updates[2], 2],
    ] as const) {
      const bytes = Uint8Array.from(scene.files.get(digest as Digest) ?? []);
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      const told = faultsOf(await report(scene, { files: new Map([[digest as Digest, bytes]]) }));
      expect(told).toEqual([{ code: 'FILE_DAMAGED', round, slot: undefined, implicated: 'store' }]);
    }
  });

  test('without a member’s report does not verify', async () => {
    const [statement] = scene.rounds[0]?.statements ?? [];
    const { message } = decodeStatement(scene.files.get(statement as Digest) as Uint8Array);
    const told = faultsOf(await report(scene, { files: new Map([[message.report, null]]) }));
    expect(told).toEqual([{ code: 'DOCUMENT_MISSING', round: 1, slot: 1, implicated: 'store' }]);
  });

  test('with junk in a document’s place goes on, and tells of it', async () => {
    const manifest = scene.rounds[0]?.manifest as Digest;
    const files = new Map([[manifest, new Uint8Array(3 * 1024 * 1024)]]);
    expect(faultsOf(await report(scene, { files }))).toEqual([
      { code: 'FILE_DAMAGED', round: 1, slot: undefined, implicated: 'store' },
    ]);
  });

  test.each(['manifest', 'statements', 'updates', 'base'] as const)('with a damaged byte in %s is told', async (of) => {
    const { [of]: named } = scene.rounds[0] ?? {};
    const digest = (Array.isArray(named) ? named[1] : named) as Digest;
    const bytes = Uint8Array.from(scene.files.get(digest) ?? []);
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    const told = await report(scene, { files: new Map([[digest, bytes]]) });
    expect(told.findings).toContainEqual(expect.objectContaining({ code: 'FILE_DAMAGED', implicated: 'store' }));
    expect(told.verified).toBe(false);
  });
});

describe('a coordinator that', () => {
  test('wrote a document longer than such a one may be is found out, and the rest is read', async () => {
    expect(await cheated({ manifestBytes: () => new Uint8Array(3 * 1024 * 1024) })).toEqual([
      { code: 'DOCUMENT_MALFORMED', round: 2, slot: undefined, implicated: 'coordinator' },
    ]);
  });

  test.each<[string, Cheat, string, number | undefined, string]>([
    ['left a member out in spite of its receipt', { absent: [1] }, 'RECEIPT_BROKEN', 1, 'coordinator'],
    ['made a model of its own', { global: (honest) => flipped(honest) }, 'MODEL_MISMATCH', undefined, 'coordinator'],
    [
      'weighs a member otherwise than the plan',
      { manifest: (m) => ({ ...m, entries: m.entries.map((e, i) => (i === 0 ? { ...e, weight: 1 } : e)) }) },
      'MANIFEST_MISMATCH',
      undefined,
      'coordinator',
    ],
    [
      'records a manifest of another round',
      { manifest: (m) => ({ ...m, round: 7 }) },
      'MANIFEST_MISMATCH',
      undefined,
      'coordinator',
    ],
    ['signed a statement itself', { keys: { 1: randomWallet().privateKey } }, 'STATEMENT_UNSIGNED', 1, 'coordinator'],
    [
      'took a statement about another plan',
      { statement: { plan: randomDigest() } },
      'STATEMENT_MISMATCH',
      1,
      'coordinator',
    ],
    [
      'took a statement about another base',
      { statement: { baseModel: randomDigest() } },
      'STATEMENT_MISMATCH',
      1,
      'coordinator',
    ],
    [
      'took a statement of an unknown dataset',
      { statement: { dataset: randomDigest() } },
      'DATASET_UNKNOWN',
      1,
      'member 1',
    ],
    ['issued a receipt for other samples', { receipt: { samples: 5 } }, 'RECEIPT_MISMATCH', 1, 'coordinator'],
    [
      'had a receipt signed by a stranger',
      { receiptKey: randomWallet().privateKey },
      'RECEIPT_MISMATCH',
      1,
      'coordinator',
    ],
  ])('%s is found out', async (_, cheat, code, slot, implicated) => {
    const found = await cheated(cheat);
    expect(found[0]).toEqual({ code, round: 2, slot, implicated });
    // Nothing of the honest round before it is blamed.
    expect(new Set(found.map(({ round }) => round))).toEqual(new Set([2]));
  });

  test('takes more samples than the plan allows is found out', async () => {
    const found = await cheated({ statement: { samples: 513 }, entry: { samples: 513 }, receipt: { samples: 513 } });
    expect(found).toEqual([{ code: 'SAMPLES_EXCEEDED', round: 2, slot: 1, implicated: 'member 1' }]);
  });

  test('opened a study on another model than its plan makes is found out', async () => {
    const scene = await new Scene(world).open({ initial: randomDigest() });
    expect(faultsOf(await report(scene))).toEqual([
      { code: 'INITIAL_MODEL_MISMATCH', round: undefined, slot: undefined, implicated: 'operator' },
    ]);
  });

  test('opened a study with another quorum than its plan has is found out', async () => {
    const scene = await new Scene(world).open({ quorum: 3 });
    expect(faultsOf(await report(scene))[0]).toMatchObject({ code: 'PLAN_MISMATCH', implicated: 'operator' });
  });
});

describe('a node that', () => {
  let scene: Scene;

  beforeAll(async () => {
    scene = await new Scene(world).open();
    await scene.round();
    await scene.round();
  });

  const codes = async (chain: Changes['chain']) =>
    new Set(faultsOf(await report(scene, { chain })).map(({ code }) => code));

  test('keeps back the event of a record is found out', async () => {
    const found = await codes((honest) => ({
      logs: async (...args) => (await honest.logs(...args)).filter((_, i, all) => i < all.length - 4),
    }));
    expect(found).toContain('ROUND_GAP');
    expect(found).toContain('HISTORY_MISMATCH');
  });

  test('tells another time of a record is found out', async () => {
    const found = await codes((honest) => ({
      logs: async (...args) => (await honest.logs(...args)).map((log) => ({ ...log, time: log.time + 1 })),
    }));
    expect(found).toContain('HISTORY_MISMATCH');
  });

  test('keeps back an entry is found out', async () => {
    const found = await codes((honest) => ({
      logs: async (...args) =>
        (await honest.logs(...args)).filter((log) => log.topics[3] === undefined || Number(log.topics[3]) !== 2),
    }));
    // And nobody is blamed but the node.
    expect(found).toEqual(new Set(['HISTORY_MISMATCH']));
  });

  test('tells an entry twice, or what no ledger sends, is not read on', async () => {
    const told = (change: (logs: ChainLog[]) => ChainLog[]) =>
      rejected(report(scene, { chain: (honest) => ({ logs: async (...args) => change(await honest.logs(...args)) }) }));
    const twice = await told((logs) => logs.flatMap((log, i) => (i === 3 ? [log, log] : [log])));
    const garbled = await told((logs) => logs.map((log, i) => (i === 1 ? { ...log, data: '0x01' } : log)));
    const bare = await told((logs) => logs.map((log, i) => (i === 1 ? { ...log, topics: [] } : log)));
    for (const { code } of [twice, garbled, bare]) expect(code).toBe('CHAIN_UNAVAILABLE');
  });

  test('serves another code is found out', async () => {
    const found = await codes((honest) => ({
      code: async (contract) => {
        const code = await honest.code(contract);
        return contract === world.contracts.consortium ? flipped(code) : code;
      },
    }));
    expect(found).toEqual(new Set(['CODE_UNKNOWN']));
  });
});

test('a study that the ledger does not know is no study', async () => {
  const scene = new Scene(world);
  await expect(report(scene)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

function flipped(bytes: Uint8Array): Uint8Array {
  const out = Uint8Array.from(bytes);
  out[out.length - 1] = (out[out.length - 1] ?? 0) ^ 1;
  return out;
}
