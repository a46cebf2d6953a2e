import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { CheckedHistory } from '../../../audit/history.ts';
import type { StudyDetail } from '../../../coordinator/studies/port.ts';
import { encodeManifest, type Manifest, type ManifestEntry } from '../../../core/manifest/Manifest.ts';
import { sha256 } from '../../../core/sha256.ts';
import { OUTCOME, STATUS } from '../../../core/statements/ledger.ts';
import { address, type Digest, digest, fileName, instant, round, slot } from '../../../core/values.ts';
import { differences, requireEqual } from '../../../embedded/demo/readBack.ts';
import { storedAt } from '../../../embedded/demo/result.ts';
import { temporaryFolders } from '../../support/temporaryFolder.ts';

const folder = temporaryFolders();
const hex = (byte: string): Digest => digest(`0x${byte.repeat(32)}`);
const study = hex('11');
const transaction = hex('33');

/** A study of one round, as the coordinator tells of it, as the chain does, and with its files in `models`. */
async function oneRound() {
  const models = await folder();
  const keep = (bytes: Uint8Array): Digest => {
    writeFileSync(join(models, fileName(sha256(bytes))), bytes);
    return sha256(bytes);
  };
  const [base, plan, global] = ['base', 'plan', 'global'].map((text) => keep(Buffer.from(text))) as [
    Digest,
    Digest,
    Digest,
  ];
  const updates = ['one', 'two'].map((text) => keep(Buffer.from(text))) as [Digest, Digest];
  const included = { status: STATUS.INCLUDED, reason: 0 };
  const [statement, receipt, report] = ['statement', 'receipt', 'report'].map((text) => keep(Buffer.from(text)));
  const named = { statement, receipt, report, weight: 10 } as Omit<ManifestEntry, 'slot' | 'status' | 'reason'>;
  const document: Manifest = {
    ...{ schema: 'syndic.manifest/1', study, round: 1, outcome: OUTCOME.COMPLETED, plan },
    ...{ baseModel: base, globalModel: global, strategy: { name: 'fedavg' }, opened: 1, deadline: 2, closed: 2 },
    entries: [1, 2].map((of) => ({ slot: of, ...included, ...named })),
  };
  const manifest = keep(encodeManifest(document));
  const entries = updates.map((update, i) => ({ slot: slot(i + 1), ...included, update, samples: 10 }));
  const told = { round: round(1), state: 'anchored' as const, outcome: 1, base, global, manifest, transaction };
  const attempt = { ...told, block: 7, opened: instant(1), deadline: instant(2), closed: instant(2), tasks: [] };
  const account = address(`0x${'88'.repeat(20)}`);
  const common = { id: study, name: 'x', plan, operator: account, coordinator: account };
  const detail: StudyDetail = {
    ...{ ...common, state: 'closed', paused: false, completed: 1, rounds: 1, openedAt: instant(1) },
    ...{ minIncluded: 2, initialModel: base, model: global, attempts: [attempt] },
  };
  const record = { round: 1, outcome: OUTCOME.COMPLETED, baseModel: base, globalModel: global, manifest, entries };
  const rounds = [{ ...record, recordHash: hex('99'), head: hex('aa'), transaction, block: 7, time: 3 }];
  const history = { study, faults: [], verified: true, rounds } as unknown as CheckedHistory;
  const files = { plan, base, global, update: updates[1], manifest, statement, receipt, report } as Record<
    string,
    Digest
  >;
  return { detail, history, stored: { models, updatesKept: true }, files, attempt };
}

describe('what was read back', () => {
  test('is equal when chain, coordinator and files agree', async () => {
    const { detail, history, stored } = await oneRound();
    expect(await differences(detail, history, stored)).toEqual([]);
  });

  test.each(['global', 'manifest', 'transaction', 'base'] as const)(
    'is not when the coordinator tells of another %s',
    async (field) => {
      const { detail, history, stored, attempt } = await oneRound();
      const altered = { ...detail, attempts: [{ ...attempt, [field]: hex('ee') }] };
      expect(await differences(altered, history, stored)).toHaveLength(1);
    },
  );

  test('is not when a record is missing on chain', async () => {
    const { detail, history, stored } = await oneRound();
    expect(await differences(detail, { ...history, rounds: [] }, stored)).not.toEqual([]);
  });

  test("is not when the ledger's storage does not bear out its events", async () => {
    const { detail, history, stored } = await oneRound();
    expect(await differences(detail, { ...history, verified: false }, stored)).toHaveLength(1);
  });

  const kinds = ['plan', 'base', 'global', 'update', 'manifest', 'statement', 'receipt', 'report'];
  const ways = [
    ['altered', (path: string) => appendFileSync(path, 'x')],
    ['missing', (path: string) => rmSync(path)],
  ] as const;
  test.each(kinds.flatMap((kind) => ways.map(([how, harm]) => [kind, how, harm] as const)))(
    'is not when the stored %s is %s',
    async (kind, _, harm) => {
      const { detail, history, stored, files } = await oneRound();
      harm(storedAt(stored.models, files[kind] as Digest));
      await expect(requireEqual(detail, history, stored)).rejects.toMatchObject({ code: 'RUN_FAILED' });
    },
  );

  test('is equal without the updates where the plan keeps none', async () => {
    const { detail, history, stored, files } = await oneRound();
    rmSync(storedAt(stored.models, files.update as Digest));
    await requireEqual(detail, history, { ...stored, updatesKept: false });
  });

  test('is not when a round is not anchored, or one fewer was completed than the plan wants', async () => {
    const { detail, history, stored, attempt } = await oneRound();
    const open = { ...detail, attempts: [{ ...attempt, state: 'recorded' as const }] };
    await expect(requireEqual(open, history, stored)).rejects.toMatchObject({ code: 'RUN_FAILED' });
    await expect(requireEqual({ ...detail, rounds: 2 }, history, stored)).rejects.toMatchObject({ code: 'RUN_FAILED' });
  });

  test('is not when the record says of a member what the manifest does not', async () => {
    const { detail, history, stored } = await oneRound();
    const [record] = history.rounds;
    const entries = record?.entries.map((entry) => ({ ...entry, reason: 6, status: STATUS.EXCLUDED }));
    const altered = { ...history, rounds: [{ ...record, entries }] } as unknown as CheckedHistory;
    expect(await differences(detail, altered, stored)).toHaveLength(1);
  });
});
