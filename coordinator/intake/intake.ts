import { SyndicError, toSyndicError } from '../../core/errors/SyndicError.ts';
import { inTurn } from '../../core/inTurn.ts';
import { sha256 } from '../../core/sha256.ts';
import { domain as makeDomain } from '../../core/statements/types.ts';
import type { Address, Digest, Slot } from '../../core/values.ts';
import { noTraces } from '../../telemetry/noTraces.ts';
import type { Traces } from '../../telemetry/port.ts';
import type { ChainView } from '../chain/port.ts';
import type { Database } from '../db/connect.ts';
import type { ModelStore } from '../models/port.ts';
import type { Clock, Crash, Log } from '../modules.ts';
import type { Queue } from '../queue/port.ts';
import { conflictMessage } from './accept.sql.ts';
import { chainChecks } from './chainChecks.ts';
import { type Check, claimChecks } from './claimChecks.ts';
import { completer, restorer } from './complete.ts';
import { checkLength, type ExpectedFile, expectedFile } from './ExpectedFile.ts';
import { type Claim, evidenceReader, readClaim } from './facts.ts';
import { memo } from './memo.ts';
import type { Intake, UploadBegin } from './port.ts';
import { presenting } from './present.ts';
import { receiving } from './receiving.ts';
import { recordRefusal } from './refusals.sql.ts';
import { findTask, type TaskFacts } from './tasks.sql.ts';
import { type ActiveUpload, acceptedUpload, isFinal } from './upload.ts';
import { dropUpload, uploadState } from './uploads.sql.ts';

export interface IntakeOptions {
  /** The coordinator's current private key, 0x-hex: signs receipts. */
  readonly coordinatorKey: string;
  readonly domain: { readonly chainId: number; readonly ledger: Address };
}

export interface IntakeModules {
  readonly db: Database;
  readonly chain: ChainView;
  readonly models: ModelStore;
  readonly queue: Pick<Queue, 'wake'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly crash?: Crash;
  readonly traces?: Traces;
}

const MAX_STATEMENT = 64 * 1024;
const MAX_REPORT = 1024 * 1024;

/**
 * Takes updates in. What is refused leaves nothing behind but an event; what is accepted is durable before the receipt
 * is signed, and the receipt before it is sent. Killed anywhere, an upload goes on or begins again.
 */
