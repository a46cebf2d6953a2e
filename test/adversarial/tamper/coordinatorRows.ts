import { canonicalBytes } from '../../../core/canonicalJson.ts';
import type { Manifest } from '../../../core/manifest/Manifest.ts';
import { type Entry, encodeEntries, OUTCOME, REASON, STATUS } from '../../../core/statements/entries.ts';
import { bytesToHex, type Digest, digest, ZERO_DIGEST } from '../../../core/values.ts';
import type { Cheat } from '../../integration/audit/Scene.ts';
import { entry, type Forge, flipped, line, of, type Reading, STRANGER } from './Forge.ts';
import type { Row, Shown } from './Row.ts';

export type ForgedRow = Row<Forge, Reading>;

const ABSENT = { status: STATUS.ABSENT, reason: REASON.NO_ANSWER, update: digest(ZERO_DIGEST), samples: 0 } as const;
const EVERYBODY = [1, 2, 3] as const;

const at = (code: Shown['code'], ...slots: readonly number[]): Shown[] =>
  slots.length === 0 ? [{ code, round: 2 }] : slots.map((slot) => ({ code, round: 2, slot }));

/** A row whose alteration is one round. */
function round(name: string, expected: ForgedRow['expected'], cheat: Cheat | ((forge: Forge) => Cheat)): ForgedRow {
  return {
    ...{ name, who: 'coordinator', expected },
    async alter(forge) {
      await forge.scene.round(typeof cheat === 'function' ? cheat(forge) : cheat);
      return {};
    },
  };
}

/** A row whose record the contract does not take. */
function refused(name: string, by: string, cheat: Cheat | ((forge: Forge) => Cheat)): ForgedRow {
  return round(name, { error: 'CHAIN_REVERTED', by }, cheat);
}

/** In the manifest, everything that is named of a member. */
type Documents = Pick<Manifest['entries'][number], 'statement' | 'receipt' | 'report'>;

function documentsOf(manifest: Manifest, slot: number): Documents {
  const { statement, receipt, report } = manifest.entries.find((one) => one.slot === slot) ?? {};
  return { statement, receipt, report } as Documents;
}

function withoutDocuments(slot: number): Cheat {
  const bare = of<Manifest['entries'][number]>(slot, ({ slot, status, reason }) => ({ slot, status, reason }));
  return { manifest: (m) => ({ ...m, entries: m.entries.map(bare) }) };
}

/** Updates and samples of two members, each under the other's name. */
function swapped(entries: readonly Entry[], a: number, b: number): readonly Entry[] {
  const told = (slot: number) => {
    const { update = digest(ZERO_DIGEST), samples = 0 } = entries.find((one) => one.slot === slot) ?? {};
    return { update, samples };
  };
  return entries.map((one) =>
    one.slot === a ? { ...one, ...told(b) } : one.slot === b ? { ...one, ...told(a) } : one,
  );
}

