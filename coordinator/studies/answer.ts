import { SyndicError, toSyndicError } from '../../core/errors/SyndicError.ts';
import { disputeName } from '../../core/statements/disputeReasons.ts';
import { domain } from '../../core/statements/types.ts';
import { recoverVerdict } from '../../core/statements/verdict.ts';
import { round as roundNumber } from '../../core/values.ts';
import { encodeAttestFor, encodeDisputeFor } from '../anchor/calldata.ts';
import type { OutboxMessage, OutboxStatus, VerdictKind } from '../anchor/port.ts';
import type { Context } from './context.ts';
import { tell, transition } from './move.sql.ts';
import type { MemberVerdict, Relayed } from './port.ts';
import { requireStudy } from './rows.sql.ts';

/**
 * Puts a member's verdict of an anchored round into the outbox. No round and no study waits for it.
 *
 * @throws SyndicError SIGNATURE_INVALID, NOT_FOUND, FORBIDDEN, WRONG_RECORD, VERDICT_CONFLICT
 */
export async function answer(context: Context, verdict: MemberVerdict): Promise<Relayed> {
  checkSigner(context, verdict);
  if (!(await isFinal(context, verdict))) return { state: 'waiting', error: null };
  const message = messageOf(verdict);
  const before = await statusOf(context, verdict, message.kind);
  await checkOther(context, verdict);
  await transition(context, 'verdict.taken', async (tx) => {
    if (before === null) await tell(tx, context, factOf(verdict));
    await enqueued(context.anchor.enqueue(tx, message));
  });
  return relayed(before);
}

function checkSigner({ anchor, chain }: Context, { key, signature, ...verdict }: MemberVerdict): void {
  const signer = recoverVerdict(domain(chain.chainId, anchor.verdicts), verdict, signature);
  if (signer === key) return;
  throw new SyndicError(
    'SIGNATURE_INVALID',
    `the verdict is signed by ${signer}; the session is of ${key}: sign it with that key, in the domain of ${anchor.verdicts}`,
    { got: signer, want: key },
  );
}

/** Whether a record of the round is final here: the one that the verdict is of, by somebody who has a say in it. */
async function isFinal({ db, chain }: Context, verdict: MemberVerdict): Promise<boolean> {
  const { study, round, slot, recordHash } = verdict;
  await requireStudy(db, study);
  if ((await chain.grant(study, slot)) === null) {
    throw new SyndicError('FORBIDDEN', `slot ${slot} never joined study ${study}: it has no say in it`, {
      slot,
      study,
    });
  }
  const record = (await chain.rounds(study, round)).find((one) => one.round === round);
  if (record === undefined) return false;
  if (record.recordHash === recordHash) return true;
  throw new SyndicError(
    'WRONG_RECORD',
    `the verdict is of record ${recordHash}; on chain stands ${record.recordHash}`,
    {
      got: recordHash,
      want: record.recordHash,
    },
  );
}

/** A dispute that is final may have been closed since, after which its member may attest: the chain judges that. */
async function checkOther(context: Context, verdict: MemberVerdict): Promise<void> {
  const other = kindOf(verdict) === 'attest' ? 'dispute' : 'attest';
  const status = await statusOf(context, verdict, other);
  if (status === null || status.state === 'refused') return;
  if (other === 'dispute' && status.state === 'final') return;
  throw conflict(
    `slot ${verdict.slot} gave another verdict of round ${verdict.round} before, which is ${status.state}`,
  );
}

/** What the outbox says of another message under this name is another verdict. */
async function enqueued(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (thrown) {
    const { code, message } = toSyndicError(thrown);
    throw code === 'STATE_CONFLICT' ? conflict(message) : thrown;
  }
}

function conflict(message: string): SyndicError {
  return new SyndicError('VERDICT_CONFLICT', `${message}: the first counts`);
}

function statusOf({ anchor }: Context, { study, round, slot }: MemberVerdict, kind: VerdictKind) {
  return anchor.status(study, kind, roundNumber(round), slot);
}

function kindOf({ reason }: MemberVerdict): VerdictKind {
  return reason === 0 ? 'attest' : 'dispute';
}

function messageOf(verdict: MemberVerdict): OutboxMessage & { readonly kind: VerdictKind } {
  const { study, round, slot, signature } = verdict;
  const kind = kindOf(verdict);
  const encode = kind === 'attest' ? encodeAttestFor : encodeDisputeFor;
  return { study, kind, round: roundNumber(round), slot, calldata: encode(verdict, signature) };
}

function factOf(verdict: MemberVerdict) {
  const { study, round, slot, reason, recordHash } = verdict;
  if (reason === 0) return { study, round, slot, type: 'round.attested', data: { recordHash } };
  return { study, round, slot, type: 'round.disputed', data: { recordHash, reason, name: disputeName(reason) } };
}

function relayed(before: OutboxStatus | null): Relayed {
  if (before?.state === 'final') return { state: 'final', error: null };
  if (before?.state !== 'refused') return { state: 'taken', error: null };
  const { name, args } = before.error ?? { name: 'Unknown', args: [] };
  return { state: 'refused', error: `${name}(${args.join(', ')})` };
}
