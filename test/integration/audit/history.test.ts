import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ledgerTopic } from '../../../audit/events.ts';
import { type CheckedHistory, readHistories, readHistory } from '../../../audit/history.ts';
import { connectRpc, type RpcChain } from '../../../audit/rpc.ts';
import { writeDeployment } from '../../../cli/chain/chainFile.ts';
import { blockAt } from '../../../coordinator/chain/node.ts';
import { slot } from '../../../core/values.ts';
import { temporaryFolders } from '../../support/temporaryFolder.ts';
import { syndic } from '../../unit/cli/spawn.ts';
import { alteringNode } from '../chain/fakeNode.ts';
import { randomDigest, startWorld, type World } from '../chain/world.ts';
import { Scene } from './Scene.ts';

const folder = temporaryFolders();
let world: World;
/** Of all three members, closed; and of the first two, under way. */
let whole: Scene;
let small: Scene;

beforeAll(async () => {
  world = await startWorld({ members: 3 });
  whole = await new Scene(world).open();
  await whole.round();
  await whole.round({ absent: [3] });
  await whole.close();
  small = await new Scene(world).open({ joining: [1, 2] });
  await small.round({ of: [1, 2] });
});

afterAll(async () => {
  await world?.stop();
});

async function onChain<T>(work: (chain: RpcChain) => Promise<T>): Promise<T> {
  const chain = await connectRpc(world.rpcUrl);
  try {
    return await work(chain);
  } finally {
    chain.close();
  }
}

/** The history of the whole study from a node that is honest but for `changes`. */
function historyFrom(changes: (honest: RpcChain) => Partial<RpcChain>): Promise<CheckedHistory> {
  return onChain((chain) => readHistory({ ...chain, ...changes(chain) }, whole.ledger, whole.study));
}

describe('a history from the chain alone', () => {
  const of = (member?: number) =>
    onChain(async (chain) => {
      const wanted = member === undefined ? {} : { member: slot(member) };
      const histories = await readHistories(chain, whole.ledger, wanted);
      return histories.map(({ study, verified }) => [study, verified]);
    });

  test('is of every study, oldest first, and for a member of those that it joined', async () => {
    expect(await of()).toEqual([
      [whole.study, true],
      [small.study, true],
    ]);
    expect(await of(1)).toEqual(await of());
    expect(await of(3)).toEqual([[whole.study, true]]);
    expect(await of(9)).toEqual([]);
  });

  test('counts rounds and samples of each member, as the ledger does', async () => {
    const { totals, rounds, outcome } = await historyFrom(() => ({}));
    expect([rounds.length, outcome]).toEqual([2, 1]);
    expect(totals).toEqual([
      { slot: 1, rounds: 2, samples: 202n },
      { slot: 2, rounds: 2, samples: 204n },
      { slot: 3, rounds: 1, samples: 103n },
    ]);
  });

  test('is read once more before a fault is told: a node may not have all events of its newest block yet', async () => {
    let asked = 0;
    const forgetful = (times: number) =>
      historyFrom(({ logs }) => ({
        logs: async (...args) => {
          const all = await logs(...args);
          asked += 1;
          return asked > times ? all : all.slice(0, -1);
        },
      }));
    expect(await forgetful(1)).toMatchObject({ verified: true, faults: [] });
    expect(asked).toBe(2);
    asked = 0;
    expect((await forgetful(2)).verified).toBe(false);
  });

  test.each([
    ['a record', ['RoundRecorded'], /ROUND_GAP: .*round 2/],
    ['an entry of a record', ['UpdateRecorded'], /HISTORY_MISMATCH: round 2: the event's record hash/],
    ['the close', ['StudyClosed'], /HISTORY_MISMATCH: the study's outcome/],
  ])('does not agree with storage when a node keeps back %s', async (_, [event = ''], words) => {
    const { verified, faults } = await historyFrom(({ logs }) => ({
      logs: async (...args) => {
        const all = await logs(...args);
        const last = all.findLastIndex(({ topics }) => topics[0] === ledgerTopic(event));
        return all.toSpliced(last, 1);
      },
    }));
    expect([verified, faults.join('\n')]).toEqual([false, expect.stringMatching(words)]);
  });

  test('does not agree when the contracts are not the released ones: their words may mean anything', async () => {
    const { faults } = await historyFrom(({ code }) => ({
      code: async (contract) => {
        const bytes = await code(contract);
        return contract === whole.ledger ? bytes.with(bytes.length - 1, 1 ^ (bytes.at(-1) ?? 0)) : bytes;
      },
    }));
    expect(faults).toEqual([expect.stringContaining(`CODE_UNKNOWN: the code at ${whole.ledger}`)]);
  });
});

describe('syndic audit history', () => {
  async function deployment(): Promise<string> {
    const file = join(await folder(), 'deployment.json');
    const { chainId, rpc, contracts } = world;
    const { consortium, dataUse, ledger } = contracts;
    await writeDeployment(file, { chainId, genesis: (await blockAt(rpc, 0)).hash, consortium, dataUse, ledger });
    return file;
  }

  test('exits with 9 and says where, when a node tells of other samples than are stored', async () => {
    const update = ledgerTopic('UpdateRecorded');
    // The last word of the event's data is the samples.
    const altered = (log: { topics: string[]; data: string }) =>
      log.topics[0] === update && log.topics[1] === small.study ? { ...log, data: `${log.data.slice(0, -2)}ff` } : log;
    const node = await alteringNode(world, ({ method }, honest) =>
      method === 'eth_getLogs'
        ? { result: (honest.result as { topics: string[]; data: string }[]).map(altered) }
        : honest,
    );
    try {
      const args = ['audit', 'history', '--rpc', node.url, '--deployment', await deployment()];
      const { code, stdout, stderr } = await syndic(args);
      expect([code, stdout.trim().split('\n').length]).toEqual([9, 8]);
      expect(stderr).toContain('error AUDIT_FAILED: ');
      expect(stderr).toContain(`study ${small.study}: TOTALS_MISMATCH: `);
      expect(stderr).not.toContain(`study ${whole.study}: HISTORY_MISMATCH`);
      expect((await syndic([...args, '--study', whole.study])).code).toBe(0);
    } finally {
      await node.stop();
    }
  });

  test('exits with 9 when a node tells of a study that the ledger does not store', async () => {
    const invented = randomDigest();
    const opened = ledgerTopic('StudyOpened');
    const node = await alteringNode(world, ({ method, params: [filter] }, honest) => {
      const { topics = [] } = (filter ?? {}) as { topics?: string[] };
      if (method !== 'eth_getLogs' || topics[0] !== opened) return honest;
      const [log] = honest.result as { topics: string[] }[];
      return { result: [...(honest.result as object[]), { ...log, topics: [opened, invented] }] };
    });
    try {
      const args = ['audit', 'history', '--rpc', node.url, '--deployment', await deployment()];
      const { code, stdout, stderr } = await syndic(args);
      expect([code, stdout]).toEqual([9, '']);
      expect(stderr).toContain(invented);
    } finally {
      await node.stop();
    }
  });
});
