import { type Digest, ZERO_DIGEST } from '../../core/values.ts';
import type { Audit } from '../Audit.ts';

/**
 * Whether models and updates that no model was made of here (the last one; the first, of a study without a completed
 * round; updates that did not count) are what they are named by, where they are found. That one is nowhere is no fault.
 *
 * @param looked those that were looked at
 */
export async function checkOtherFiles(
  { files, findings, study, history }: Audit,
  from: number,
  looked: ReadonlySet<Digest>,
): Promise<void> {
  const seen = new Set(looked).add(ZERO_DIGEST as Digest);
  const look = async (of: Digest, round?: number) => {
    if (seen.has(of)) return;
    seen.add(of);
    const state = await files.check(of);
    if (state !== 'missing') findings.examine('a model or update has the SHA-256 that it is named by');
    if (state !== 'damaged') return;
    const what = `the file named ${of} has other bytes`;
    findings.add('FILE_DAMAGED', { ...(round === undefined ? {} : { round }), what, implicated: 'store' });
  };
  if (from === 1) await look(study.initialModel);
  for (const { round, globalModel, entries } of history.rounds) {
    if (round < from) continue;
    await look(globalModel, round);
    for (const { update } of entries) await look(update, round);
  }
}
