import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckedHistory } from '../../cli/chain/history.ts';
import type { RoundDetail, StudyDetail } from '../../coordinator/studies/port.ts';
import { decodeManifest, type Manifest } from '../../core/manifest/Manifest.ts';
import { decodeReport, type MetricSet } from '../../core/manifest/Report.ts';
import { sha256 } from '../../core/sha256.ts';
import { type Address, bytesToHex, type Digest, fileName, type StudyId, ZERO_DIGEST } from '../../core/values.ts';

export interface DemoRound {
  readonly round: number;
  readonly outcome: number;
  readonly base: Digest;
  readonly global: Digest;
  readonly manifest: Digest;
  readonly transaction: Digest;
  readonly block: number;
  readonly gas: number;
  /** From the round's opening to its record's block, as the demonstration saw it. */
  readonly seconds: number;
  readonly entries: readonly { slot: number; status: number; update: Digest; samples: number }[];
  /** What sites reported: the base model, and their own model after local training, on their own test rows. */
  readonly metrics: readonly { slot: number; before: MetricSet; after: MetricSet }[];
}

/** What `--json` writes. Digests are 0x-hex. */
export interface DemoResult {
  readonly study: StudyId;
  readonly plan: Digest;
  readonly synthetic: boolean;
  readonly workdir: string;
  /** Folder where every file lies under the 64 hex digits of its SHA-256. */
  readonly models: string;
  readonly chain: {
    readonly rpcUrl: string;
    readonly chainId: number;
    readonly ledger: Address;
    readonly consortium: Address;
    readonly dataUse: Address;
  };
  readonly rounds: readonly DemoRound[];
  readonly totals: readonly { slot: number; rounds: number; samples: number }[];
  /** The initial and the final global model on each site's own test rows. */
  readonly sites: readonly { slot: number; name: string; before: MetricSet; after: MetricSet }[];
  readonly finalModel: { readonly sha256: Digest; readonly path: string };
}

/** A stored file's path. */
export function storedAt(models: string, digest: Digest): string {
  return join(models, fileName(digest));
}

/**
 * Holds what the coordinator says and stores against what was read from the chain.
 *
 * @returns every difference, in words; none when all rounds were anchored and read back equal
 */
export async function differences(study: StudyDetail, history: CheckedHistory, models: string): Promise<string[]> {
  const found = [...history.faults];
  if (!history.verified) found.push("the ledger's storage does not bear out its events");
  if (study.attempts.length !== history.rounds.length) {
    found.push(`the coordinator tells of ${study.attempts.length} rounds, the chain of ${history.rounds.length}`);
  }
  for (const attempt of study.attempts) found.push(...(await roundDifferences(attempt, history, models)));
  return found;
}

async function roundDifferences(told: RoundDetail, history: CheckedHistory, models: string): Promise<string[]> {
  const recorded = history.rounds.find(({ round }) => round === told.round);
  if (recorded === undefined) return [`round ${told.round} is not on chain`];
  const { baseModel, globalModel, manifest, transaction, outcome, entries } = recorded;
  const got = JSON.stringify([told.outcome, told.base, told.global, told.manifest, told.transaction]);
  const want = JSON.stringify([outcome, baseModel, globalModel, manifest, transaction]);
  const found = got === want ? [] : [`round ${told.round}: the coordinator tells ${got}, the chain ${want}`];
  const read = decodeManifest(await readFile(storedAt(models, manifest)));
  if (read.outcome !== outcome || read.globalModel !== globalModel || !sameEntries(read, entries)) {
    found.push(`round ${told.round}: the manifest does not say what the record says`);
  }
  const named = [globalModel, manifest, ...entries.map(({ update }) => update)].filter((one) => one !== ZERO_DIGEST);
  for (const digest of named) {
    if ((await hashOf(storedAt(models, digest))) !== digest) {
      found.push(`round ${told.round}: the stored file ${digest} has another SHA-256`);
    }
  }
  return found;
}

function sameEntries(manifest: Manifest, entries: CheckedHistory['rounds'][number]['entries']): boolean {
  const told = manifest.entries.map(({ slot, status, reason }) => [slot, status, reason]);
  return JSON.stringify(told) === JSON.stringify(entries.map(({ slot, status, reason }) => [slot, status, reason]));
}

async function hashOf(path: string): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return bytesToHex(hash.digest()) as Digest;
}

/** The reports that a round's manifest names, read from the store and checked against their digests. */
export async function reportedMetrics(manifest: Digest, models: string): Promise<DemoRound['metrics']> {
  const { entries } = decodeManifest(await readFile(storedAt(models, manifest)));
  const named = entries.flatMap(({ slot, report }) => (report === undefined ? [] : [{ slot, report }]));
  return await Promise.all(
    named.map(async ({ slot, report }) => {
      const bytes = await readFile(storedAt(models, report));
      if (sha256(bytes) !== report) throw new RangeError(`the stored report ${report} has another SHA-256`);
      return { slot, ...decodeReport(bytes).metrics };
    }),
  );
}
