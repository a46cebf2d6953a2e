import { type Address, type Digest, type Slot, type StudyId, slot as slotOf } from '../../core/values.ts';
import type { AuditedChain } from '../port.ts';
import { addressOfWord, bitOf, bytesOf, digestOfWord, numberOf, valueAt } from './words.ts';

/** Slots of RoundLedger's variables: docs/storage-layout.md. */
const SLOT = { progress: 2n, openings: 3n, heads: 4n, models: 5n, recordHashes: 6n, rosters: 7n, lanes: 8n } as const;
/** Where `Rosters.Roster` has the groups of slots of which any joined. */
const GROUPS = 512n;
/** Places within `Lanes.Table`, and how three lanes share a word: contracts/src/lib/Lanes.sol. */
const HOLDERS = 22_016n;
const CARRIED = 22_272n;
const GROUP_SLOTS = 256;
const LANES_PER_GROUP = 258;
const LANES_PER_WORD = 3;
const LANE_BITS = 85;

/** What the ledger stores of a study. */
export interface StoredStudy {
  readonly operator: Address;
  readonly coordinator: Address;
  readonly minIncluded: number;
  /** 0 while it is open. */
  readonly outcome: number;
  readonly started: boolean;
  /** Unix seconds. */
  readonly openedAt: number;
  readonly lastRound: number;
  readonly plan: Digest;
  readonly initialModel: Digest;
  readonly model: Digest;
  readonly head: Digest;
}

export interface StoredTotals {
  readonly rounds: bigint;
  readonly samples: bigint;
}

/** Null: the ledger knows no such study. */
export async function storedStudy(chain: AuditedChain, ledger: Address, id: StudyId): Promise<StoredStudy | null> {
  const opening = valueAt(id, SLOT.openings);
  const at = [valueAt(id, SLOT.progress), opening, opening + 1n, opening + 2n];
  at.push(valueAt(id, SLOT.models), valueAt(id, SLOT.heads));
  const [progress = 0n, opened = 0n, plan = 0n, initial = 0n, model = 0n, head = 0n] = await chain.words(ledger, at);
  if (bytesOf(progress, 0, 20) === 0n) return null;
  return {
    operator: addressOfWord(opened),
    coordinator: addressOfWord(progress),
    minIncluded: numberOf(progress, 20, 2),
    outcome: numberOf(progress, 22, 1),
    started: numberOf(progress, 23, 1) !== 0,
    openedAt: numberOf(opened, 20, 8),
    lastRound: numberOf(progress, 24, 4),
    plan: digestOfWord(plan),
    initialModel: digestOfWord(initial),
    model: digestOfWord(model),
    head: digestOfWord(head),
  };
}

/** Of rounds 1 to `lastRound`. */
export async function storedRecordHashes(
  chain: AuditedChain,
  ledger: Address,
  id: StudyId,
  lastRound: number,
): Promise<Digest[]> {
  const rounds = valueAt(id, SLOT.recordHashes);
  const at = Array.from({ length: lastRound }, (_, i) => valueAt(i + 1, rounds));
  return (await chain.words(ledger, at)).map(digestOfWord);
}

/** Every slot that ever joined the study, ascending. */
export async function storedJoined(chain: AuditedChain, ledger: Address, id: StudyId): Promise<Slot[]> {
  const [groups = 0n] = await chain.words(ledger, [valueAt(id, SLOT.rosters) + GROUPS]);
  const all = Array.from({ length: GROUP_SLOTS }, (_, group) => group).filter((group) => bitOf(groups, group));
  const holders = await holdersIn(chain, ledger, id, all);
  return all.flatMap((group) =>
    Array.from({ length: GROUP_SLOTS }, (_, place) => place)
      .filter((place) => bitOf(holders.get(group) ?? 0n, place))
      .map((place) => slotOf(group * GROUP_SLOTS + place)),
  );
}

/** Who ever joined, a word a group of slots. */
async function holdersIn(
  chain: AuditedChain,
  ledger: Address,
  id: StudyId,
  groups: readonly number[],
): Promise<ReadonlyMap<number, bigint>> {
  const table = valueAt(id, SLOT.lanes);
  const places = groups.map((group) => table + HOLDERS + BigInt(group));
  const words = await chain.words(ledger, places);
  return new Map(groups.map((group, i) => [group, words[i] ?? 0n]));
}

/** What the ledger counts of each slot, in the order of `slots`. */
export async function storedTotals(
  chain: AuditedChain,
  ledger: Address,
  id: StudyId,
  slots: readonly Slot[],
): Promise<StoredTotals[]> {
  const groups = [...new Set(slots.map((slot) => Math.floor(slot / GROUP_SLOTS)))];
  const holders = await holdersIn(chain, ledger, id, groups);
  const table = valueAt(id, SLOT.lanes);
  const lanes = slots.map((slot) => laneOf(slot, holders));
  const at = slots.flatMap((slot, i) => [
    table + BigInt(Math.floor((lanes[i] ?? 0) / LANES_PER_WORD)),
    valueAt(slot, table + CARRIED),
  ]);
  const words = await chain.words(ledger, at);
  return lanes.map((lane, i) => {
    if (lane === null) return { rounds: 0n, samples: 0n };
    const counted = (words[2 * i] ?? 0n) >> BigInt((lane % LANES_PER_WORD) * LANE_BITS);
    const carried = words[2 * i + 1] ?? 0n;
    return {
      rounds: ((counted >> 32n) & 0xffffn) + bytesOf(carried, 0, 8),
      samples: ((counted >> 48n) & ((1n << 37n) - 1n)) + bytesOf(carried, 8, 16),
    };
  });
}

/** The slot's lane in the table; null when it never joined. */
function laneOf(slot: Slot, holders: ReadonlyMap<number, bigint>): number | null {
  const group = Math.floor(slot / GROUP_SLOTS);
  const held = holders.get(group) ?? 0n;
  const place = slot % GROUP_SLOTS;
  if (!bitOf(held, place)) return null;
  let below = 0;
  for (let bit = 0; bit < place; bit++) if (bitOf(held, bit)) below++;
  return group * LANES_PER_GROUP + below;
}
