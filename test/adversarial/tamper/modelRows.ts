import { encodeEntries, OUTCOME } from '../../../core/statements/entries.ts';
import { bytesToHex, type Digest, digest } from '../../../core/values.ts';
import { type Forge, flipped, of } from './Forge.ts';
import { ABSENT, at, EVERYBODY, type ForgedRow, refused, round } from './forging.ts';
import type { Shown } from './Row.ts';

/** What it makes of good updates. */
const models: readonly ForgedRow[] = [
  round('changes one bit of one weight of the model', at('MODEL_MISMATCH'), { global: flipped }),
  round('weighs all alike, and says that it did not', at('MODEL_MISMATCH'), { weight: () => 1 }),
  round('leaves an included update out of the aggregate', at('MODEL_MISMATCH'), {
    weight: ({ slot, samples }) => (slot === 2 ? 0 : samples),
  }),
  round('counts one member twice', at('MODEL_MISMATCH'), {
    weight: ({ slot, samples }) => (slot === 3 ? 2 * samples : samples),
  }),
  round('weighs all alike, and says so', at('MANIFEST_MISMATCH'), {
    weight: () => 1,
    manifest: (m) => ({ ...m, entries: m.entries.map((one) => ({ ...one, weight: 1 })) }),
  }),
  round('gives the base back as the new model', at('MODEL_MISMATCH'), (forge) => ({
    global: () => forge.file(forge.scene.rounds[0]?.global),
  })),
  round('records what is no model', at('MODEL_MISMATCH'), { global: () => new Uint8Array([1, 2, 3]) }),
  round('serves one member another base', at('STATEMENT_MISMATCH', 2), {
    says: of(2, (honest) => ({ ...honest, baseModel: digest(`0x${'b5'.repeat(32)}`) })),
    promises: of(2, (honest) => ({ ...honest, baseModel: digest(`0x${'b5'.repeat(32)}`) })),
  }),
  round(
    'serves one member another base, and signs a receipt for the one on record',
    [...at('STATEMENT_MISMATCH', 2), ...at('RECEIPT_MISMATCH', 2)],
    {
      says: of(2, (honest) => ({ ...honest, baseModel: digest(`0x${'b5'.repeat(32)}`) })),
    },
  ),
  round('has two members work on the old base', at('STATEMENT_MISMATCH', 1, 2), ({ scene }) => {
    const old = <T extends { slot: number }>(honest: T) =>
      honest.slot === 3 ? honest : { ...honest, baseModel: scene.rounds[0]?.base as Digest };
    return { says: old, promises: old };
  }),
  round('gives its members another plan under the same name', at('STATEMENT_MISMATCH', ...EVERYBODY), {
    says: (honest) => ({ ...honest, plan: digest(`0x${'b1'.repeat(32)}`) }),
  }),
];

/** What the contract refuses, whoever's key signs. */
const refusals: readonly ForgedRow[] = [
  {
    name: 'records a member whose grant was withdrawn',
    who: 'coordinator',
    expected: { error: 'CHAIN_REVERTED', by: 'GrantNotLive' },
    async alter(forge) {
      await forge.withdraw(3);
      await forge.scene.round();
      return {};
    },
  },
  {
    name: 'records a member whose grant was withdrawn, on a ledger altered to allow it',
    who: 'coordinator',
    expected: [{ code: 'CODE_UNKNOWN' }, ...at('GRANT_MISSING', 3)],
    async alter(forge) {
      await forge.withdraw(3);
      await forge.later();
      await forge.recode(forge.scene.ledger, withoutGrants);
      await forge.scene.round();
      return {};
    },
  },
  refused('records a round on another base than the last one made', 'WrongBase', ({ scene }) => ({
    record: (honest) => ({ ...honest, base: scene.rounds[0]?.base as Digest }),
  })),
  refused('skips a round', 'WrongRound', { record: (honest) => ({ ...honest, round: 3 }) }),
  refused('records a round twice', 'WrongRound', { record: (honest) => ({ ...honest, round: 1 }) }),
  refused('reorders a record’s entries', 'EntriesMismatch', {
    // One by one: together they would not be encoded in that order.
    record: (honest) => {
      const each = honest.entries.map((one) => bytesToHex(encodeEntries([one])).slice(2));
      return { ...honest, encoded: `0x${each.toReversed().join('')}` };
    },
  }),
  refused('records a round without one of its roster', 'EntriesMismatch', {
    record: (honest) => ({ ...honest, entries: honest.entries.slice(1) }),
  }),
  refused('puts a member on record that is not on the roster', 'EntriesMismatch', {
    record: (honest) => ({ ...honest, entries: honest.entries.map((one, i) => (i === 2 ? { ...one, slot: 4 } : one)) }),
  }),
  refused('completes a round with fewer than the quorum', 'TooFewIncluded', {
    record: (honest) => ({ ...honest, entries: honest.entries.map((one, i) => (i > 0 ? { ...one, ...ABSENT } : one)) }),
  }),
  refused('makes another model in a round that failed', 'ModelChanged', {
    outcome: OUTCOME.FAILED,
    record: (honest) => ({ ...honest, global: digest(`0x${'b5'.repeat(32)}`) }),
  }),
  {
    name: 'records a round of a study that is closed',
    who: 'coordinator',
    expected: { error: 'CHAIN_REVERTED', by: 'StudyIsClosed' },
    async alter(forge) {
      await forge.scene.close();
      await forge.scene.round();
      return {};
    },
  },
];

/** What an operator could open a study with. */
const openings: readonly ForgedRow[] = [
  opened('opens a study on another model than its plan makes', [{ code: 'INITIAL_MODEL_MISMATCH' }], {
    initial: digest(`0x${'b5'.repeat(32)}`),
  }),
  opened('opens a study with another quorum than its plan has', [{ code: 'PLAN_MISMATCH' }], { quorum: 3 }),
];

function opened(name: string, expected: readonly Shown[], opening: Parameters<Forge['reopened']>[0]): ForgedRow {
  return {
    ...{ name, who: 'operator', expected },
    async alter(forge) {
      return { scene: await forge.reopened(opening) };
    },
  };
}

/** The ledger's code, with `until > timestamp` made `until | timestamp` where it asks whether a grant is live. */
function withoutGrants(code: string): string {
  return code.replace(/11(61[0-9a-f]{4}576040517f26341190)/, '17$1');
}

export const modelRows: readonly ForgedRow[] = [...models, ...refusals, ...openings];
