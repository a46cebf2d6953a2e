import { setTimeout as sleep } from 'node:timers/promises';
import { fromGrpcError } from '../../proto/errors.ts';
import type { PresentResponse__Output } from '../../proto/generated/syndic/v1/PresentResponse.ts';
import { soon, unary } from './calls.ts';
import type { Line } from './Line.ts';
import type { Lines } from './Lines.ts';
import type { SessionLog } from './modules.ts';
import type { HeldReceipt, Session } from './port.ts';

/** Receipts that one call carries at most, and bytes after which it carries no more. */
const MOST_RECEIPTS = 16;
const MOST_BYTES = 1024 * 1024;
const AGAIN = { least: 5000, most: 60_000 } as const;

export interface PresentModules {
  readonly lines: Lines;
  readonly held: () => Promise<HeldReceipt[]>;
  readonly send: Session['upload'];
  readonly log: SessionLog;
}

/**
 * Tells the coordinator, once on each new line, which of its receipts this site holds: one that lost its database
 * learns from it what it promised. Runs on its own time; what fails is tried again while the line lasts.
 */
export async function present(line: Line, signal: AbortSignal, modules: PresentModules): Promise<void> {
  for (let wait: number = AGAIN.least; !signal.aborted; wait = Math.min(2 * wait, AGAIN.most)) {
    try {
      return await presentAll(line, signal, modules);
    } catch (thrown) {
      const error = fromGrpcError(thrown);
      // A coordinator of an earlier version asks for no receipts.
      if (signal.aborted || error.code === 'VERSION_UNSUPPORTED') return;
      modules.log.warn({ code: error.code }, `presenting receipts failed, and is tried again: ${error.message}`);
      await sleep(wait, undefined, { signal, ref: false }).catch(() => undefined);
      if (modules.lines.current !== line) return;
    }
  }
}

/** @throws the last of what went wrong with an update that was to be sent again, once everything else is done */
async function presentAll(line: Line, signal: AbortSignal, modules: PresentModules): Promise<void> {
  const failures: unknown[] = [];
  const batches = inBatches(await modules.held());
  for (const [i, batch] of batches.entries()) {
    const request = { held: batch.map(messageOf), complete: i === batches.length - 1 };
    const { presented } = await unary<PresentResponse__Output>(
      (callback) => line.transfer.present(request, line.metadata, soon(), callback),
      signal,
    );
    for (const [j, { code, message, upload: task }] of presented.entries()) {
      const receipt = batch[j];
      if (receipt === undefined) continue;
      if (code !== '') modules.log.warn({ code }, `the coordinator does not stand by a receipt: ${message}; keep it`);
      else if (task !== '') await sendAgain(task, receipt, signal, modules).catch((thrown) => failures.push(thrown));
    }
  }
  if (failures.length > 0) throw failures.at(-1);
}

/**
 * The coordinator lost the update's bytes along with its database. Its round waits for them: should this fail, the
 * receipt is presented again, and the answer tells whether they are still wanted.
 */
async function sendAgain(
  task: string,
  receipt: HeldReceipt,
  signal: AbortSignal,
  { send, log }: PresentModules,
): Promise<void> {
  const { update } = receipt;
  const given = await send({ ...receipt, task }, signal);
  const same = Buffer.compare(given, receipt.receipt) === 0;
  if (same) log.info({ update }, 'update sent again');
  else log.warn({ update }, 'update sent again, and the receipt is another one now: keep both');
}

function messageOf({ statement, report, receipt }: HeldReceipt) {
  return { statement: Buffer.from(statement), report: Buffer.from(report), receipt: Buffer.from(receipt) };
}

/** At least one, which may be empty: that a site holds nothing is news as well. */
function inBatches(held: readonly HeldReceipt[]): HeldReceipt[][] {
  let batch: HeldReceipt[] = [];
  let bytes = 0;
  const batches = [batch];
  for (const receipt of held) {
    if (batch.length === MOST_RECEIPTS || bytes > MOST_BYTES) {
      batch = [];
      bytes = 0;
      batches.push(batch);
    }
    batch.push(receipt);
    bytes += receipt.statement.byteLength + receipt.report.byteLength + receipt.receipt.byteLength;
  }
  return batches;
}
