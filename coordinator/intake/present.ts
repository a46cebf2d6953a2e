import { SyndicError, toSyndicError } from '../../core/errors/SyndicError.ts';
import { loadPlan } from '../../core/plan/loadPlan.ts';
import { sha256 } from '../../core/sha256.ts';
import { decodeReceipt } from '../../core/statements/documents.ts';
import { addressOf } from '../../core/statements/sign.ts';
import type { Domain, UpdateMessage } from '../../core/statements/types.ts';
import { digest, type Slot } from '../../core/values.ts';
import type { ModelStore } from '../models/port.ts';
import { adoptReceipt, endAwaited, knowsReceipt, planOf, type RoundTimes } from './adopt.sql.ts';
import { MOST_BYTES, readHeld } from './held.ts';
import type { IntakeModules } from './intake.ts';
import { memo } from './memo.ts';
import type { HeldReceipt, Intake, Presented } from './port.ts';

interface Options {
  readonly coordinatorKey: string;
  readonly domain: Domain;
}

export type PresentModules = Omit<IntakeModules, 'models'> & {
  readonly models: Pick<ModelStore, 'put' | 'read' | 'size'>;
};

/** Takes back receipts that a coordinator signed and its database lost. What is wrong with one is no matter of the others. */
export function presenting({ coordinatorKey, domain }: Options, modules: PresentModules): Intake['present'] {
  const { db, chain, models, queue, clock, log } = modules;
  const own = { domain, ownKey: addressOf(coordinatorKey), chain };
  const times = memo<RoundTimes>(64);

  async function adopt(slot: Slot, presented: HeldReceipt): Promise<string | null> {
    if (await isKnown(slot, presented)) return null;
    const held = await readHeld(own, slot, presented);
    const { study, round, update } = held.statement;
    const plan = await planOf(db, study);
    if (plan === null || plan !== held.statement.plan) throw wrongStudy(held.statement, plan);
    const planTimes = await times(plan, async () => {
      const hash = digest(plan);
      return loadPlan(await models.read(hash, 0, (await models.size(hash)) ?? 0)).plan;
    });
    for (const bytes of [presented.statement, presented.report, presented.receipt]) {
      if ((await models.size(sha256(bytes))) === null) await models.put([bytes], bytes.byteLength);
    }
    const isMissing = async () => (await models.size(update)) === null;
    const adopted = await adoptReceipt(modules, held, planTimes, isMissing, clock.now());
    if (adopted.fresh) {
      log.warn({ study, round, slot, update }, 'a receipt that the database did not know was presented and adopted');
      await queue.wake(study);
    }
    return adopted.wanted;
  }

  /** What every worker presents on every connection, and the database knows: cheap to answer. */
  async function isKnown(slot: Slot, { receipt }: HeldReceipt): Promise<boolean> {
    if (receipt.byteLength > MOST_BYTES.receipt) return false;
    const { study, round, update } = decodeReceipt(receipt).message;
    const known = await knowsReceipt(db, { study, round, slot }, sha256(receipt));
    return known && (await models.size(update)) !== null;
  }

  return async (slot, held, complete) => {
    const presented: Presented[] = [];
    for (const one of held) {
      try {
        presented.push({ fault: null, wanted: await adopt(slot, one) });
      } catch (thrown) {
        const fault = toSyndicError(thrown);
        // What a retry may mend is no answer yet.
        if (fault.retryable || fault.code === 'INTERNAL') throw thrown;
        log.warn({ slot, code: fault.code }, `a presented receipt does not stand: ${fault.message}`);
        presented.push({ fault, wanted: null });
      }
    }
    if (complete) for (const study of await endAwaited(db, slot)) await queue.wake(digest(study));
    return presented;
  };
}

/** @param known the plan of the study here; null: there is no such study */
function wrongStudy({ study, plan }: UpdateMessage, known: string | null): SyndicError {
  if (known === null) return new SyndicError('WRONG_STUDY', `no study ${study} is known here`, { study });
  return new SyndicError('WRONG_PLAN', `the statement names plan ${plan}; the study's is ${known}`, { study });
}
