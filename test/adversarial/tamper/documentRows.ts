import { canonicalBytes } from '../../../core/canonicalJson.ts';
import type { Manifest } from '../../../core/manifest/Manifest.ts';
import { OUTCOME, REASON, STATUS } from '../../../core/statements/entries.ts';
import { digest } from '../../../core/values.ts';
import { entry, line, of, STRANGER } from './Forge.ts';
import { ABSENT, at, EVERYBODY, type ForgedRow, round, withoutDocuments } from './forging.ts';

/** What it writes about a round. */
export const documentRows: readonly ForgedRow[] = [
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
