import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Header } from '../../../audit/blocks/header.ts';
import { type Bundle, decodeBundle, encodeBundle, openBundle } from '../../../audit/bundle.ts';
import { ledgerTopic } from '../../../audit/events.ts';
import { exportBundle } from '../../../audit/exportBundle.ts';
import { connectRpc, type RpcChain } from '../../../audit/rpc.ts';
import { basisOf } from '../../../audit/trust.ts';
import type { Report } from '../../../audit/verify.ts';
import { verifyBundle } from '../../../audit/verifyBundle.ts';
import { sha256 } from '../../../core/sha256.ts';
import type { Digest } from '../../../core/values.ts';
import { rejected, thrown } from '../../unit/core/thrown.ts';
import { randomDigest, startWorld, type World } from '../chain/world.ts';
import { filesOf, reportOn } from './reportOn.ts';
import { Scene } from './Scene.ts';

type Writable = { -readonly [K in keyof Bundle]: Bundle[K] };

let world: World;
let scene: Scene;
let online: Report;
let bundle: Bundle;
/** Of a study without a fault, and the hash of its block. */
let honest: { readonly bundle: Bundle; readonly hash: Digest };

beforeAll(async () => {
  world = await startWorld({ members: 3 });
  scene = await new Scene(world).open();
  await scene.round();
  await scene.round({ absent: [2] });
  await scene.close();
  online = await reportOn(world, scene);
  bundle = (await exported()).bundle;
  const other = await new Scene(world).open();
  await other.round();
  const told = await exported(() => ({}), other);
  honest = { bundle: told.bundle, hash: told.report.block.hash };
});

afterAll(async () => {
  await world?.stop();
});

async function exported(change: (honest: RpcChain) => Partial<RpcChain> = () => ({}), of: Scene = scene) {
  const chain = await connectRpc(world.rpcUrl);
  try {
    const { ledger, study } = of;
    const told = { ...chain, ...change(chain) };
    return await exportBundle(told, 'ethereum', { ledger, study, artifacts: [filesOf(of)] });
  } finally {
    chain.close();
  }
}

async function offline(of: Bundle, hash: Digest = online.block.hash): Promise<Report> {
  const opened = openBundle(decodeBundle(encodeBundle(of)));
  return await verifyBundle(opened, { basis: basisOf(opened, { kind: 'block', hash }) });
}

test('a bundle gives the verdict that the chain gave, without a node', async () => {
  expect(online.findings.map(({ code }) => code)).toEqual(['RECEIPT_BROKEN', 'NOT_FINAL']);
  const told = await offline(bundle);
  expect(told.block).toEqual(online.block);
  expect(told.findings).toEqual(online.findings);
  expect(told.contributions).toEqual(online.contributions);
  // Where an event stands is a node's word: of a bundle it is not told.
  const rounds = online.history.rounds.map((round) => ({ ...round, transaction: null, block: null }));
  expect(told.history).toEqual({ ...online.history, rounds });
  expect(told.basis).toEqual({ kind: 'block', hash: online.block.hash });
  // Models are not in it, and the report says so.
  expect(told.unchecked.map(({ round }) => round)).toEqual([1, 2]);
});