/** What the coordinator records, having been sent all of it in good order. */
const records: readonly ForgedRow[] = [
  round('drops an update that it gave a receipt for', at('RECEIPT_BROKEN', 1), entry(1, ABSENT)),
  {
    name: 'drops an update and names neither statement nor receipt; the member shows its own',
    who: 'coordinator',
    expected: at('RECEIPT_BROKEN', 1),
    async alter(forge) {
      await forge.scene.round({ ...entry(1, ABSENT), ...withoutDocuments(1) });
      return { receipts: [forge.receipt(2, 1)] };
    },
  },
  {
    name: 'never records the round that a receipt promised; the member shows it',
    who: 'coordinator',
    expected: [{ code: 'RECEIPT_BROKEN', round: 3, slot: 1 }],
    async alter(forge) {
      await forge.scene.round();
      return { receipts: [forge.resigned(forge.receipt(2, 1), { round: 3, recordBy: 1000 })] };
    },
  },
  {
    name: 'gives a second receipt for a later time; the member shows its first',
    who: 'coordinator',
    expected: at('RECORD_LATE', 1),
    async alter(forge) {
      await forge.scene.round();
      return { receipts: [forge.resigned(forge.receipt(2, 1), { recordBy: 1000 })] };
    },
  },
  {
    name: 'gives a receipt for one update and records another; the member shows it',
    who: 'coordinator',
    expected: at('RECEIPT_BROKEN', 1),
    async alter(forge) {
      await forge.scene.round();
      return { receipts: [forge.resigned(forge.receipt(2, 1), { update: digest(`0x${'ab'.repeat(32)}`) })] };
    },
  },
  round('swaps two members’ updates', [...at('STATEMENT_MISMATCH', 1, 2), ...at('RECEIPT_BROKEN', 1, 2)], {
    entries: (entries) => swapped(entries, 1, 2),
  }),
  round(
    'swaps two members’ statements, receipts and reports',
    [...at('STATEMENT_MISMATCH', 1, 2), ...at('STATEMENT_UNSIGNED', 1, 2), ...at('RECEIPT_MISMATCH', 1, 2)],
    {
      manifest: (m) => ({
        ...m,
        entries: m.entries.map((one) => ({ ...one, ...documentsOf(m, [0, 2, 1, 3][one.slot] ?? 0) })),
      }),
    },
  ),
  round(
    'swaps two members’ updates with all that is named of them',
    [...at('STATEMENT_MISMATCH', 1, 2), ...at('STATEMENT_UNSIGNED', 1, 2), ...at('RECEIPT_MISMATCH', 1, 2)],
    {
      entries: (entries) => swapped(entries, 1, 2),
      manifest: (m) => ({
        ...m,
        entries: m.entries.map((one) => ({ ...one, ...documentsOf(m, [0, 2, 1, 3][one.slot] ?? 0) })),
      }),
    },
  ),
  round(
    'inflates a member’s samples',
    [...at('STATEMENT_MISMATCH', 2), ...at('RECEIPT_BROKEN', 2)],
    entry(2, { samples: 400 }),
  ),
  round(
    'inflates a member’s samples, and signs a receipt for as many',
    [...at('STATEMENT_MISMATCH', 2), ...at('RECEIPT_MISMATCH', 2)],
    {
      ...entry(2, { samples: 400 }),
      promises: of(2, (honest) => ({ ...honest, samples: 400 })),
    },
  ),
  round(
    'deflates a member’s samples',
    [...at('STATEMENT_MISMATCH', 3), ...at('RECEIPT_BROKEN', 3)],
    entry(3, { samples: 1 }),
  ),
  round(
    'inflates samples above the plan’s cap',
    [...at('STATEMENT_MISMATCH', 1), ...at('RECEIPT_BROKEN', 1), ...at('SAMPLES_EXCEEDED', 1)],
    entry(1, { samples: 600 }),
  ),
  round('replays an old round’s update', [...at('STATEMENT_MISMATCH', 1), ...at('RECEIPT_BROKEN', 1)], ({ scene }) =>
    entry(1, { update: scene.rounds[0]?.updates[0] as Digest }),
  ),
  round(
    'replays an old round’s update with its statement, and signs a receipt anew',
    at('STATEMENT_MISMATCH', 1),
    (forge) => {
      const { message } = forge.statement(1, 1);
      return {
        ...entry(1, { update: message.update }),
        ...line(1, {
          statement: forge.scene.rounds[0]?.statements[0] as Digest,
          report: message.report,
          receipt: forge.receiptFor(2, message),
        }),
      };
    },
  ),
  round('replays an old round’s receipt', at('RECEIPT_MISMATCH', 1), ({ scene }) =>
    line(1, { receipt: scene.rounds[0]?.receipts[0] as Digest }),
  ),
  round(
    'changes one bit of a member’s update',
    [...at('STATEMENT_MISMATCH', 2), ...at('RECEIPT_BROKEN', 2)],
    ({ scene, file }) => ({
      entries: (entries) =>
        entries.map(
          of(2, (honest) => ({
            ...honest,
            update: scene.put(flipped(scene.files.get(honest.update) ?? file(undefined))),
          })),
        ),
    }),
  ),
  round(
    'puts an update of its own in a member’s place',
    [...at('STATEMENT_MISMATCH', 3), ...at('RECEIPT_BROKEN', 3)],
    (forge) => entry(3, { update: forge.drawn(7) }),
  ),
  round('invents an update, and signs for the member', at('STATEMENT_UNSIGNED', 1), (forge) => {
    const update = forge.drawn(8);
    return {
      says: of(1, (honest) => ({ ...honest, update })),
      promises: of(1, (honest) => ({ ...honest, update })),
      ...entry(1, { update }),
      keys: { 1: forge.world.coordinatorKey.privateKey },
    };
  }),
  round('invents a key for a member', at('STATEMENT_UNSIGNED', 2), { keys: { 2: STRANGER } }),
  round('has one member sign for another', at('STATEMENT_UNSIGNED', 2), (forge) => ({
    keys: { 2: forge.member(3).key.privateKey },
  })),
  round('has a member’s account sign in place of its worker key', at('STATEMENT_UNSIGNED', 2), (forge) => ({
    keys: { 2: forge.member(2).account.privateKey },
  })),
  round('names another report than the member signed', at('STATEMENT_MISMATCH', 1), ({ scene }) =>
    line(1, { report: scene.put(new TextEncoder().encode('a better report')) }),
  ),
];

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

