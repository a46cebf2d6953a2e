import fc from 'fast-check';
import { grant, revoke } from '../../../cli/chain/consent.ts';
import { setKey } from '../../../cli/chain/consortium.ts';
import { read } from '../../../cli/chain/read.ts';
import { invoke } from '../../../cli/chain/send.ts';
import { verdictsOf } from '../../../cli/chain/verdicts.ts';
import { ledgerAbi, verdictsAbi } from '../../../coordinator/chain/abi.ts';
import { OUTCOME } from '../../../core/statements/entries.ts';
import { type Digest, instant } from '../../../core/values.ts';
import { Scene } from '../../integration/audit/Scene.ts';
import { addressOf, DATASET, randomWallet, type World, type WorldMember } from '../../integration/chain/world.ts';

/** Members of the consortium that a history is played in; some of them join its study. */
export const MEMBERS = 4;
const QUORUM = 2;

/** What a member does between two records, where it can: who has no grant has none to revoke. */
export interface Act {
  readonly slot: number;
  readonly does: 'joins' | 'leaves' | 'rotates its key' | 'rotates its key after signing';
}

/** One round: what members do before it, and how it goes. */
export interface Turn {
  readonly acts: readonly Act[];
  /** Those of its roster that answer, if their grants are live. */
  readonly answering: readonly number[];
  /** What it ends as where the quorum answers; without it, it fails. */
  readonly outcome: 'completed' | 'failed' | 'aborted';
  readonly noted: boolean;
  /** Members that attest the record, of those that it names. */
  readonly attesting: readonly number[];
}

/** What an honest coordinator and honest members did. */
export interface History {
  /** Who joins before the start. */
  readonly joining: readonly number[];
  readonly turns: readonly Turn[];
  readonly end: 'open' | 'completed' | 'failed' | 'aborted';
}

const ROUND_OUTCOMES = { completed: OUTCOME.COMPLETED, failed: OUTCOME.FAILED, aborted: OUTCOME.ABORTED } as const;
const slots = Array.from({ length: MEMBERS }, (_, i) => i + 1);

const act: fc.Arbitrary<Act> = fc.record({
  slot: fc.constantFrom(...slots),
  does: fc.constantFrom('leaves', 'joins', 'rotates its key', 'rotates its key after signing'),
});

const turn: fc.Arbitrary<Turn> = fc.record({
  acts: fc.array(act, { maxLength: 4 }),
  answering: fc.subarray(slots),
  outcome: fc.constantFrom('completed', 'completed', 'completed', 'failed', 'aborted'),
  noted: fc.boolean(),
  attesting: fc.subarray(slots),
});

/** Any honest history of a small study, smaller first. */
export const histories: fc.Arbitrary<History> = fc.record({
  joining: fc.subarray(slots, { minLength: QUORUM }),
  turns: fc.array(turn, { maxLength: 4 }),
  end: fc.constantFrom('open', 'completed', 'failed', 'aborted'),
});

/** Makes a study whose history is this one, on the world's chain. */
export async function play(world: World, history: History): Promise<Scene> {
  const scene = await new Scene(world).open({ joining: history.joining });
  // As after each record: keys and grants that end in its second may have ended before it, for all that storage tells.
  await world.rpc.request('evm_increaseTime', [10]);
  await world.mine();
  const live = new Set(history.joining);
  // A round's roster is fixed when the record before it is made.
  let roster = [...history.joining];
  for (const turn of history.turns) {
    if (roster.length === 0) break;
    await playTurn({ world, scene, live, roster }, turn);
    roster = slots.filter((slot) => live.has(slot));
  }
  if (history.end !== 'open') await scene.close(ROUND_OUTCOMES[history.end]);
  return scene;
}

interface Playing {
  readonly world: World;
  readonly scene: Scene;
  readonly live: Set<number>;
  readonly roster: readonly number[];
}

async function playTurn({ world, scene, live, roster }: Playing, turn: Turn): Promise<void> {
  const keys: Record<number, string> = {};
  for (const act of turn.acts) await playAct({ world, scene, live, roster }, act, keys);
  const of = roster.filter((slot) => live.has(slot) && turn.answering.includes(slot));
  const absent = roster.filter((slot) => !of.includes(slot));
  const outcome = of.length >= QUORUM ? ROUND_OUTCOMES[turn.outcome] : OUTCOME.FAILED;
  await scene.round({ of, absent, keys, outcome });
  const round = scene.rounds.length;
  if (turn.noted) await scene.note();
  for (const slot of turn.attesting) if (roster.includes(slot)) await attest(world, scene, slot, round);
}

async function playAct({ world, scene, live }: Playing, { slot, does }: Act, keys: Record<number, string>) {
  const { provider, contracts } = world;
  const { account, key } = memberOf(world, slot);
  const study = { study: scene.study, slot: memberOf(world, slot).slot };
  if (does === 'joins') {
    if (live.has(slot)) return;
    const until = instant(Math.floor(Date.now() / 1000) + 86_400);
    await grant(provider, account, contracts.dataUse, { ...study, plan: scene.plan.hash, dataset: DATASET, until });
    live.add(slot);
  } else if (does === 'leaves') {
    if (!live.delete(slot)) return;
    await revoke(provider, account, contracts.dataUse, study);
  } else {
    // What the old key signed for the open round counts.
    if (does === 'rotates its key after signing') keys[slot] ??= key.privateKey;
    const next = randomWallet();
    await setKey(provider, account, contracts.consortium, addressOf(next));
    world.members[slot - 1] = { ...memberOf(world, slot), key: next };
  }
}

async function attest({ provider, contracts, ...world }: World, { study }: Scene, slot: number, round: number) {
  const [hash] = await read(provider, { abi: ledgerAbi, address: contracts.ledger }, 'recordHash', [study, round]);
  const verdicts = { abi: verdictsAbi, address: await verdictsOf(provider, contracts.ledger) };
  const said = [study, round, slot, hash as Digest];
  await invoke(provider, world.members[slot - 1]?.account ?? world.admin, verdicts, 'attest', said);
}

function memberOf({ members }: World, slot: number): WorldMember {
  const member = members[slot - 1];
  if (member === undefined) throw new RangeError(`the world has no member ${slot}`);
  return member;
}