export function createIntake(options: IntakeOptions, modules: IntakeModules): Intake {
  const { db, chain, models, clock, log, traces = noTraces } = modules;
  const domain = makeDomain(options.domain.chainId, options.domain.ledger);
  const readEvidence = evidenceReader({ chain, models });
  const expected = memo<ExpectedFile>(64);
  const active = new Map<string, ActiveUpload>();
  const turn = inTurn();
  const complete = completer({ coordinatorKey: options.coordinatorKey, domain }, modules);
  const restore = restorer(modules);
  const openReceiver = receiving(modules);

  async function refused(slot: Slot, task: TaskFacts | null, error: unknown): Promise<void> {
    const known = toSyndicError(error);
    if (!isFinal(known)) return;
    log.warn({ slot, task: task?.id, code: known.code }, 'update refused');
    if (task !== null) traces.past('refuse', task, Date.now(), known.code);
    await recordRefusal(db, { at: clock.now(), slot, task, error: known }).catch((cause: unknown) => {
      // The refusal itself stands; that it is not on record must not change what the member is told.
      log.error({ slot, task: task?.id, error: String(cause) }, 'refusal could not be put on record');
    });
  }

  async function check(claim: Claim, length: number): Promise<ExpectedFile> {
    hold(claimChecks, claim);
    hold(chainChecks, await readEvidence(claim));
    return expect(claim, length);
  }

  async function expect(claim: Claim, length: number): Promise<ExpectedFile> {
    const { baseModel } = claim.task;
    const want = await expected(baseModel, () => expectedFile(models, baseModel));
    checkLength(want, length);
    return want;
  }

  /** Bytes of an update whose receipt was adopted, and whose file was lost. */
  async function isMissing({ accepted, roundState }: TaskFacts): Promise<boolean> {
    const wanted = accepted !== null && (roundState === 'open' || roundState === 'collecting');
    return wanted && (await models.size(accepted.update)) === null;
  }

  async function receive(
    slot: Slot,
    task: TaskFacts,
    claim: Claim,
    upload: UploadBegin,
    { want, end }: { want: ExpectedFile; end: typeof complete },
  ): Promise<ActiveUpload> {
    const began = Date.now();
    await active.get(task.id)?.supersede();
    const { update } = claim.statement.message;
    const begun = await openReceiver(claim, want, upload.offset, {
      complete: (partial) => {
        traces.past('receive', task, began);
        return traces.span('receipt', task, () => end(claim, partial));
      },
      failed: async (error, final) => {
        await refused(slot, task, error);
        if (final) await dropUpload(db, task.id, update);
      },
      released: () => active.delete(task.id),
    });
    active.set(task.id, begun);
    return begun;
  }

  async function readDocument(digest: Digest): Promise<Uint8Array> {
    return models.read(digest, 0, (await models.size(digest)) ?? 0);
  }

  return {
    present: presenting({ coordinatorKey: options.coordinatorKey, domain }, modules),

    async state(slot, id, update) {
      const task = await taskOf(db, slot, id);
      const done = task.accepted?.update === update && !(await isMissing(task));
      const receipt = done && task.accepted !== null ? await readDocument(task.accepted.receipt) : null;
      if (receipt !== null) return { received: (await models.size(update)) ?? 0, receipt };
      return { received: await turn(id, () => receivedBytes(task, update)), receipt: null };
    },

    async begin(slot, upload) {
      let task: TaskFacts | null = null;
      try {
        const found = await taskOf(db, slot, upload.task);
        task = found;
        checkSizes(upload);
        const claim = readClaim(found, upload, clock.now(), domain);
        const { accepted } = found;
        if (accepted === null) {
          return await turn(found.id, async () => {
            const want = await check(claim, upload.length);
            return receive(slot, found, claim, upload, { want, end: complete });
          });
        }
        if (accepted.statement !== sha256(upload.statement)) {
          throw new SyndicError('UPDATE_CONFLICT', conflictMessage(found.round), { accepted: accepted.update });
        }
        if (await isMissing(found)) {
          return await turn(found.id, async () => {
            const want = await expect(claim, upload.length);
            return receive(slot, found, claim, upload, { want, end: restore });
          });
        }
        return acceptedUpload(upload.length, () => readDocument(accepted.receipt));
      } catch (error) {
        await refused(slot, task, error);
        throw error;
      }
    },
  };

  async function receivedBytes(task: TaskFacts, update: Digest): Promise<number> {
    const state = await uploadState(db, task.id, update);
    if (state === null) return 0;
    return active.get(task.id)?.received ?? openReceiver.held(task.id, update, state);
  }
}

function hold<T>(checks: readonly Check<T>[], subject: T): void {
  for (const { code, fault } of checks) {
    const message = fault(subject);
    if (message !== null) throw new SyndicError(code, message);
  }
}

async function taskOf(db: Database, slot: Slot, id: string): Promise<TaskFacts> {
  const task = await findTask(db, id);
  // Another member's task is as unknown as none: ids tell nothing.
  if (task === null || task.slot !== slot) {
    throw new SyndicError('TASK_UNKNOWN', `slot ${slot} has no such task: ask for the tasks that are open`);
  }
  return task;
}

function checkSizes(upload: UploadBegin): void {
  for (const [what, bytes, limit] of [
    ['statement', upload.statement, MAX_STATEMENT],
    ['report', upload.report, MAX_REPORT],
  ] as const) {
    if (bytes.byteLength > limit) {
      throw new SyndicError('TOO_LARGE', `${what} is ${bytes.byteLength} bytes; at most ${limit} are read`, { limit });
    }
  }
}
