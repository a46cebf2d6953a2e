import { setTimeout as sleep } from 'node:timers/promises';
import { type CheckedHistory, readHistory } from '../audit/history.ts';
import { connectRpc } from '../audit/rpc.ts';
import type { CoordinatorClient } from '../cli/http/CoordinatorClient.ts';
import type { StudyDetail } from '../coordinator/studies/port.ts';
import { SyndicError } from '../core/errors/SyndicError.ts';
import type { StudyId } from '../core/values.ts';
import type { Consortium } from './Consortium.ts';
import { callSyndic } from './callSyndic.ts';

/** How often the coordinator is asked how things stand. */
const LOOK_MILLISECONDS = 200;

/** The operator opens a study with the command; resolves once it stands on chain. */
export async function openStudy(consortium: Consortium, client: CoordinatorClient, planFile: string): Promise<StudyId> {
  const opening = ['open', '--plan', planFile, '--profile', consortium.profile];
  const { study } = await callSyndic<{ study: StudyId }>('study', ...opening);
  while ((await patiently(() => client.show(study))).state === 'opening') await sleep(LOOK_MILLISECONDS);
  return study;
}

/** Every member grants the use of its dataset in the study, each with its own command. */
export async function grantAll(consortium: Consortium, study: StudyId, planFile: string): Promise<void> {
  await Promise.all(consortium.members.map((member) => consortium.grant(member, study, planFile)));
}

export interface Closed {
  readonly detail: StudyDetail;
  /** Seconds by round, from its opening to its record's block, as seen from here. */
  readonly seconds: ReadonlyMap<number, number>;
}

/** Follows a study until it is closed; a coordinator that is away for a while is waited for. */
export async function untilClosed(
  client: CoordinatorClient,
  study: StudyId,
  show: (detail: StudyDetail) => void = () => {},
): Promise<Closed> {
  const seconds = new Map<number, number>();
  const began = new Map<number, number>();
  for (;;) {
    const detail = await patiently(() => client.show(study));
    const now = performance.now();
    for (const { round, state } of detail.attempts) {
      const start = began.get(round) ?? now;
      began.set(round, start);
      if (state === 'anchored' && !seconds.has(round)) seconds.set(round, (now - start) / 1000);
    }
    show(detail);
    if (detail.state === 'closed') return { detail, seconds };
    await sleep(LOOK_MILLISECONDS);
  }
}

const PATIENCE_MILLISECONDS = 120_000;

async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MILLISECONDS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof SyndicError) || !error.retryable || performance.now() > deadline) throw error;
      await sleep(LOOK_MILLISECONDS);
    }
  }
}

/** A study's history, read from the chain and checked. @throws SyndicError NOT_FOUND when the chain has none */
export async function historyOf({ rpcUrl, deployment }: Consortium, study: StudyId): Promise<CheckedHistory> {
  const chain = await connectRpc(rpcUrl);
  try {
    return await readHistory(chain, deployment.ledger, study);
  } finally {
    chain.close();
  }
}
