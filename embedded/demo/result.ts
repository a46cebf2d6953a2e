import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeManifest } from '../../core/manifest/Manifest.ts';
import { decodeReport, type MetricSet } from '../../core/manifest/Report.ts';
import { sha256 } from '../../core/sha256.ts';
import { type Address, type Digest, fileName, type StudyId } from '../../core/values.ts';

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
  /** Members that attest the round's record on chain. */
  readonly attested: number;
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
  /** What proves the study offline, and the hash of the block that it proves it at. */
  readonly bundle: { readonly path: string; readonly block: Digest };
}

/** A stored file's path. */
export function storedAt(models: string, digest: Digest): string {
  return join(models, fileName(digest));
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
