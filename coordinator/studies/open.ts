import { SyndicError } from '../../core/errors/SyndicError.ts';
import { loadPlan } from '../../core/plan/loadPlan.ts';
import type { CheckedPlan } from '../../core/plan/Plan.ts';
import { recover } from '../../core/statements/sign.ts';
import { studyId } from '../../core/statements/studyId.ts';
import type { StudyId } from '../../core/values.ts';
import { encodeOpenStudyFor } from '../anchor/calldata.ts';
import type { Context } from './context.ts';
import { type Tx, tell, transition } from './move.sql.ts';
import type { OpenOrder } from './port.ts';
import { findStudy } from './rows.sql.ts';

/**
 * Takes an operator's order to open a study: checks it whole, stores plan and initial model, then puts the relayed
 * order into the outbox. The same order again is the same study.
 *
 * @throws SyndicError PLAN_INVALID, WRONG_PLAN, WRONG_BASE, WRONG_STUDY, SIGNATURE_INVALID, FORBIDDEN, TOO_MANY
 */
export async function openStudy(context: Context, order: OpenOrder): Promise<StudyId> {
  const { chain, models, aggregator, db } = context;
  const checked = loadPlan(order.plan);
  const { salt, operator } = order;
  const id = studyId(chain.chainId, chain.contracts.ledger, operator, checked.hash, salt);
  checkSignature(context, order, checked);
  if ((await findStudy(db, id)) === null) {
    checkTerms(context, order, checked);
    if (!(await chain.roles(operator)).operator) {
      throw new SyndicError('FORBIDDEN', `${operator} is no operator on chain: the consortium's admin grants the role`);
    }
    await checkLimit(context, order);
    await aggregator.initial(checked.plan, order.initialModel);
    await models.put([checked.bytes], checked.bytes.byteLength);
    await insertOrder(context, id, order, checked);
  }
  await context.queue.wake(id);
  return id;
}

function checkSignature(context: Context, order: OpenOrder, { hash }: CheckedPlan): void {
  const { initialModel, coordinator, minIncluded, salt, signature, operator } = order;
  const message = { plan: hash, initialModel, coordinator, minIncluded, salt };
  const signer = recover(context.domain, 'OpenStudy', message, signature);
  if (signer === operator) return;
  throw new SyndicError('SIGNATURE_INVALID', `the order is signed by ${signer}, not by ${operator}, for this chain`, {
    signer,
    operator,
  });
}

function checkTerms({ options }: Context, { coordinator, minIncluded }: OpenOrder, { plan }: CheckedPlan): void {
  if (coordinator !== options.coordinatorAccount) {
    throw new SyndicError(
      'WRONG_STUDY',
      `the order names coordinator ${coordinator}; this one is ${options.coordinatorAccount}: sign for it`,
    );
  }
  if (minIncluded !== plan.quorum) {
    throw new SyndicError(
      'WRONG_PLAN',
      `the order's minIncluded is ${minIncluded}, the plan's quorum ${plan.quorum}: they must be equal`,
    );
  }
}

/** Each study costs this coordinator transactions and space. */
async function checkLimit({ db, options }: Context, { operator }: OpenOrder): Promise<void> {
  const { open } = await db
    .selectFrom('studies')
    .select(({ fn }) => fn.countAll<number>().as('open'))
    .where('operator', '=', operator)
    .where('state', '<>', 'closed')
    .executeTakeFirstOrThrow();
  if (open < options.maxUnfinished) return;
  throw new SyndicError('TOO_MANY', `${operator} has ${open} studies under way: close some first`, { open });
}

async function insertOrder(context: Context, id: StudyId, order: OpenOrder, checked: CheckedPlan): Promise<void> {
  const { operator, initialModel, coordinator, minIncluded, salt, signature } = order;
  const plan = checked.hash;
  await transition(context, 'study.opening', async (tx) => {
    const inserted = await insertStudy(tx, context, id, order, checked);
    if (!inserted) return;
    const data = { plan, initialModel, operator, coordinator, minIncluded };
    await tell(tx, context, { study: id, type: 'study.opening', data });
    const terms = { operator, plan, initialModel, coordinator, minIncluded, salt, signature };
    await context.anchor.enqueue(tx, { study: id, kind: 'open', round: 0, calldata: encodeOpenStudyFor(terms) });
  });
}

/** False when the same order came twice at once. */
async function insertStudy(
  tx: Tx,
  { clock }: Context,
  id: StudyId,
  { operator, initialModel, coordinator, minIncluded, salt }: OpenOrder,
  { plan, hash }: CheckedPlan,
): Promise<boolean> {
  const inserted = await tx
    .insertInto('studies')
    .values({
      id,
      plan: hash,
      name: plan.name,
      initial_model: initialModel,
      model: initialModel,
      operator,
      coordinator,
      min_included: minIncluded,
      salt,
      state: 'opening',
      abort_reason: null,
      start_ordered_by: null,
      outcome: null,
      opened_at: clock.now(),
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return inserted.numInsertedOrUpdatedRows === 1n;
}
