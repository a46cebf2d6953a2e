import type { UpdateMessage } from '../../../core/statements/types.ts';
import { type Digest, digest } from '../../../core/values.ts';
import type { Cheat } from '../../integration/audit/Scene.ts';
import { DATASET } from '../../integration/chain/world.ts';
import { entry, type Forge, of, STRANGER } from './Forge.ts';
import type { ForgedRow } from './forging.ts';
import type { Shown } from './Row.ts';

const ROOT = digest(`0x${'c0'.repeat(32)}`);
const ELSEWHERE = digest(`0x${'e1'.repeat(32)}`);

const at = (...codes: readonly Shown['code'][]): Shown[] => codes.map((code) => ({ code, round: 2, slot: 1 }));

/** A row in which member 1 helps the coordinator: what both sign for round 2, after what `before` prepared. */
function collusion(
  name: string,
  expected: readonly Shown[],
  cheat: Cheat | ((forge: Forge) => Cheat | Promise<Cheat>),
  after: (forge: Forge) => Promise<void> = async () => {},
): ForgedRow {
  return {
    ...{ name, who: 'member', expected },
    async alter(forge) {
      await forge.scene.round(typeof cheat === 'function' ? await cheat(forge) : cheat);
      await after(forge);
      return {};
    },
  };
}

/** What member 1 signs, and the coordinator's receipt for it: both say the same. */
function both(change: Partial<Pick<UpdateMessage, 'baseModel' | 'update' | 'samples'>>): Cheat {
  return {
    says: of(1, (honest) => ({ ...honest, ...change })),
    promises: of(1, (honest) => ({ ...honest, ...change })),
  };
}

function says(change: Partial<UpdateMessage>): Cheat {
  return { says: of(1, (honest) => ({ ...honest, ...change })) };
}

export const memberRows: readonly ForgedRow[] = [
  collusion('signs another update after its receipt', at('RECEIPT_MISMATCH', 'RECEIPT_BROKEN'), (forge) => {
    const update = forge.drawn(9);
    return { ...says({ update }), ...entry(1, { update }) };
  }),
  collusion('signs for fewer samples after its receipt', at('RECEIPT_MISMATCH', 'RECEIPT_BROKEN'), {
    ...says({ samples: 1 }),
    ...entry(1, { samples: 1 }),
  }),
  {
    name: 'signs another update, and hands the first receipt to an auditor',
    who: 'member',
    expected: at('RECEIPT_BROKEN'),
    async alter(forge) {
      const update = forge.drawn(10);
      await forge.scene.round({ ...both({ update }), ...entry(1, { update }) });
      const first = forge.scene.rounds[0]?.updates[0] as Digest;
      return { receipts: [forge.resigned(forge.receipt(2, 1), { update: first })] };
    },
  },
  collusion('declares more samples than its version has rows', at('SAMPLES_EXCEEDED'), async (forge) => {
    await forge.anchor(1, { dataset: DATASET, root: ROOT, rows: 64 });
    return says({ dataset: ROOT });
  }),
  collusion('declares more samples than the plan allows', at('SAMPLES_EXCEEDED'), {
    ...both({ samples: 513 }),
    ...entry(1, { samples: 513 }),
  }),
  collusion('signs for another round', at('STATEMENT_MISMATCH'), says({ round: 1 })),
  collusion('signs for another study', at('STATEMENT_MISMATCH'), says({ study: ELSEWHERE })),
  collusion('signs for another base', at('STATEMENT_MISMATCH'), both({ baseModel: ELSEWHERE })),
  collusion('signs for another plan', at('STATEMENT_MISMATCH'), says({ plan: ELSEWHERE })),
  collusion('signs for another slot', at('STATEMENT_MISMATCH'), says({ slot: 2 })),
  collusion('signs another report than the manifest names', at('STATEMENT_MISMATCH'), says({ report: ELSEWHERE })),
  collusion('signs another update than the record’s', at('STATEMENT_MISMATCH', 'RECEIPT_BROKEN'), (forge) => {
    const update = forge.drawn(11);
    return both({ update });
  }),
  collusion('names a dataset’s version that was never anchored', at('DATASET_UNKNOWN'), says({ dataset: ROOT })),
  collusion('anchors a dataset’s version after it was used', at('DATASET_UNKNOWN'), says({ dataset: ROOT }), (forge) =>
    forge.anchor(1, { dataset: DATASET, root: ROOT, rows: 1024 }),
  ),
  collusion('names a version of a dataset that it did not grant', at('DATASET_UNKNOWN'), async (forge) => {
    await forge.anchor(1, { dataset: ELSEWHERE, root: ROOT, rows: 1024 });
    return says({ dataset: ROOT });
  }),
  collusion('names another member’s version', at('DATASET_UNKNOWN'), async (forge) => {
    await forge.anchor(2, { dataset: DATASET, root: ROOT, rows: 1024 });
    return says({ dataset: ROOT });
  }),
  collusion(
    'signs with a key that it rotated away a round before',
    [{ code: 'STATEMENT_UNSIGNED', round: 3, slot: 1 }],
    async (forge) => {
      const key = await forge.rekey(1);
      await forge.scene.round({ keys: { 1: key } });
      // With the one before, as if it were still the key.
      return {};
    },
  ),
  collusion(
    'signs with a key that it lists only after the record',
    at('STATEMENT_UNSIGNED'),
    { keys: { 1: STRANGER } },
    async (forge) => {
      await forge.rekey(1, STRANGER);
    },
  ),
  collusion('signs, and revokes the key as compromised before the record', at('KEY_COMPROMISED'), async (forge) => {
    await forge.revokeKey(1);
    return {};
  }),
  {
    name: 'withdraws its grant and has itself counted all the same',
    who: 'member',
    expected: { error: 'CHAIN_REVERTED', by: 'GrantNotLive' },
    async alter(forge) {
      await forge.withdraw(1);
      await forge.scene.round();
      return {};
    },
  },
  {
    name: 'shows a receipt that it signed itself',
    who: 'member',
    expected: { error: 'RECEIPT_INVALID' },
    async alter(forge) {
      await forge.scene.round();
      return { receipts: [forge.resigned(forge.receipt(2, 1), { samples: 400 }, forge.member(1).key.privateKey)] };
    },
  },
  {
    name: 'shows a receipt of another study',
    who: 'member',
    expected: { error: 'WRONG_STUDY' },
    async alter(forge) {
      await forge.scene.round();
      return { receipts: [forge.resigned(forge.receipt(2, 1), { study: ELSEWHERE })] };
    },
  },
];
