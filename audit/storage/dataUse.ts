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

/** Every grant that each of `slots` gave a study, in their order, oldest first: two questions, however many they are. */
export async function storedGrants(
  chain: AuditedChain,
  dataUse: Address,
  study: StudyId,
  slots: readonly Slot[],
): Promise<StoredGrant[][]> {
  const all = valueAt(study, SLOT.grants);
  const lists = slots.map((slot) => valueAt(slot, all));
  const lengths = await chain.words(dataUse, lists);
  const places = lists.map((at, i) => {
    const first = elementsOf(at);
    return Array.from({ length: Number((lengths[i] ?? 0n) * GRANT_WORDS) }, (_, word) => first + BigInt(word));
  });
  const words = await chain.words(dataUse, places.flat());
  let from = 0;
  return places.map(({ length }) => {
    const own = words.slice(from, from + length);
    from += length;
    return Array.from({ length: length / Number(GRANT_WORDS) }, (_, i) => grantOf(own.slice(3 * i)));
  });
}

function grantOf([plan = 0n, dataset = 0n, times = 0n]: readonly bigint[]): StoredGrant {
  const revokedAt = numberOf(times, 16, 8);
  return {
    plan: digestOfWord(plan),
    dataset: digestOfWord(dataset),
    grantedAt: numberOf(times, 0, 8),
    until: numberOf(times, 8, 8),
    revokedAt: revokedAt === 0 ? null : revokedAt,
  };
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
