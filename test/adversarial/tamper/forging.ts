import type { Manifest } from '../../../core/manifest/Manifest.ts';
import { type Entry, REASON, STATUS } from '../../../core/statements/entries.ts';
import { digest, ZERO_DIGEST } from '../../../core/values.ts';
import type { Cheat } from '../../integration/audit/Scene.ts';
import { type Forge, of, type Reading } from './Forge.ts';
import type { Row, Shown } from './Row.ts';

/** An alteration by hands that hold the coordinator's key, and a member's where it helps. */
export type ForgedRow = Row<Forge, Reading>;

export const ABSENT = {
  status: STATUS.ABSENT,
  reason: REASON.NO_ANSWER,
  update: digest(ZERO_DIGEST),
  samples: 0,
} as const;
export const EVERYBODY = [1, 2, 3] as const;

export const at = (code: Shown['code'], ...slots: readonly number[]): Shown[] =>
  slots.length === 0 ? [{ code, round: 2 }] : slots.map((slot) => ({ code, round: 2, slot }));

/** A row whose alteration is one round. */
export function round(
  name: string,
  expected: ForgedRow['expected'],
  cheat: Cheat | ((forge: Forge) => Cheat),
): ForgedRow {
  return {
    ...{ name, who: 'coordinator', expected },
    async alter(forge) {
      await forge.scene.round(typeof cheat === 'function' ? cheat(forge) : cheat);
      return {};
    },
  };
}

/** A row whose record the contract does not take. */
export function refused(name: string, by: string, cheat: Cheat | ((forge: Forge) => Cheat)): ForgedRow {
  return round(name, { error: 'CHAIN_REVERTED', by }, cheat);
}

/** In the manifest, everything that is named of a member. */
type Documents = Pick<Manifest['entries'][number], 'statement' | 'receipt' | 'report'>;

export function documentsOf(manifest: Manifest, slot: number): Documents {
  const { statement, receipt, report } = manifest.entries.find((one) => one.slot === slot) ?? {};
  return { statement, receipt, report } as Documents;
}

export function withoutDocuments(slot: number): Cheat {
  const bare = of<Manifest['entries'][number]>(slot, ({ slot, status, reason }) => ({ slot, status, reason }));
  return { manifest: (m) => ({ ...m, entries: m.entries.map(bare) }) };
}

/** Updates and samples of two members, each under the other's name. */
export function swapped(entries: readonly Entry[], a: number, b: number): readonly Entry[] {
  const told = (slot: number) => {
    const { update = digest(ZERO_DIGEST), samples = 0 } = entries.find((one) => one.slot === slot) ?? {};
    return { update, samples };
  };
  return entries.map((one) =>
    one.slot === a ? { ...one, ...told(b) } : one.slot === b ? { ...one, ...told(a) } : one,
  );
}
