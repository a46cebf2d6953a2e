import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Invitation } from '../../../core/invitation/Invitation.ts';
import { checkPlan } from '../../../core/plan/checkPlan.ts';
import type { CheckedPlan } from '../../../core/plan/Plan.ts';
import { address, type Digest, digest, instant, round, slot } from '../../../core/values.ts';
import type { SiteChain, SiteStudy } from '../../../worker/policy/ethereum.ts';
import { createPolicy } from '../../../worker/policy/policy.ts';
import type { TaskOffer } from '../../../worker/session/port.ts';

const hex = (byte: string): Digest => digest(`0x${byte.repeat(32)}`);
const at = (byte: string) => address(`0x${byte.repeat(20)}`);
const workerKey = at('0a');
const coordinatorKey = at('0c');
const invitation: Invitation = {
  schema: 'syndic.invitation/1',
  url: 'grpcs://coordinator.example:7443',
  pin: hex('01'),
  chainId: 31337,
  genesis: hex('02'),
  contracts: { consortium: at('03'), dataUse: at('04'), ledger: at('05') },
  coordinator: at('06'),
  slot: slot(2),
};

let checked: CheckedPlan;
beforeAll(async () => {
  const path = join(import.meta.dirname, '../../../examples/heart/standin-plan.yaml');
  checked = checkPlan(await readFile(path, 'utf8'), 'yaml');
});

function study(change: Partial<SiteStudy> = {}): SiteStudy {
  const { hash: plan } = checked;
  const { coordinator } = invitation;
  return { coordinator, minIncluded: 2, open: true, lastRound: 4, plan, model: hex('0b'), ...change };
}

function chain(change: Partial<SiteChain> = {}): SiteChain {
  return {
    checkNetwork: async () => undefined,
    coordinatorKey: async () => coordinatorKey,
    study: async () => study(),
    liveGrant: async () => ({ plan: checked.hash, dataset: hex('0d') }),
    ownKey: async () => workerKey,
    versionRows: async () => 512,
    close: () => undefined,
    ...change,
  };
}

function task(change: Partial<TaskOffer> = {}): TaskOffer {
  return {
    id: 'task',
    kind: 'train',
    study: hex('11'),
    round: round(5),
    slot: slot(2),
    plan: checked.hash,
    baseModel: hex('0b'),
    opened: instant(1000),
    deadline: instant(1600),
    recordBy: instant(88_000),
    cancelled: new AbortController().signal,
    ...change,
  };
}

const policyOver = (change: Partial<SiteChain> = {}) =>
  createPolicy({ invitation, workerKey, chainLagSeconds: 0 }, chain(change));

describe('a task', () => {
  test('that the chain bears out is approved, with the key that must sign its receipt', async () => {
    await expect(policyOver().checkTask(task())).resolves.toMatchObject({ dataset: hex('0d'), coordinatorKey });
  });

  test.each<[string, string, Partial<TaskOffer>]>([
    ['of a kind that this worker does not know', 'TASK_KIND_UNKNOWN', { kind: 'sign' }],
    ['for another slot', 'WRONG_SLOT', { slot: slot(3) }],
    ["with a plan that is not the study's", 'WRONG_PLAN', { plan: hex('99') }],
    ['over a base model that is not on chain', 'WRONG_BASE', { baseModel: hex('99') }],
    ['of a round that is already recorded', 'ROUND_NOT_OPEN', { round: round(4) }],
    ['of a round that skips one', 'ROUND_NOT_OPEN', { round: round(6) }],
  ])('%s is refused', async (_what, code, change) => {
    await expect(policyOver().checkTask(task(change))).rejects.toMatchObject({ code });
  });

  test.each<[string, string, () => Partial<SiteChain>]>([
    ['the chain knows no such study', 'WRONG_STUDY', () => ({ study: async () => null })],
    ['the study is closed', 'STATE_CONFLICT', () => ({ study: async () => study({ open: false }) })],
    [
      'the study has another coordinator',
      'COORDINATOR_UNTRUSTED',
      () => ({ study: async () => study({ coordinator: at('66') }) }),
    ],
    ['the hospital has no live grant', 'GRANT_MISSING', () => ({ liveGrant: async () => null })],
    [
      'the grant names another plan',
      'WRONG_PLAN',
      () => ({ liveGrant: async () => ({ plan: hex('99'), dataset: hex('0d') }) }),
    ],
    ['the chain lists another worker key', 'KEY_INVALID', () => ({ ownKey: async () => at('77') })],
    ['the member is suspended', 'KEY_INVALID', () => ({ ownKey: async () => null })],
    ['the coordinator is not on chain', 'COORDINATOR_UNTRUSTED', () => ({ coordinatorKey: async () => null })],
  ])('is refused when %s', async (_what, code, change) => {
    await expect(policyOver(change()).checkTask(task())).rejects.toMatchObject({ code });
  });

  test('waits for a node that lags behind the record it builds on', async () => {
    let asked = 0;
    const lagging = async () => study({ lastRound: asked++ === 0 ? 3 : 4 });
    const policy = createPolicy({ invitation, workerKey, chainLagSeconds: 5 }, chain({ study: lagging }));
    await expect(policy.checkTask(task())).resolves.toMatchObject({ plan: checked.hash });
    expect(asked).toBe(2);
  });
});

describe('a plan', () => {
  const approved = () => policyOver().checkTask(task());

  test('that hashes to the one on chain is read', async () => {
    expect((await policyOver().checkPlan(await approved(), checked.bytes)).plan).toEqual(checked.plan);
  });

  test('that does not is refused, though it is a good plan', async () => {
    const other = checkPlan(JSON.stringify({ ...checked.plan, seed: 7 }), 'json');
    await expect(policyOver().checkPlan(await approved(), other.bytes)).rejects.toMatchObject({ code: 'WRONG_PLAN' });
  });

  test('whose quorum is not the one the study was opened with is refused', async () => {
    const study3 = { ...(await approved()), minIncluded: 3 };
    await expect(policyOver().checkPlan(study3, checked.bytes)).rejects.toMatchObject({ code: 'WRONG_PLAN' });
  });
});
