import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { CheckedHistory } from '../../audit/history.ts';
import type { Report } from '../../audit/verify.ts';
import { ledgerTopic } from '../../coordinator/chain/abi.ts';
import { createChainView } from '../../coordinator/chain/ethereum.ts';
import { parseFinality } from '../../coordinator/chain/finality.ts';
import { indexTip } from '../../coordinator/chain/index.sql.ts';
import { connect, type Database } from '../../coordinator/db/connect.ts';
import { migrate } from '../../coordinator/db/migrate.ts';
import { OUTCOME } from '../../core/statements/entries.ts';
import type { StudyId } from '../../core/values.ts';
import { differences } from '../../embedded/demo/readBack.ts';
import { runSyndic } from '../../embedded/runSyndic.ts';
import { type BlockOnNode, CliqueNetwork, hasGeth } from '../support/clique.ts';
import { type StudyRun, TestConsortium } from '../support/consortium.ts';
import { needs } from '../support/needs.ts';
import { replaceDatabase } from '../support/replaceDatabase.ts';
import { silentLog } from '../support/silentLog.ts';
import { until } from '../support/until.ts';

const ROUNDS = 16;
const FINALITY = 'blocks:3';
/** What the coordinator's log says then. */
const ASKED_AGAIN = 'a node of the chain is asked again';
/** Sealers: one that commands and workers ask, one that dies, one that is cut off. */
const [STEADY, KILLED, ISOLATED] = [0, 1, 2];