test('with the models beside it, a bundle’s verdict rests on them too', async () => {
  const told = await verifyBundle(openBundle(bundle), { artifacts: [filesOf(scene)] });
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
      const short = changed((copy) => {
        copy.accounts[i]?.words.pop();
        dropIdleNodes(copy);
      });
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

  test('a document is left out is found out', async () => {
    for (const named of Object.keys(bundle.documents).slice(0, 4)) {
      const short = changed((copy) => delete copy.documents[named]);
      expect((await offline(short)).findings.map(({ code }) => code)).toContain('DOCUMENT_MISSING');
    }
  });

  test('something stands that is not known is no bundle', async () => {
    const other = { ...bundle, verdict: 'fine' };
    expect(() => decodeBundle(encodeBundle(other))).toThrow(/verdict: is not known here/);
  });

  test.each<[string, (copy: Writable) => void]>([
    [
      'a document has other bytes',
      (copy) => {
        copy.documents[first(Object.keys(copy.documents))] = 'AAAA';
      },
    ],
    [
      'base64 ends with bits that are no part of its bytes',
      (copy) => {
        const [name, text] = first(Object.entries(copy.documents).filter(([, one]) => one.endsWith('=')));
        const last = text.search(/.=+$/);
        const next = String.fromCharCode(text.charCodeAt(last) + 1);
        copy.documents[name] = text.slice(0, last) + next + text.slice(last + 1);
      },
    ],
    [
      'base64 has what is no digit of it',
      (copy) => {
        const [name, text] = first(Object.entries(copy.documents));
        copy.documents[name] = `${text.slice(0, 4)}\n${text.slice(4)}`;
      },
    ],
    [
      'a header says what its hash is not of',
      (copy) => {
        first(copy.headers).hash = randomDigest();
      },
    ],
    [
      'a header is spelt in upper case',
      (copy) => {
        const header = first(copy.headers);
        header.stateRoot = `0x${String(header.stateRoot).slice(2).toUpperCase()}`;
      },
    ],
    ['there is a second header, of other than Clique', (copy) => void copy.headers.push(first(copy.headers))],
    ['a node is of no proof', (copy) => void copy.nodes.push('0xc0')],
    [
      'a node stands twice',
      (copy) => {
        copy.nodes.push(first(copy.nodes));
        first(copy.accounts).proof[0] = copy.nodes.length - 1;
      },
    ],
    [
      'the empty node stands',
      (copy) => {
        copy.nodes.push('0x80');
        const empty = first(copy.accounts.flatMap(({ words }) => words).filter(({ proof }) => proof.length === 0));
        empty.proof = [copy.nodes.length - 1];
      },
    ],
    [
      'a proof names no node',
      (copy) => {
        first(copy.accounts).proof[0] = copy.nodes.length;
      },
    ],
    ['an account stands twice', (copy) => void copy.accounts.push(first(copy.accounts))],
    ['a word stands twice', (copy) => void first(copy.accounts).words.push(first(first(copy.accounts).words))],
    [
      'a log is of another study',
      (copy) => {
        first(copy.logs).topics[1] = randomDigest();
      },
    ],
    [
      'a log is no event of a history',
      (copy) => {
        first(copy.logs).topics[0] = randomDigest();
      },
    ],
  ])('%s is refused', async (_, change) => {
    expect((await rejected(offline(changed(change)))).code).toBe('DOCUMENT_INVALID');
  });

  test('a document is named by nothing is refused', async () => {
    const bytes = Buffer.from('nobody asks for it');
    const documents = { ...honest.bundle.documents, [sha256(bytes)]: bytes.toString('base64') };
    expect((await offline(honest.bundle, honest.hash)).verified).toBe(true);
    const more = await rejected(offline({ ...honest.bundle, documents }, honest.hash));
    expect([more.code, more.message]).toEqual(['DOCUMENT_INVALID', expect.stringContaining('nothing asks for')]);
  });

  test('a word is asked for by nothing is refused', async () => {
    const chain = await connectRpc(world.rpcUrl);
    try {
      const more = structuredClone(honest.bundle);
      const account = first(more.accounts);
      const slot = randomDigest();
      const { words } = await chain.proofs(account.address, [BigInt(slot)]);
      const places = (words[0] ?? []).map((node) => {
        return more.nodes.includes(node) ? more.nodes.indexOf(node) : more.nodes.push(node) - 1;
      });
      account.words.push({ slot, proof: places });
      const refused = await rejected(offline(more, honest.hash));
      expect([refused.code, refused.message]).toEqual([
        'DOCUMENT_INVALID',
        expect.stringContaining('nothing asks for'),
      ]);
    } finally {
      chain.close();
    }
  });

  test('an event has bytes that no contract writes is refused', async () => {
    const longer = (at: number, change: (data: string) => string) =>
      changed((copy) => {
        copy.logs = copy.logs.map((log, i) => (i === at ? { ...log, data: change(log.data) } : log));
      });
    for (const at of bundle.logs.keys()) {
      // Behind its end; and above the bits of the number that a word of an entry holds.
      expect((await rejected(offline(longer(at, (data) => `${data}00`)))).code).toBe('CHAIN_UNAVAILABLE');
    }
    const entry = bundle.logs.findIndex(({ topics }) => topics[0] === ledgerTopic('UpdateRecorded'));
    const high = offline(longer(entry, (data) => `0x01${data.slice(4)}`));
    expect((await rejected(high)).code).toBe('CHAIN_UNAVAILABLE');
  });

  test('an entry’s time, or the salt of the opening, is another is found out', async () => {
    const codes = async (event: string, change: (log: Bundle['logs'][number]) => void) => {
      const other = changed((copy) =>
        change(first(copy.logs.filter(({ topics }) => topics[0] === ledgerTopic(event)))),
      );
      return (await offline(other)).findings.map(({ code }) => code);
    };
    expect(
      await codes('UpdateRecorded', (log) => {
        log.time += 1;
      }),
    ).toContain('HISTORY_MISMATCH');
    const salted = await codes('StudyOpened', (log) => {
      // The salt is the last word but one.
      log.data = `${log.data.slice(0, -128)}${randomDigest().slice(2)}${log.data.slice(-64)}`;
    });
    expect(salted).toContain('HISTORY_MISMATCH');
  });

  test('an event is told twice is found out', async () => {
    for (const at of bundle.logs.keys()) {
      const twice = changed((copy) =>
        copy.logs.splice(at, 0, structuredClone(copy.logs[at] as Bundle['logs'][number])),
      );
      const told = await offline(twice).catch(({ code }: { code: string }) => ({ verified: code === '' }));
      expect(told.verified).toBe(false);
    }
  });
});

