import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Bundle, decodeBundle, encodeBundle, openBundle } from '../../../audit/bundle.ts';
import { exportBundle } from '../../../audit/exportBundle.ts';
import { connectRpc, type RpcChain } from '../../../audit/rpc.ts';
import { basisOf } from '../../../audit/trust.ts';
import { type Report, verify } from '../../../audit/verify.ts';
import type { Digest } from '../../../core/values.ts';
import { rejected, thrown } from '../../unit/core/thrown.ts';
import { randomDigest, startWorld, type World } from '../chain/world.ts';
import { filesOf, reportOn } from './reportOn.ts';
import { Scene } from './Scene.ts';

let world: World;
let scene: Scene;
let online: Report;
let bundle: Bundle;

beforeAll(async () => {
  world = await startWorld({ members: 3 });
  scene = await new Scene(world).open();
  await scene.round();
  await scene.round({ absent: [2] });
  await scene.close();
  online = await reportOn(world, scene);
  bundle = (await exported()).bundle;
});

afterAll(async () => {
  await world?.stop();
});

async function exported(change: (honest: RpcChain) => Partial<RpcChain> = () => ({})) {
  const chain = await connectRpc(world.rpcUrl);
  try {
    const { ledger, study } = scene;
    const told = { ...chain, ...change(chain) };
    return await exportBundle(told, 'ethereum', { ledger, study, artifacts: [filesOf(scene)] });
  } finally {
    chain.close();
  }
}

async function offline(of: Bundle, hash: Digest = online.block.hash): Promise<Report> {
  const opened = openBundle(decodeBundle(encodeBundle(of)));
  const basis = basisOf(opened, { kind: 'block', hash });
  const { chain, ledger, study, documents } = opened;
  return await verify({ chain, ledger, study, artifacts: [documents], basis });
}

test('a bundle gives the verdict that the chain gave, without a node', async () => {
  expect(online.findings.map(({ code }) => code)).toEqual(['RECEIPT_BROKEN', 'NOT_FINAL']);
  const told = await offline(bundle);
  expect(told.block).toEqual(online.block);
  expect(told.findings).toEqual(online.findings);
  expect(told.contributions).toEqual(online.contributions);
  expect(told.history).toEqual(online.history);
  expect(told.basis).toEqual({ kind: 'block', hash: online.block.hash });
  // Models are not in it, and the report says so.
  expect(told.unchecked.map(({ round }) => round)).toEqual([1, 2]);
});

test('with the models beside it, a bundle’s verdict rests on them too', async () => {
  const { chain, ledger, study, documents } = openBundle(bundle);
  const told = await verify({ chain, ledger, study, artifacts: [documents, filesOf(scene)] });
  expect(told.unchecked).toEqual([]);
});

test('a bundle of another block than its reader trusts is refused', async () => {
  expect((await rejected(offline(bundle, randomDigest()))).code).toBe('CHAIN_MISMATCH');
});

describe('a bundle in which', () => {
  const changed = (change: (copy: Writable) => void): Bundle => {
    const copy = structuredClone(bundle) as Writable;
    change(copy);
    return copy;
  };
  type Writable = { -readonly [K in keyof Bundle]: Bundle[K] };

  test('a header’s field is another is of another block', async () => {
    const later = changed((copy) => {
      copy.headers[0] = { ...copy.headers[0], timestamp: '0x1' };
    });
    expect((await rejected(offline(later))).code).toBe('CHAIN_MISMATCH');
  });

  test('any node of a proof is another proves nothing', () => {
    for (const at of bundle.nodes.keys()) {
      const broken = changed((copy) => {
        const node = copy.nodes[at] ?? '0x';
        copy.nodes[at] = `${node.slice(0, -1)}${node.endsWith('0') ? '1' : '0'}`;
      });
      expect(thrown(() => openBundle(broken)).code).toBe('PROOF_INVALID');
    }
  });

  test('a word is left out proves nothing of it', async () => {
    for (const [i, account] of bundle.accounts.entries()) {
      if (account.words.length === 0) continue;
      const short = changed((copy) => copy.accounts[i]?.words.pop());
      expect((await rejected(offline(short))).code).toBe('PROOF_INVALID');
    }
  });

  test('a contract’s code is another proves nothing', async () => {
    const other = changed((copy) => {
      const [account] = copy.accounts;
      if (account !== undefined) account.code = `${account.code.slice(0, -2)}00`;
    });
    expect((await rejected(offline(other))).code).toBe('PROOF_INVALID');
  });

  test('an event is left out, or says something else, is found out', async () => {
    for (const at of bundle.logs.keys()) {
      const short = changed((copy) => copy.logs.splice(at, 1));
      const told = await offline(short).catch(({ code }: { code: string }) => code);
      // Without the opening, there is no study to tell of.
      if (at === 0) expect(told).toBe('CHAIN_UNAVAILABLE');
      else expect(told).toMatchObject({ verified: false });
    }
    const later = changed((copy) => {
      copy.logs = copy.logs.map((log) => ({ ...log, time: log.time + 1 }));
    });
    expect((await offline(later)).findings.map(({ code }) => code)).toContain('HISTORY_MISMATCH');
  });

  test('a document has other bytes is found out', async () => {
    const other = changed((copy) => {
      const [named = ''] = Object.keys(copy.documents);
      copy.documents[named] = 'AAAA';
    });
    expect((await offline(other)).findings.map(({ code }) => code)).toContain('FILE_DAMAGED');
  });

  test('something stands that is not known is no bundle', async () => {
    const other = { ...bundle, verdict: 'fine' };
    expect(() => decodeBundle(encodeBundle(other))).toThrow(/verdict: is not known here/);
  });
});

test('nothing is exported of a node that proves something else than it says', async () => {
  const liar = exported((honest) => ({
    words: async (contract, slots) => {
      const words = await honest.words(contract, slots);
      // Of the totals alone: what it says of the study hangs together.
      return contract === scene.ledger && slots.length === 6
        ? words
        : words.map((word, i) => (i === 7 ? word + 1n : word));
    },
  }));
  expect((await rejected(liar)).code).toBe('PROOF_INVALID');
});