/** What it writes about a round. */
const documents: readonly ForgedRow[] = [
  round('signs a receipt with a key that is not its own', at('RECEIPT_MISMATCH', 1), {
    receiptKey: STRANGER,
  }),
  round('has a member sign its receipt', at('RECEIPT_MISMATCH', 1), (forge) => ({
    receiptKey: forge.member(1).key.privateKey,
  })),
  round('signs a receipt for another statement', at('RECEIPT_MISMATCH', 2), {
    promises: of(2, (honest) => ({ ...honest, statement: digest(`0x${'57'.repeat(32)}`) })),
  }),
  round('records later than it promised', at('RECORD_LATE', 3), {
    promises: of(3, (honest) => ({ ...honest, recordBy: 1000 })),
  }),
  round('back-dates the receipts of all', at('RECORD_LATE', ...EVERYBODY), {
    promises: (honest) => ({ ...honest, recordBy: honest.recordBy - 10 * 86_400 }),
  }),
  round('writes a manifest of another round', at('MANIFEST_MISMATCH'), { manifest: (m) => ({ ...m, round: 1 }) }),
  round('writes a manifest of another study', at('MANIFEST_MISMATCH'), {
    manifest: (m) => ({ ...m, study: digest(`0x${'51'.repeat(32)}`) }),
  }),
  round('writes a manifest of another plan', at('MANIFEST_MISMATCH'), {
    manifest: (m) => ({ ...m, plan: digest(`0x${'b1'.repeat(32)}`) }),
  }),
  round('writes a manifest of another base', at('MANIFEST_MISMATCH'), {
    manifest: (m) => ({ ...m, baseModel: digest(`0x${'b5'.repeat(32)}`) }),
  }),
  round('writes a manifest of another model', at('MANIFEST_MISMATCH'), {
    manifest: (m) => ({ ...m, globalModel: m.baseModel }),
  }),
  round('writes a manifest of a failed round about a completed one', at('MANIFEST_MISMATCH'), {
    manifest: (m) => ({ ...m, outcome: OUTCOME.FAILED }),
  }),
  round(
    'uses the last round’s manifest again',
    [...at('MANIFEST_MISMATCH'), ...at('STATEMENT_MISMATCH', ...EVERYBODY), ...at('RECEIPT_MISMATCH', ...EVERYBODY)],
    (forge) => ({ manifestBytes: () => forge.file(forge.scene.rounds[0]?.manifest) }),
  ),
  round('leaves a member out of the manifest', at('MANIFEST_MISMATCH'), {
    manifest: (m) => ({ ...m, entries: m.entries.slice(1) }),
  }),
  round('says in the manifest that an included member was excluded', at('MANIFEST_MISMATCH'), {
    manifest: (m) => ({
      ...m,
      entries: m.entries.map(
        of(1, ({ weight: _, ...one }) => ({ ...one, status: STATUS.EXCLUDED, reason: REASON.BY_OPERATOR })),
      ),
    }),
  }),
  round('says that a member was not selected, though all were', at('MANIFEST_MISMATCH'), {
    ...entry(1, { ...ABSENT, status: STATUS.NOT_SELECTED, reason: REASON.NONE }),
    ...withoutDocuments(1),
  }),
  round('reorders a manifest’s entries', at('DOCUMENT_MALFORMED'), {
    manifestBytes: (m) => canonicalBytes({ ...m, entries: m.entries.toReversed() }),
  }),
  round('names no receipt of a member that it counts', at('DOCUMENT_MALFORMED'), {
    manifestBytes: (m) =>
      canonicalBytes({
        ...m,
        entries: m.entries.map(of(1, ({ receipt: _, ...one }: Manifest['entries'][number]) => one)),
      }),
  }),
  round('writes a manifest with a word that nobody knows', at('DOCUMENT_MALFORMED'), {
    manifestBytes: (m) => canonicalBytes({ ...m, note: 'all in order' }),
  }),
  round('writes a manifest with spaces', at('DOCUMENT_MALFORMED'), {
    manifestBytes: (m) => new TextEncoder().encode(JSON.stringify(m, null, 1)),
  }),
  round('records a manifest that it shows nobody', at('DOCUMENT_MISSING'), {
    record: (honest) => ({ ...honest, manifest: digest(`0x${'ab'.repeat(32)}`) }),
  }),
  round(
    'names a statement that it shows nobody',
    at('DOCUMENT_MISSING', 2),
    line(2, { statement: digest(`0x${'ab'.repeat(32)}`) }),
  ),
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

export const coordinatorRows: readonly ForgedRow[] = [...records, ...documents];
export const modelRows: readonly ForgedRow[] = [...models, ...refusals, ...openings];