needs('geth 1.13', hasGeth())(
  'a study on three Clique sealers, one killed and brought back, one cut off and let in',
  () => {
    let network: CliqueNetwork;
    let box: TestConsortium;
    let run: StudyRun;
    /** Rounds completed when it happened. */
    const at = { killed: 0, restarted: 0, cutOff: 0, letIn: 0 };
    let own: BlockOnNode;
    let instead: BlockOnNode | null;
    let stateAfter: string;

    beforeAll(async () => {
      network = await CliqueNetwork.start();
      const { chainId, rpcUrls } = network;
      box = await TestConsortium.start({
        hospitals: 2,
        coordinatorEnv: { CHAIN_RPC_URL: rpcUrls.join(','), FINALITY, POLL_SECONDS: '0.5', HEARTBEAT_SECONDS: '1' },
        startChain: async () => {
          return { rpcUrl: rpcUrls[STEADY] ?? '', chainId, pid: network.pid(STEADY), stop: async () => undefined };
        },
      });
      const { training } = JSON.parse(readFileSync(box.planFile, 'utf8')) as { training: object };
      const all = { startAt: 2, quorum: 2, roundSeconds: 3600 };
      const plan = await box.writePlan({ ...all, rounds: ROUNDS, seed: 5, training: { ...training, localSteps: 2 } });
      const study = await box.openStudy(plan);
      const client = await box.client();
      const completed = async () => (await client.show(study)).completed;
      const progress = async (rounds: number) => {
        const from = await completed();
        await until(async () => (await completed()) >= from + rounds);
      };

      const disturbed = async () => {
        await progress(1);
        at.killed = await completed();
        await network.kill(KILLED);
        await progress(1);
        at.restarted = await completed();
        await network.restart(KILLED);
        // Among two the coordinator could not tell which of them is cut off, and would wait until both are at one again.
        await until(() => saidOf(KILLED).some(({ msg }) => msg === ASKED_AGAIN));
        at.cutOff = await completed();
        own = await network.fork(ISOLATED);
        await network.rejoin(ISOLATED);
        instead = await network.block(ISOLATED, own.number);
        const { state, completed: letIn } = await client.show(study);
        [stateAfter, at.letIn] = [state, letIn];
      };
      const both = Promise.all([box.follow(study), disturbed()]);
      [run] = await Promise.race([both, box.consortium.untilOneEnds()]);
    });

    afterAll(async () => {
      await box?.close();
      await network?.stop();
    });

    test('completes every round, under way while a sealer was down and while one was cut off', () => {
      expect(run.detail).toMatchObject({ state: 'closed', completed: ROUNDS });
      expect(run.detail.attempts.map(({ outcome }) => outcome)).toEqual(Array(ROUNDS).fill(OUTCOME.COMPLETED));
      expect(at.restarted).toBeGreaterThan(at.killed);
      expect(stateAfter).toBe('running');
    });

    test('a block of the sealer that was cut off was really reorged away', async () => {
      expect(instead?.hash).toMatch(/^0x[0-9a-f]{64}$/);
      expect(instead?.hash).not.toBe(own.hash);
      expect(await network.block(STEADY, own.number)).toEqual(instead);
      expect(await network.block(KILLED, own.number)).toEqual(instead);
    });

    test('every round is anchored exactly once, and read back equal', async () => {
      for (const rpcUrl of network.rpcUrls) {
        const logs = await recordsAt(rpcUrl, run.study);
        expect(logs.map(({ topics }) => Number(topics[2]))).toEqual(Array.from({ length: ROUNDS }, (_, i) => i + 1));
      }
      expect(
        await differences(run.detail, run.history, { models: box.consortium.modelsDir, updatesKept: true }),
      ).toEqual([]);
    });

    test('`syndic audit history` verifies it at each of the three nodes, and tells the same', async () => {
      const deployment = join(box.dir, 'deployment.json');
      const told: CheckedHistory[] = [];
      for (const rpcUrl of network.rpcUrls) {
        const args = ['audit', 'history', '--study', run.study, '--rpc', rpcUrl, '--deployment', deployment];
        const { studies } = await runSyndic<{ studies: CheckedHistory[] }>(args);
        told.push(...studies);
      }
      expect(told).toHaveLength(network.rpcUrls.length);
      for (const history of told) {
        expect(history).toMatchObject({ verified: true, faults: [] });
        expect(history).toEqual(told[0]);
      }
    });

    test('`syndic audit` proves it offline, to whoever trusts the sealers, and to nobody who trusts others', async () => {
      const [deployment, file] = [join(box.dir, 'deployment.json'), join(box.dir, 'bundle.json')];
      const { modelsDir } = box.consortium;
      const from = ['--rpc', network.rpcUrls[KILLED] ?? '', '--deployment', deployment, '--artifacts', modelsDir];
      await runSyndic(['audit', 'export', run.study, ...from, '--consensus', 'clique', '--behind', '4', '--out', file]);
      const sealers = (await network.administer(STEADY, 'clique_getSigners', 'latest')) as string[];
      const verify = ['audit', 'verify', '--bundle', file, '--artifacts', modelsDir, '--consensus', 'clique'];
      const trusting = (validators: readonly string[]) =>
        runSyndic<Report>([...verify, '--trusted-validators', validators.join(',')]);
      const report = await trusting(sealers);
      expect(report).toMatchObject({
        verified: true,
        unchecked: [],
        basis: { kind: 'validators', probabilistic: true },
      });
      expect(report.history.rounds).toHaveLength(ROUNDS);
      const others = sealers.map((_, i) => `0x${String(i + 1).repeat(40)}`);
      await expect(trusting(others)).rejects.toMatchObject({ code: 'SEALS_INSUFFICIENT' });
    });

    test('the coordinator left the node that was killed, and asked it again', () => {
      expect(
        saidOf(KILLED)
          .map(({ reason = '' }) => reason)
          .join(),
      ).toContain('did not answer');
      expect(saidOf(KILLED).at(-1)?.msg).toBe('a node of the chain is asked again');
    });

    test('the coordinator’s index of events equals one made anew from any node', async () => {
      const { url } = box.consortium.services.database;
      // Brought up to date when somebody wants to know: the study's last words may not be in it.
      const kept = await indexIn(connect({ url }));
      expect(kept.tip).toBeGreaterThan(own.number);
      expect(kept.logs.length).toBeGreaterThan(3 * at.letIn);
      for (const rpcUrl of network.rpcUrls) {
        await replaceDatabase(url, 'anew');
        const anew = new URL(url);
        anew.pathname = '/anew';
        const db = connect({ url: anew.href });
        await migrate(db);
        const { chainId, consortium, dataUse, ledger } = box.consortium.deployment;
        const options = {
          rpcUrl,
          chainId,
          contracts: { consortium, dataUse, ledger },
          finality: parseFinality(FINALITY),
        };
        const view = await createChainView(options, { db, log: silentLog });
        await view.sync().finally(() => view.close());
        const { logs } = await indexIn(db);
        expect(logs.filter(({ block }) => block <= kept.tip)).toEqual(kept.logs);
      }
    });

    /** What the coordinator's log says of a node of the chain. */
    function saidOf(i: number): { msg: string; reason?: string }[] {
      const { host } = new URL(network.rpcUrls[i] ?? '');
      const lines = readFileSync(box.consortium.coordinatorLog, 'utf8').trim().split('\n');
      const said = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
      return said.filter(({ node }) => node === host);
    }

    async function recordsAt(rpcUrl: string, study: StudyId): Promise<{ topics: string[] }[]> {
      const topics = [ledgerTopic('RoundRecorded'), study];
      const filter = { fromBlock: '0x0', toBlock: 'latest', address: box.consortium.deployment.ledger, topics };
      const response = await fetch(rpcUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_getLogs', params: [filter] }),
      });
      return ((await response.json()) as { result: { topics: string[] }[] }).result;
    }
  },
);

/** The events of an index with their places in the chain, and its newest block. Closes the line to the database. */
async function indexIn(db: Database) {
  try {
    const logs = await db.selectFrom('chain_logs').selectAll().orderBy('block').orderBy('log_index').execute();
    return { logs, tip: (await indexTip(db))?.number ?? 0 };
  } finally {
    await db.destroy();
  }
}
