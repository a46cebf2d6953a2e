import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { freePort } from '../../embedded/freePort.ts';
import { CrashBox, SLOTS } from '../support/crash/CrashBox.ts';
import { type Relay, startRelay } from '../support/relay.ts';
import { scrape } from '../support/scrape.ts';
import { until } from '../support/until.ts';

const ROUNDS = 3;
const UNREACHABLE = 'syndic_chain_trouble{kind="unreachable"}';

let box: CrashBox;
let relay: Relay;
/** Where the coordinator's line to the chain leads. */
let target: number;

beforeAll(async () => {
  box = await CrashBox.start();
  target = chainPort();
  relay = await startRelay(() => target);
});

afterAll(async () => {
  await relay?.close();
  await box?.close();
});

const chainPort = () => Number(new URL(box.box.consortium.rpcUrl).port);

async function metricsUrl(): Promise<string> {
  const ready = () => /^.*"coordinator ready"\}$/m.exec(readFileSync(box.logFile, 'utf8'))?.[0];
  await until(() => ready() !== undefined);
  return String(JSON.parse(ready() ?? '{}').metrics);
}

describe('while the chain is away', () => {
  test('rounds queue and the trouble is told; when it is back, each is recorded once and the studies go on', async () => {
    const { training } = JSON.parse(readFileSync(box.box.planFile, 'utf8')) as { training: object };
    const course = { rounds: ROUNDS, startAt: SLOTS.length, quorum: SLOTS.length, roundSeconds: 600 };
    const plan = await box.box.writePlan({ ...course, training: { ...training, localSteps: 5 } });
    await box.startCoordinator({
      CHAIN_RPC_URL: `http://127.0.0.1:${relay.port}`,
      SYNDIC_CRASH_AT: 'stop@round.aggregated.queued',
    });
    await box.arrangeWorkers('well');
    const studies = [await box.box.openStudy(plan), await box.box.openStudy(plan)];
    await until(async () => (await box.stoppedAt()) !== null);
    target = await freePort();
    relay.cut();
    box.continueCoordinator();

    const url = await metricsUrl();
    await until(async () => (await scrape(url)).get(UNREACHABLE) === 1);
    const before = relay.connections;
    await until(() => relay.connections > before + 10);
    const waiting = await box.sql(`SELECT kind, state FROM outbox WHERE kind = 'record'`);
    expect(waiting).toContainEqual({ kind: 'record', state: 'pending' });
    expect(await box.sql(`SELECT round FROM rounds WHERE state = 'anchored'`)).toEqual([]);

    target = chainPort();
    for (const study of studies) {
      const { detail, history } = await box.box.follow(study);
      expect(detail).toMatchObject({ state: 'closed', completed: ROUNDS });
      expect(history).toMatchObject({ verified: true });
      expect(history.rounds.map(({ round, outcome }) => [round, outcome])).toEqual([1, 2, 3].map((of) => [of, 1]));
    }
    expect((await scrape(url)).get(UNREACHABLE)).toBe(0);
  });
});
