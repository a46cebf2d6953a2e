import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { CheckedHistory } from '../../audit/history.ts';
import type { RoundDetail, StudyDetail } from '../../coordinator/studies/port.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { decodeManifest, type Manifest } from '../../core/manifest/Manifest.ts';
import { bytesToHex, type Digest, ZERO_DIGEST } from '../../core/values.ts';
import { storedAt } from './result.ts';

export interface Stored {
  /** Folder where every file lies under the 64 hex digits of its SHA-256. */
  readonly models: string;
  /** False where the plan has members' updates deleted as soon as the study is over. */
  readonly updatesKept: boolean;
}

/** @throws SyndicError RUN_FAILED with every difference, unless every round was anchored and is read back equal */
export async function requireEqual(study: StudyDetail, history: CheckedHistory, stored: Stored): Promise<void> {
  const found = await differences(study, history, stored);
  if (study.completed < study.rounds) found.push(`${study.completed} of ${study.rounds} rounds were completed`);
  if (found.length === 0) return;
  throw new SyndicError('RUN_FAILED', 'what was read back is not what was recorded', {
    faults: found.map((message) => ({ path: '', message })),
  });
}

/**
 * Holds what the coordinator says and stores against what was read from the chain. Every file is hashed anew: the plan,
 * every model, update, manifest, statement, receipt and report.
 *
 * @returns every difference, in words; none when all rounds were anchored and read back equal
 */
export async function differences(study: StudyDetail, history: CheckedHistory, stored: Stored): Promise<string[]> {
  const found = [...history.faults];
  if (!history.verified) found.push("the ledger's storage does not bear out its events");
  if (study.attempts.length !== history.rounds.length) {
    found.push(`the coordinator tells of ${study.attempts.length} rounds, the chain of ${history.rounds.length}`);
  }
  found.push(...(await fileFaults('the study', stored, { plan: study.plan, 'initial model': study.initialModel })));
  for (const attempt of study.attempts) found.push(...(await roundDifferences(attempt, history, stored)));
  return found;
}

type Entries = CheckedHistory['rounds'][number]['entries'];

async function roundDifferences(told: RoundDetail, history: CheckedHistory, stored: Stored): Promise<string[]> {
  const where = `round ${told.round}`;
  if (told.state !== 'anchored') return [`${where} is not anchored: it is ${told.state}`];
  const recorded = history.rounds.find(({ round }) => round === told.round);
  if (recorded === undefined) return [`${where} is not on chain`];
  const { baseModel, globalModel, manifest, transaction, outcome, entries } = recorded;
  const got = JSON.stringify([told.outcome, told.base, told.global, told.manifest, told.transaction]);
  const want = JSON.stringify([outcome, baseModel, globalModel, manifest, transaction]);
  const found = got === want ? [] : [`${where}: the coordinator tells ${got}, the chain ${want}`];
  found.push(...(await fileFaults(where, stored, { 'base model': baseModel, 'global model': globalModel, manifest })));
  for (const { slot, update } of stored.updatesKept ? entries : []) {
    if (update !== ZERO_DIGEST) found.push(...(await fileFaults(`${where}, slot ${slot}`, stored, { update })));
  }
  if (found.length > 0) return found;
  const read = decodeManifest(await readFile(storedAt(stored.models, manifest)));
  if (read.outcome !== outcome || read.globalModel !== globalModel || !sameEntries(read, entries)) {
    found.push(`${where}: the manifest does not say what the record says`);
  }
  for (const { slot, statement, receipt, report } of read.entries) {
    found.push(...(await fileFaults(`${where}, slot ${slot}`, stored, { statement, receipt, report })));
  }
  return found;
}

function sameEntries(manifest: Manifest, entries: Entries): boolean {
  const told = manifest.entries.map(({ slot, status, reason }) => [slot, status, reason]);
  return JSON.stringify(told) === JSON.stringify(entries.map(({ slot, status, reason }) => [slot, status, reason]));
}

/** Files of the store that are not there, or are not what their names say. */
async function fileFaults(
  where: string,
  { models }: Stored,
  files: Readonly<Record<string, Digest | undefined>>,
): Promise<string[]> {
  const found: string[] = [];
  for (const [what, digest] of Object.entries(files)) {
    if (digest === undefined) continue;
    const hash = await hashOf(storedAt(models, digest)).catch(() => null);
    if (hash === digest) continue;
    found.push(`${where}: the stored ${what} ${digest} ${hash === null ? 'cannot be read' : 'has another SHA-256'}`);
  }
  return found;
}

async function hashOf(path: string): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return bytesToHex(hash.digest()) as Digest;
}
