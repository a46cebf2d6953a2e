import type { Slot, StudyId } from '../../core/values.ts';
import type { Context } from './context.ts';

/** Whether a member's work may count now. good: it may. */
export type Standing = 'good' | 'grantEnded' | 'suspended';

export async function standing({ chain, clock }: Context, study: StudyId, slot: Slot): Promise<Standing> {
  const [member, grant] = await Promise.all([chain.member(slot), chain.grant(study, slot)]);
  if (member === null || !member.active) return 'suspended';
  const live = grant !== null && grant.revokedAt === null && clock.now() < grant.until;
  return live ? 'good' : 'grantEnded';
}