test.each([
  ['a line more', (text: string) => `${text}\n`],
  ['a space', (text: string) => text.replace(':', ': ')],
  ['a letter as an escape', (text: string) => text.replace('syndic.bundle', '\\u0073yndic.bundle')],
  ['a number as 1e0', (text: string) => text.replace(/"chainId":(\d+)/, '"chainId":$1.0')],
  ['a key twice', (text: string) => text.replace('{', '{"chainId":1,')],
])('a bundle whose file is spelt with %s is refused', (_, change) => {
  const bytes = new TextEncoder().encode(change(new TextDecoder().decode(encodeBundle(bundle))));
  expect(bytes).not.toEqual(encodeBundle(bundle));
  expect(thrown(() => decodeBundle(bytes)).code).toBe('DOCUMENT_INVALID');
});

test('a block built upon the bundle’s own is refused by who trusts its block: nothing proves it', () => {
  const opened = openBundle(bundle);
  const [header] = opened.headers;
  const two = { ...opened, headers: [header, header] as Header[] };
  expect(thrown(() => basisOf(two, { kind: 'block', hash: online.block.hash })).code).toBe('DOCUMENT_INVALID');
});

/** Takes out the nodes that no proof uses any more. */
function dropIdleNodes(bundle: Pick<Bundle, 'nodes' | 'accounts'>): void {
  const proofs = bundle.accounts.flatMap(({ proof, words }) => [proof, ...words.map((word) => word.proof)]);
  const used = [...new Set(proofs.flat())].sort((a, b) => a - b);
  for (const proof of proofs) proof.splice(0, proof.length, ...proof.map((place) => used.indexOf(place)));
  bundle.nodes.splice(0, bundle.nodes.length, ...used.map((place) => bundle.nodes[place] ?? ''));
}

function first<T>([one]: readonly T[]): T {
  if (one === undefined) throw new RangeError('there is none');
  return one;
}

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
