import { describe, expect, test } from '@jest/globals';
import { address, type Digest, digest, instant, type StudyId } from '../../../core/values.ts';
import { heldReceipts } from '../../../worker/heldReceipts.ts';
import { openJournal } from '../../../worker/journal/file.ts';
import type { Journal } from '../../../worker/journal/port.ts';
import type { SiteStudy } from '../../../worker/policy/ethereum.ts';
import { temporaryFolders } from '../../support/temporaryFolder.ts';

const folder = temporaryFolders();
const hex = (byte: string): Digest => digest(`0x${byte.repeat(32)}`);

/** What a worker keeps of a round that it delivered. */
async function deliver(journal: Journal, study: StudyId, round: number, receipt = `receipt ${round}`): Promise<void> {
  const keep = (text: string) => journal.keep(Buffer.from(text));
  const update = await keep(`update ${round}`);
  const documents = { statement: await keep(`statement ${round}`), report: await keep(`report ${round}`) };
  const common = { at: instant(1), study, round, update };
  const facts = { plan: hex('22'), baseModel: hex('33'), dataset: hex('44'), samples: 7, length: 8 };
  await journal.append({ type: 'prepared', ...common, ...facts, ...documents });
  await journal.append({ type: 'accepted', ...common, receipt: await keep(receipt) });
}

function chain(studies: ReadonlyMap<StudyId, Partial<SiteStudy>>) {
  const common = { coordinator: address(`0x${'aa'.repeat(20)}`), minIncluded: 2, plan: hex('22'), model: hex('33') };
  return {
    study: async (id: StudyId): Promise<SiteStudy | null> => {
      const study = studies.get(id);
      return study === undefined ? null : { ...common, open: true, lastRound: 0, ...study };
    },
  };
}

const text = async (source: AsyncIterable<Uint8Array>) => {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return Buffer.concat(parts).toString();
};

describe('the receipts that a site holds', () => {
  test('are the newest of each study that is open on chain, also after a restart', async () => {
    const dir = await folder();
    const first = await openJournal(dir);
    for (const round of [1, 2]) await deliver(first, hex('01'), round);
    await deliver(first, hex('02'), 1);
    await deliver(first, hex('03'), 1);
    await first.close();
    const journal = await openJournal(dir);
    const open = new Map([
      [hex('01'), { lastRound: 1 }],
      [hex('02'), { open: false }],
    ]);
    const held = await heldReceipts(journal, chain(open));
    expect(held).toHaveLength(1);
    const [one] = held;
    if (one === undefined) throw new Error('none');
    const { statement, report, receipt } = one;
    const words = [statement, report, receipt].map((bytes) => Buffer.from(bytes).toString());
    expect(words).toEqual(['statement 2', 'report 2', 'receipt 2']);
    expect(await text(one.open(0))).toBe('update 2');
    expect(await text(one.open(7))).toBe('2');
    await journal.close();
  });

  test('include one whose round stands in the newest record, which may not last, and none of before', async () => {
    const journal = await openJournal(await folder());
    await deliver(journal, hex('01'), 2);
    const at = (lastRound: number) => heldReceipts(journal, chain(new Map([[hex('01'), { lastRound }]])));
    expect(await at(2)).toHaveLength(1);
    expect(await at(3)).toEqual([]);
    await journal.close();
  });

  test('of a round that was promised twice are the first', async () => {
    const journal = await openJournal(await folder());
    await deliver(journal, hex('01'), 1);
    await deliver(journal, hex('01'), 1, 'another');
    const [held] = await heldReceipts(journal, chain(new Map([[hex('01'), {}]])));
    expect(Buffer.from(held?.receipt ?? []).toString()).toBe('receipt 1');
    await journal.close();
  });
});
