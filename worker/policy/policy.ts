import { setTimeout as sleep } from 'node:timers/promises';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Invitation } from '../../core/invitation/Invitation.ts';
import { loadPlan } from '../../core/plan/loadPlan.ts';
import type { CheckedPlan } from '../../core/plan/Plan.ts';
import { sha256 } from '../../core/sha256.ts';
import type { Address } from '../../core/values.ts';
import type { TaskOffer } from '../session/port.ts';
import type { SiteChain, SiteStudy } from './ethereum.ts';
import type { ApprovedTask, Policy } from './port.ts';

/** Task kinds that this worker knows. */
export const TASK_KINDS: readonly string[] = ['train'];

export interface PolicyOptions {
  readonly invitation: Invitation;
  readonly workerKey: Address;
  /** Seconds to wait for a node that has not yet seen the record that a task builds on. */
  readonly chainLagSeconds: number;
}

/** Consent is the grant on chain, which names the plan; everything a task claims is held against it. */
export function createPolicy(options: PolicyOptions, chain: SiteChain): Policy {
  const { invitation } = options;

  async function coordinatorKey(): Promise<Address> {
    const key = await chain.coordinatorKey(invitation.coordinator);
    if (key !== null) return key;
    throw new SyndicError(
      'COORDINATOR_UNTRUSTED',
      `the chain lists no coordinator ${invitation.coordinator} with a key: ask the operator`,
      { coordinator: invitation.coordinator },
    );
  }

  /** A node may lag behind the coordinator's by some blocks; one that is ahead never gets better. */
  async function studyAtRound(task: TaskOffer): Promise<SiteStudy> {
    for (let waited = 0; ; waited += 1) {
      const study = await chain.study(task.study);
      const behind = study === null || study.lastRound + 1 < task.round;
      if (study !== null && !behind) return study;
      if (waited >= options.chainLagSeconds) {
        throw study === null
          ? new SyndicError('WRONG_STUDY', `the chain knows no study ${task.study}`, { study: task.study })
          : new SyndicError(
              'ROUND_NOT_OPEN',
              `round ${task.round} is offered, but the chain's last record is ${study.lastRound}`,
              {
                round: task.round,
                lastRound: study.lastRound,
              },
            );
      }
      await sleep(1000);
    }
  }

  return {
    checkChain: () => chain.checkNetwork(),
    coordinatorKey,
    async checkTask(task) {
      checkForm(task, invitation);
      const study = await studyAtRound(task);
      const [key, own, grant] = await Promise.all([coordinatorKey(), chain.ownKey(), chain.liveGrant(task.study)]);
      checkOwnKey(own, options);
      checkStudy(task, study, invitation);
      if (grant === null) {
        throw new SyndicError(
          'GRANT_MISSING',
          `this hospital has no live grant for study ${task.study}: see syndic member grant`,
          {
            study: task.study,
          },
        );
      }
      if (grant.plan !== study.plan) throw wrongPlan(grant.plan, study.plan);
      const { slot, plan } = task;
      return {
        study: task.study,
        slot,
        plan,
        minIncluded: study.minIncluded,
        dataset: grant.dataset,
        coordinatorKey: key,
      };
    },
    async checkPlan(approved, bytes) {
      const got = sha256(bytes);
      if (got !== approved.plan) throw wrongPlan(got, approved.plan);
      const checked = loadPlan(bytes);
      checkQuorum(checked, approved);
      return checked;
    },
  };
}

function checkForm(task: TaskOffer, invitation: Invitation): void {
  if (!TASK_KINDS.includes(task.kind)) {
    throw new SyndicError(
      'TASK_KIND_UNKNOWN',
      `this worker knows no task of kind ${JSON.stringify(task.kind)}: update it`,
      {
        kind: task.kind,
        known: TASK_KINDS,
      },
    );
  }
  if (task.slot !== invitation.slot) {
    throw new SyndicError('WRONG_SLOT', `the task is for slot ${task.slot}; this worker is slot ${invitation.slot}`, {
      got: task.slot,
      want: invitation.slot,
    });
  }
}

function checkOwnKey(listed: Address | null, options: PolicyOptions): void {
  if (listed !== options.workerKey) {
    throw new SyndicError(
      'KEY_INVALID',
      `the chain lists ${listed ?? 'no key'} for slot ${options.invitation.slot}; this worker holds ${options.workerKey}: ` +
        'list it with syndic member key',
      { listed, own: options.workerKey },
    );
  }
}

function checkStudy(task: TaskOffer, study: SiteStudy, invitation: Invitation): void {
  if (study.coordinator !== invitation.coordinator) {
    throw new SyndicError(
      'COORDINATOR_UNTRUSTED',
      `study ${task.study} is coordinated by ${study.coordinator}, not by the invitation's ${invitation.coordinator}`,
      {
        got: study.coordinator,
        want: invitation.coordinator,
      },
    );
  }
  if (!study.open)
    throw new SyndicError('STATE_CONFLICT', `study ${task.study} is closed on chain`, { study: task.study });
  if (study.plan !== task.plan) throw wrongPlan(task.plan, study.plan);
  if (study.lastRound + 1 !== task.round) {
    throw new SyndicError(
      'ROUND_NOT_OPEN',
      `round ${task.round} is offered, but the chain's last record is ${study.lastRound}`,
      {
        round: task.round,
        lastRound: study.lastRound,
      },
    );
  }
  if (study.model !== task.baseModel) {
    throw new SyndicError('WRONG_BASE', `the task's base model is ${task.baseModel}; the chain's is ${study.model}`, {
      got: task.baseModel,
      want: study.model,
    });
  }
}

function checkQuorum({ plan }: CheckedPlan, approved: ApprovedTask): void {
  if (plan.quorum === approved.minIncluded) return;
  throw new SyndicError(
    'WRONG_PLAN',
    `the study was opened with a quorum of ${approved.minIncluded}; its plan says ${plan.quorum}`,
    { onChain: approved.minIncluded, inPlan: plan.quorum },
  );
}

function wrongPlan(got: string, want: string): SyndicError {
  return new SyndicError('WRONG_PLAN', `the plan offered is ${got}; the study's plan on chain is ${want}`, {
    got,
    want,
  });
}
