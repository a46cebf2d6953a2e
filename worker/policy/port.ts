import type { CheckedPlan } from '../../core/plan/Plan.ts';
import type { Address, Digest, Slot, StudyId } from '../../core/values.ts';
import type { TaskOffer } from '../session/port.ts';

/** What this hospital allows, and what the chain says, read over the worker's own RPC. */
export interface Policy {
  /** @throws SyndicError CHAIN_MISMATCH when the RPC serves another chain than the invitation names. */
  checkChain(): Promise<void>;
  /**
   * The key with which the coordinator's account acts now.
   * @throws SyndicError COORDINATOR_UNTRUSTED when the chain does not list it
   */
  coordinatorKey(): Promise<Address>;
  /**
   * Everything about a task that can be checked before anything is fetched or trained: kind, slot, study open and
   * coordinated by the invitation's coordinator, own grant live, plan hash and base model as the chain has them.
   * @throws SyndicError TASK_KIND_UNKNOWN, WRONG_SLOT, WRONG_STUDY, WRONG_PLAN, WRONG_BASE, GRANT_MISSING, …
   */
  checkTask(task: TaskOffer): Promise<ApprovedTask>;
  /** The plan's bytes against the study's plan on chain and against this hospital's own rules. */
  checkPlan(study: ApprovedTask, bytes: Uint8Array): Promise<CheckedPlan>;
}

export interface ApprovedTask {
  readonly study: StudyId;
  readonly slot: Slot;
  readonly plan: Digest;
  readonly minIncluded: number;
  /** The dataset that the grant names. */
  readonly dataset: Digest;
  /** The coordinator's current key, which must sign the receipt. */
  readonly coordinatorKey: Address;
}
