import { describe, expect, test } from '@jest/globals';
import { concat, id, keccak256, toBeHex } from 'ethers';
import fc from 'fast-check';
import {
  closeHash,
  decodeEntries,
  type Entry,
  encodeEntries,
  extendHead,
  noteHash,
  noteKind,
  OUTCOME,
  REASON,
  recordHash,
  STATUS,
  startHash,
  studyHead,
  TAGS,
} from '../../../../core/statements/ledger.ts';
import { address, bytesToHex, digest, hexToBytes, ZERO_DIGEST } from '../../../../core/values.ts';
import { thrown } from '../thrown.ts';

const d = (byte: number) => digest(toBeHex(byte, 32));
const word = (value: string | number | bigint) => toBeHex(BigInt(value), 32);
const hashOf = (...values: (string | number | bigint)[]) => keccak256(concat(values.map(word)));
const ledger = address(toBeHex(0xaa, 20));

const entry = fc
  .record({
    status: fc.constantFrom(STATUS.ABSENT, STATUS.INCLUDED, STATUS.EXCLUDED, STATUS.NOT_SELECTED),
    reason: fc.integer({ min: 0, max: 255 }),
    update: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => digest(bytesToHex(bytes))),
    samples: fc.oneof(fc.integer({ min: 0, max: 2 ** 40 - 1 }), fc.constantFrom(2 ** 32 - 1, 2 ** 32, 2 ** 40 - 1)),
  })
  .map((e) =>
    e.status === STATUS.INCLUDED || e.status === STATUS.EXCLUDED ? e : { ...e, update: ZERO_DIGEST, samples: 0 },
  );
const roster = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 65_535 }), entry), { selector: ([slot]) => slot, maxLength: 12 })
  .map((list): Entry[] => list.toSorted(([a], [b]) => a - b).map(([slot, rest]) => ({ slot, ...rest })));

describe('entries', () => {
  test('are the update and one word each: samples << 32 | reason << 24 | status << 16 | slot', () => {
    fc.assert(
      fc.property(roster, (entries) => {
        const expected = entries.map((e) => {
          const packed =
            (BigInt(e.samples) << 32n) | (BigInt(e.reason) << 24n) | (BigInt(e.status) << 16n) | BigInt(e.slot);
          return concat([e.update, word(packed)]);
        });
        expect(bytesToHex(encodeEntries(entries))).toBe(concat(expected));
        expect(decodeEntries(encodeEntries(entries))).toEqual(entries);
      }),
      { seed: 1 },
    );
  });

  const good: Entry = { slot: 2, status: STATUS.INCLUDED, reason: REASON.NONE, update: d(1), samples: 5 };
  const absent: Entry = { slot: 3, status: STATUS.ABSENT, reason: REASON.NO_ANSWER, update: ZERO_DIGEST, samples: 0 };

  test.each<[string, Entry[], string]>([
    ['half a slot', [{ ...good, slot: 2.5 }], 'entry 0 (slot 2.5): slot is not 1 … 65535'],
    ['half a reason', [{ ...good, reason: 0.5 }], 'reason is not 0 … 255'],
    ['a reason below 0', [{ ...good, reason: -1 }], 'reason is not 0 … 255'],
    ['slot 0', [{ ...good, slot: 0 }], 'entry 0 (slot 0): slot is not 1 … 65535'],
    ['slot 65536', [{ ...good, slot: 65_536 }], 'slot is not 1 … 65535'],
    ['a slot twice', [good, good], 'entry 1 (slot 2): slots must ascend, and it follows 2'],
    ['slots that descend', [{ ...good, slot: 9 }, good], 'slots must ascend, and it follows 9'],
    ['samples of 2^40', [{ ...good, samples: 2 ** 40 }], 'samples is not 0 … 2^40 − 1'],
    ['samples below 0', [{ ...good, samples: -1 }], 'samples is not'],
    ['half a sample', [{ ...good, samples: 0.5 }], 'samples is not'],
    ['reason 256', [{ ...good, reason: 256 }], 'reason is not 0 … 255'],
    ['status 4', [{ ...good, status: 4 as never }], 'status 4 is unknown'],
    ['an update that is no digest', [{ ...good, update: '0x1' as never }], 'update is not a digest'],
    ['an absent slot with samples', [{ ...absent, samples: 1 }], 'absent and not selected have'],
    ['an absent slot with an update', [{ ...absent, update: d(1) }], 'absent and not selected have'],
    [
      'a slot not selected with an update',
      [{ ...absent, status: STATUS.NOT_SELECTED, update: d(1) }],
      'absent and not',
    ],
  ])('are not written with %s', (_, entries, why) => {
    const { code, message } = thrown(() => encodeEntries(entries));
    expect([code, message]).toEqual(['DOCUMENT_INVALID', expect.stringContaining(why)]);
    expect(message).toMatch(/^round entries are malformed: /);
  });

  test('are not read with bits above 72, an unknown status, or a length that is not a multiple of 64', () => {
    const bytes = encodeEntries([good, absent]);
    for (let at = 32; at < 55; at++) {
      const bad = Uint8Array.from(bytes);
      bad[at] = 1;
      expect(thrown(() => decodeEntries(bad)).message).toContain('entry 0 has bits above 72');
    }
    const status = Uint8Array.from(bytes);
    status[61] = 4;
    expect(thrown(() => decodeEntries(status)).message).toContain('entry 0 has status 4');
    expect(thrown(() => decodeEntries(bytes.subarray(1))).message).toContain('127 bytes are not a multiple of 64');
    const swapped = new Uint8Array([...bytes.subarray(64), ...bytes.subarray(0, 64)]);
    expect(thrown(() => decodeEntries(swapped)).message).toContain('ascend');
  });

  test('may be none', () => {
    expect(decodeEntries(encodeEntries([]))).toEqual([]);
  });
});

