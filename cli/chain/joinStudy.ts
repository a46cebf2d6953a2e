import type { JsonRpcProvider, Signer } from 'ethers';
import { dataUseAbi, ledgerAbi } from '../../coordinator/chain/abi.ts';
import { decodeGrant, decodeStudy } from '../../coordinator/chain/decode.ts';
import type { ChainGrant, ChainStudy } from '../../coordinator/chain/port.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Address, Digest, Instant, Slot, StudyId } from '../../core/values.ts';
import type { Deployment } from './chainFile.ts';
import { type Consent, grant } from './consent.ts';
import { slotOf } from './consortium.ts';
import { read } from './read.ts';

/** A study as the chain has it. @throws SyndicError NOT_FOUND */
export async function studyOnChain(provider: JsonRpcProvider, ledger: Address, id: StudyId): Promise<ChainStudy> {
  const study = decodeStudy(id, (await read(provider, { abi: ledgerAbi, address: ledger }, 'study', [id]))[0]);
  if (study !== null) return study;
  throw new SyndicError('NOT_FOUND', `the ledger knows no study ${id}: check the id`, { study: id });
}

/** @throws SyndicError WRONG_PLAN when the plan read is not the one that the study was opened with */
export function checkPlanOfStudy(study: ChainStudy, plan: Digest): void {
  if (study.plan === plan) return;
  throw new SyndicError(
    'WRONG_PLAN',
    `the plan hashes to ${plan}, and study ${study.id} was opened with ${study.plan}: ask the operator for that plan`,
    { expected: study.plan, got: plan },
  );
}

/**
 * The slot that an account acts for.
 *
 * @param invited slot of the invitation; null when none is at hand
 * @throws SyndicError FORBIDDEN for an account that is no member's, WRONG_SLOT when it is another's
 */
export async function ownSlot(
  provider: JsonRpcProvider,
  { consortium }: Deployment,
  account: Address,
  invited: Slot | null,
): Promise<Slot> {
  const slot = await slotOf(provider, consortium, account);
  if (slot === null) {
    throw new SyndicError(
      'FORBIDDEN',
      `account ${account} is no member's: use the keystore of the account that was admitted`,
      {
        account,
      },
    );
  }
  if (invited === null || invited === slot) return slot;
  throw new SyndicError(
    'WRONG_SLOT',
    `account ${account} has slot ${slot}, and the invitation is for slot ${invited}`,
    {
      slot,
      invited,
    },
  );
}

/**
 * Grants, unless a live grant says the same already; that one's end stays as it is then.
 *
 * @returns when the grant ends, and the transaction that gave it (null when it was there)
 */
export async function joinStudy(
  provider: JsonRpcProvider,
  account: Signer,
  dataUse: Address,
  consent: Consent,
): Promise<{ until: Instant; transaction: Digest | null }> {
  const live = await liveGrant(provider, dataUse, consent);
  if (live !== null && live.plan === consent.plan && live.dataset === consent.dataset) {
    return { until: live.until, transaction: null };
  }
  const { transactionHash } = await grant(provider, account, dataUse, consent);
  return { until: consent.until, transaction: transactionHash };
}

async function liveGrant(
  provider: JsonRpcProvider,
  dataUse: Address,
  { study, slot }: { readonly study: StudyId; readonly slot: Slot },
): Promise<ChainGrant | null> {
  const contract = { abi: dataUseAbi, address: dataUse };
  if (!(await read(provider, contract, 'isLive', [study, slot]))[0]) return null;
  return decodeGrant((await read(provider, contract, 'latestGrant', [study, slot]))[0]);
}
