import { createHash } from 'node:crypto';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Digest } from '../../core/values.ts';
import type { Database } from '../db/connect.ts';
import type { UploadState } from '../db/schema.ts';
import type { ModelStore, Partial } from '../models/port.ts';
import type { Clock, Crash } from '../modules.ts';
import type { ExpectedFile } from './ExpectedFile.ts';
import type { Claim } from './facts.ts';
import { UpdateChecker } from './UpdateChecker.ts';
import { type ActiveUpload, outOfOrder, receiveUpload, storedBytes } from './upload.ts';
import { beginUpload, moveUpload, touchUpload } from './uploads.sql.ts';

export interface ReceivingHooks {
  /** With the partial to commit; null when the update's file is stored already. */
  readonly complete: (partial: Partial | null) => Promise<Uint8Array>;
  readonly failed: (error: unknown, final: boolean) => Promise<void>;
  readonly released: () => void;
}

/** Opens uploads where they stopped, whatever stopped them. */
export interface Receiving {
  /** @throws SyndicError CHUNK_OUT_OF_ORDER when `offset` is not what is held */
  (claim: Claim, expected: ExpectedFile, offset: number, hooks: ReceivingHooks): Promise<ActiveUpload>;
  /** Bytes held of an upload that nobody sends just now. */
  held(task: string, update: Digest, state: UploadState): Promise<number>;
}

interface ReceivingModules {
  readonly db: Database;
  readonly models: ModelStore;
  readonly clock: Clock;
  readonly crash?: Crash;
}

export function receiving({ db, models, clock, crash }: ReceivingModules): Receiving {
  async function open(claim: Claim, expected: ExpectedFile, offset: number, hooks: ReceivingHooks) {
    const { task, statementDigest, reportDigest } = claim;
    const { update } = claim.statement.message;
    const partial = partialName(task.id, update);
    const row = { task: task.id, update, partial, length: expected.length };
    const { state, dropped } = await beginUpload(
      db,
      { ...row, statement: statementDigest, report: reportDigest },
      clock.now(),
    );
    for (const name of dropped) await (await models.partial(name)).discard();
    if (state === 'stored' && (await models.size(update)) === expected.length) {
      if (offset !== expected.length) throw outOfOrder(offset, expected.length);
      return receiveStored(expected, hooks);
    }
    if (state === 'stored') {
      await moveUpload({ db, crash }, task.id, update, { from: 'stored', event: 'lost', now: clock.now() });
    }
    return receiveFrom(await models.partial(partial), claim, expected, offset, hooks);
  }

  function receiveStored(expected: ExpectedFile, hooks: ReceivingHooks): ActiveUpload {
    return receiveUpload({
      length: expected.length,
      receiver: storedBytes(expected.length),
      checker: new UpdateChecker(expected),
      complete: () => hooks.complete(null),
      failed: hooks.failed,
      released: async () => hooks.released(),
    });
  }

  async function receiveFrom(
    partial: Partial,
    { task, statement }: Claim,
    expected: ExpectedFile,
    offset: number,
    hooks: ReceivingHooks,
  ): Promise<ActiveUpload> {
    try {
      const checker = await checkAgain(partial, expected);
      if (checker === null) {
        await partial.discard();
        throw outOfOrder(offset, 0);
      }
      if (offset !== partial.received) throw outOfOrder(offset, partial.received);
      return receiveUpload({
        length: expected.length,
        receiver: partial,
        checker,
        complete: () => hooks.complete(partial),
        failed: hooks.failed,
        released: async () => {
          hooks.released();
          await touchUpload(db, task.id, statement.message.update, clock.now());
        },
      });
    } catch (error) {
      await partial.close();
      throw error;
    }
  }

  async function held(task: string, update: Digest, state: UploadState): Promise<number> {
    if (state !== 'receiving') return (await models.size(update)) ?? 0;
    const partial = await models.partial(partialName(task, update));
    try {
      return partial.received;
    } finally {
      await partial.close();
    }
  }

  return Object.assign(open, { held });
}

/** Bytes of an earlier process pass the same checks again; null when they do not, as after a power cut. */
async function checkAgain(partial: Partial, expected: ExpectedFile): Promise<UpdateChecker | null> {
  const checker = new UpdateChecker(expected);
  if (partial.received > expected.length) return null;
  try {
    for await (const chunk of partial.contents()) checker.push(chunk);
    return checker;
  } catch (error) {
    // Every byte was checked before it was written: what fails now was damaged here, and is no fault of the member's.
    if (error instanceof SyndicError) return null;
    throw error;
  }
}

function partialName(task: string, update: Digest): string {
  return `upload-${createHash('sha256').update(`${task}/${update}`).digest('hex')}`;
}
