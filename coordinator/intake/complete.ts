import { inTurn } from '../../core/inTurn.ts';
import { encodeReport } from '../../core/manifest/Report.ts';
import { encodeStatement } from '../../core/statements/documents.ts';
import type { Domain } from '../../core/statements/types.ts';
import type { Digest } from '../../core/values.ts';
import { transact } from '../db/transact.ts';
import type { Partial } from '../models/port.ts';
import { taskIsOver } from '../studies/tasks.ts';
import { acceptUpdate } from './accept.sql.ts';
import { endAwaitedBytes } from './endAwaitedBytes.sql.ts';
import type { Claim } from './facts.ts';
import type { IntakeModules } from './intake.ts';
import { makeReceipt } from './receipts.ts';
import { isFinal } from './upload.ts';
import { moveUpload, updateIsUsed } from './uploads.sql.ts';

interface Options {
  readonly coordinatorKey: string;
  readonly domain: Domain;
}

/**
 * The end of an upload: file, statement and report durable, then round and task checked under a lock, receipt signed
 * and stored, task accepted.
 *
 * @param partial whose bytes are all there; null when an earlier process stored them
 * @returns the receipt document
 */
export type Complete = (claim: Claim, partial: Partial | null) => Promise<Uint8Array>;

/** The end of an upload whose receipt was adopted: the bytes are here again, and the receipt is the one there is. */
export function restorer(modules: IntakeModules): Complete {
  const { models, queue } = modules;
  return async ({ task, statement }, partial) => {
    const { update } = statement.message;
    const { accepted } = task;
    if (accepted === null) throw new RangeError(`task ${task.id} has no receipt to give again`);
    if (partial !== null) await partial.commit(update);
    await transact(modules, (tx) => endAwaitedBytes(tx, task, update));
    await queue.wake(task.study);
    return models.read(accepted.receipt, 0, (await models.size(accepted.receipt)) ?? 0);
  };
}

export function completer({ coordinatorKey, domain }: Options, modules: IntakeModules): Complete {
  const { db, models, clock, log, crash = () => undefined } = modules;
  const turn = inTurn();

  async function put(bytes: Uint8Array): Promise<Digest> {
    return (await models.put([bytes], bytes.byteLength)).digest;
  }

  async function store({ task, statement, report }: Claim): Promise<void> {
    await Promise.all([put(encodeStatement(statement)), put(encodeReport(report))]);
    const change = { from: 'receiving', event: 'stored', now: clock.now() } as const;
    await moveUpload(modules, task.id, statement.message.update, change);
    crash('upload.stored');
  }

  async function accept(claim: Claim): Promise<Uint8Array> {
    const receipt = await acceptUpdate(modules, claim, clock.now(), (recordBy) =>
      put(makeReceipt(coordinatorKey, domain, claim, recordBy)),
    );
    crash('upload.accepted');
    const { study, id, slot, round } = claim.task;
    log.info({ study, round, slot, task: id, update: claim.statement.message.update }, 'update accepted');
    return models.read(receipt, 0, (await models.size(receipt)) ?? 0);
  }

  /** A member's update that counts for nothing is not kept. */
  async function forget(update: Digest): Promise<void> {
    if (!(await updateIsUsed(db, update))) await models.delete(update);
  }

  return async (claim, partial) => {
    const { update } = claim.statement.message;
    // One at a time for one file, so that what one member's refusal deletes is not what another is just promised.
    const receipt = await turn(update, async () => {
      if (partial !== null) await partial.commit(update);
      crash('upload.committed');
      try {
        await store(claim);
        return await accept(claim);
      } catch (error) {
        if (isFinal(error)) await forget(update);
        throw error;
      }
    });
    await taskIsOver(modules, claim.task);
    return receipt;
  };
}
