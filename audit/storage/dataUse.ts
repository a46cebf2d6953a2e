import type { Address, Digest, Slot, StudyId } from '../../core/values.ts';
import type { AuditedChain } from '../port.ts';
import { digestOfWord, elementsOf, numberOf, valueAt } from './words.ts';

/** Slots of DataUse's variables: docs/storage-layout.md. */
const SLOT = { versions: 2n, grants: 4n } as const;
/** Words of a `Grant`. */
const GRANT_WORDS = 3n;

/** One consent, as it was given. Times are Unix seconds. */
export interface StoredGrant {
  readonly plan: Digest;
  readonly dataset: Digest;
  readonly grantedAt: number;
  readonly until: number;
  /** Null: it was not withdrawn. */
  readonly revokedAt: number | null;
}

/** Of a member's dataset, by the root over its rows. */
export interface VersionName {
  readonly slot: Slot;
  readonly dataset: Digest;
  readonly root: Digest;
}

export interface StoredVersion {
  readonly addedAt: number;
  /** The upper bound of its rows. */
  readonly rows: number;
}

/** Every grant that a member gave a study, oldest first. */
export async function storedGrants(
  chain: AuditedChain,
  dataUse: Address,
  study: StudyId,
  slot: Slot,
): Promise<StoredGrant[]> {
  const at = valueAt(slot, valueAt(study, SLOT.grants));
  const [length = 0n] = await chain.words(dataUse, [at]);
  const first = elementsOf(at);
  const words = await chain.words(
    dataUse,
    Array.from({ length: Number(length * GRANT_WORDS) }, (_, i) => first + BigInt(i)),
  );
  return Array.from({ length: Number(length) }, (_, i) => {
    const [plan = 0n, dataset = 0n, times = 0n] = words.slice(3 * i);
    const revokedAt = numberOf(times, 16, 8);
    return {
      plan: digestOfWord(plan),
      dataset: digestOfWord(dataset),
      grantedAt: numberOf(times, 0, 8),
      until: numberOf(times, 8, 8),
      revokedAt: revokedAt === 0 ? null : revokedAt,
    };
  });
}

/** Null: no such version is anchored. */
export async function storedVersion(
  chain: AuditedChain,
  dataUse: Address,
  { slot, dataset, root }: VersionName,
): Promise<StoredVersion | null> {
  const [word = 0n] = await chain.words(dataUse, [valueAt(root, valueAt(dataset, valueAt(slot, SLOT.versions)))]);
  return word === 0n ? null : { addedAt: numberOf(word, 0, 8), rows: numberOf(word, 8, 5) };
}
