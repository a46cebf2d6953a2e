import { describe, expect, test } from '@jest/globals';
import type { ChainLog } from '../../../audit/port.ts';
import { replay } from '../../../audit/replay.ts';
import { ledgerAbi } from '../../../coordinator/chain/abi.ts';
import {
  closeHash,
  type Entry,
  encodeEntries,
  extendHead,
  noteHash,
  recordHash,
  STATUS,
  startHash,
  studyHead,
} from '../../../core/statements/ledger.ts';
import { studyId } from '../../../core/statements/studyId.ts';
import { address, type Digest, digest, ZERO_DIGEST } from '../../../core/values.ts';

const filled = (byte: string): Digest => digest(`0x${byte.repeat(32)}`);
const account = (byte: string) => address(`0x${byte.repeat(20)}`);
const [plan, initial, global] = [filled('02'), filled('03'), filled('04')];
const [kind, noted] = [filled('05'), filled('06')];
const ledger = account('aa');
const study = studyId(5, ledger, account('bb'), plan, ZERO_DIGEST);
const where = { chainId: 5, ledger, study };
const entries: Entry[] = [
  { slot: 1, status: STATUS.INCLUDED, reason: 0, update: filled('11'), samples: 10 },
  { slot: 3, status: STATUS.EXCLUDED, reason: 2, update: filled('13'), samples: 30 },
  { slot: 4, status: STATUS.ABSENT, reason: 1, update: ZERO_DIGEST, samples: 0 },
];

function log(event: string, values: readonly unknown[], time: number): ChainLog {
  const { topics, data } = ledgerAbi.encodeEventLog(event, [...values]);
  return { topics: topics as string[], data, transaction: filled('77'), block: time, time };
}

interface Story {
  readonly samples?: number;
  readonly manifest?: Digest;
  readonly base?: Digest;
  readonly recordTime?: number;
  readonly slots?: readonly number[];
  readonly outcome?: number;
  readonly head?: Digest;
}

/** An honest study's events; `lie` changes what is told without changing what was hashed. */
function tell(lie: Story = {}): ChainLog[] {
  const opened = studyHead(5, ledger, study, plan, initial);
  const started = extendHead(opened, startHash(study, [1, 3, 4], 20));
  const hash = recordHash({
    ...{ study, round: 1, outcome: 1, baseModel: initial, globalModel: global, manifest: plan },
    ...{ timestamp: 30, entries: encodeEntries(entries) },
  });
  const recorded = extendHead(started, hash);
  const afterNote = extendHead(recorded, noteHash(study, kind, noted, 40));
  const closed = extendHead(afterNote, closeHash(study, 1, 50));
  const told = entries.map((entry, i) => (i === 0 ? { ...entry, samples: lie.samples ?? entry.samples } : entry));
  const time = lie.recordTime ?? 30;
  const record = [1, lie.base ?? initial, global, lie.manifest ?? plan, hash, lie.head ?? recorded];
  return [
    log('StudyOpened', [study, account('bb'), account('cc'), plan, initial, 2, ZERO_DIGEST, opened], 10),
    log('StudyStarted', [study, lie.slots ?? [1, 3, 4], started], 20),
    ...told.map((e) => log('UpdateRecorded', [study, 1, e.slot, e.status, e.reason, e.update, e.samples], time)),
    log('RoundRecorded', [study, 1, ...record], time),
    log('Noted', [study, kind, noted, afterNote], 40),
    log('StudyClosed', [study, lie.outcome ?? 1, closed], 50),
  ];
}

describe('a study replayed from its events', () => {
  test('an honest one has no faults, and says everything that was told', () => {
    const history = replay(tell(), where);
    expect(history).toMatchObject({ study, plan, initialModel: initial, started: [1, 3, 4], outcome: 1, faults: [] });
    expect(history?.closedAt).toBe(50);
    expect(history?.rounds[0]?.entries).toEqual(entries);
    expect(history?.notes).toMatchObject([{ kind, digest: noted }]);
  });

  test.each<[string, Story]>([
    ['samples', { samples: 11 }],
    ['manifest', { manifest: filled('99') }],
    ['base model', { base: filled('99') }],
    ['time', { recordTime: 31 }],
    ['roster', { slots: [1, 3] }],
    ['outcome', { outcome: 2 }],
    ['head', { head: filled('99') }],
  ])('a changed %s is a fault', (_, lie) => {
    expect(replay(tell(lie), where)?.faults).not.toEqual([]);
  });

  test.each([0, 1, 2, 5, 6, 7])('event %i left out is a fault, or no study at all', (gone) => {
    const rest = tell().filter((_, i) => i !== gone);
    const history = replay(rest, where);
    if (gone === 0) expect(history).toBeNull();
    else if (gone === 7) expect(history).toMatchObject({ outcome: null, closedAt: null });
    else expect(history?.faults).not.toEqual([]);
  });

  test('another chain or ledger makes another head', () => {
    expect(replay(tell(), { ...where, chainId: 6 })?.faults).not.toEqual([]);
    expect(replay(tell(), { ...where, ledger: account('ab') })?.faults).not.toEqual([]);
  });

  test('no events are no study', () => {
    expect(replay([], where)).toBeNull();
  });
});