describe('the head', () => {
  test('has the tags that the design names', () => {
    expect(TAGS).toEqual({
      STUDY: id('syndic.study.v1'),
      ROUND: id('syndic.round.v1'),
      START: id('syndic.start.v1'),
      NOTE: id('syndic.note.v1'),
      CLOSE: id('syndic.close.v1'),
    });
  });

  test('starts from the study, and each hash extends it', () => {
    const head = studyHead(31_337, ledger, d(1), d(2), d(3));
    expect(head).toBe(hashOf(id('syndic.study.v1'), 31_337, ledger, d(1), d(2), d(3)));
    expect(extendHead(head, d(4))).toBe(hashOf(head, d(4)));
  });

  test('takes records word by word', () => {
    const entries = encodeEntries([{ slot: 1, status: STATUS.ABSENT, reason: 1, update: ZERO_DIGEST, samples: 0 }]);
    const record = {
      study: d(1),
      round: 7,
      outcome: OUTCOME.FAILED,
      baseModel: d(2),
      globalModel: d(2),
      manifest: d(3),
      timestamp: 1_790_000_000,
      entries,
    };
    expect(recordHash(record)).toBe(
      hashOf(id('syndic.round.v1'), d(1), 7, 2, d(2), d(2), d(3), 1_790_000_000, keccak256(entries)),
    );
  });

  test('takes starts over the packed slots, notes and closes', () => {
    const packed = keccak256(hexToBytes('0x00010100ffff'));
    expect(startHash(d(1), [1, 256, 65_535], 5)).toBe(hashOf(id('syndic.start.v1'), d(1), packed, 5));
    const kind = noteKind('survivors');
    expect(kind).toBe(id('survivors'));
    expect(noteHash(d(1), kind, d(2), 5)).toBe(hashOf(id('syndic.note.v1'), d(1), kind, d(2), 5));
    expect(closeHash(d(1), OUTCOME.ABORTED, 5)).toBe(hashOf(id('syndic.close.v1'), d(1), 3, 5));
  });

  test('has the numbers that stand on chain', () => {
    expect(STATUS).toEqual({ ABSENT: 0, INCLUDED: 1, EXCLUDED: 2, NOT_SELECTED: 3 });
    expect(OUTCOME).toEqual({ COMPLETED: 1, FAILED: 2, ABORTED: 3 });
    expect(Object.values(REASON)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });
});
