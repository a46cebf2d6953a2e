import { type Digest, digest } from '../../../core/values.ts';
import { entry, flipped, line, of, STRANGER } from './Forge.ts';
import { ABSENT, at, documentsOf, type ForgedRow, round, swapped, withoutDocuments } from './forging.ts';

/** What the coordinator records, having been sent all of it in good order. */
export const coordinatorRows: readonly ForgedRow[] = [
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
