import { aggregate } from '../../core/aggregate/aggregate.ts';
import { strategies } from '../../core/aggregate/strategies.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Manifest } from '../../core/manifest/Manifest.ts';
import { initialDigest } from '../../core/model/initialModel.ts';
import { OUTCOME, STATUS } from '../../core/statements/ledger.ts';
import type { Digest } from '../../core/values.ts';
import type { Audit, PlannedAudit } from '../Audit.ts';
import type { HistoryRound } from '../replay.ts';

/** Whether the model that the study began with is the one that its plan's seed makes. */
export function checkInitialModel({ study, plan, findings }: PlannedAudit): void {
  findings.examine('the initial model, made anew from the plan, is the one on chain');
  const what = 'the initial model on chain is not the one that the plan makes';
  findings.compare('INITIAL_MODEL_MISMATCH', initialDigest(plan), study.initialModel, { what, implicated: 'operator' });
}

/** Makes a completed round's global model anew, where its base and every update may be read. */
export async function checkModel(audit: PlannedAudit, round: HistoryRound, manifest: Manifest): Promise<void> {
  const { files, findings, plan } = audit;
  if (round.outcome !== OUTCOME.COMPLETED) return;
  const included = round.entries.filter(({ status }) => status === STATUS.INCLUDED);
  const needed = [round.baseModel, ...included.map(({ update }) => update)];
  const unread = await unreadOf(audit, needed, round);
  if (unread.length > 0) {
    const why = `${unread.length} of the ${needed.length} files that it is made of may not be read here: ${unread.join(', ')}`;
    findings.skip({ what: 'the global model was not made anew', why, round: round.round });
    return;
  }
  findings.examine('a global model, made anew from its base and updates, is the one on record');
  const about = { round: round.round, implicated: 'coordinator' } as const;
  const weighed = manifest.entries.filter(({ status }) => status === STATUS.INCLUDED);
  await files.opened(needed, async ([base, ...updates]) => {
    try {
      const made = await aggregate({
        strategy: strategies[plan.strategy.name],
        base: (offset, length) => base?.read(offset, length) ?? new Uint8Array(),
        updates: updates.map((update, i) => {
          const { slot = 0, weight = 0 } = weighed[i] ?? {};
          return { slot, weight, read: (offset, length) => update.read(offset, length) };
        }),
        write: () => {},
      });
      const what = `the global model of round ${round.round} is not what its base and updates make`;
      findings.compare('MODEL_MISMATCH', made.digest, round.globalModel, { ...about, what });
    } catch (thrown) {
      if (!isOfTheFiles(thrown)) throw thrown;
      const what = `no global model comes of the base and updates of round ${round.round}: ${thrown.message}`;
      findings.add('MODEL_MISMATCH', { ...about, what });
    }
  });
}

/** A store that stops answering, or a browser that lets no WebAssembly run, says nothing of who made the files. */
function isOfTheFiles(thrown: unknown): thrown is Error {
  if (thrown instanceof SyndicError) return thrown.code !== 'ARTIFACTS_UNAVAILABLE';
  return thrown instanceof RangeError;
}

/** Names what is not here; a damaged file is a finding besides. */
async function unreadOf(
  { files, findings }: Audit,
  digests: readonly Digest[],
  round: HistoryRound,
): Promise<Digest[]> {
  const unread: Digest[] = [];
  for (const digest of digests) {
    const state = await files.check(digest);
    if (state !== 'missing') findings.examine('a model or update has the SHA-256 that it is named by');
    if (state === 'damaged') {
      const what = `the file named ${digest} has other bytes`;
      findings.add('FILE_DAMAGED', { round: round.round, what, implicated: 'store' });
    }
    if (state !== 'whole') unread.push(digest);
  }
  return unread;
}
