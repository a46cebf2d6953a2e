import { describe, expect, test } from '@jest/globals';
import { keccak256 } from 'ethers';
import { decodeManifest, encodeManifest, type Manifest } from '../../../core/manifest/Manifest.ts';
import { sha256 } from '../../../core/sha256.ts';
import {
  closeHash,
  decodeEntries,
  type Entry,
  encodeEntries,
  extendHead,
  noteHash,
  noteKind,
  type Outcome,
  recordHash,
  startHash,
  studyHead,
  TAGS,
} from '../../../core/statements/ledger.ts';
import { studyId } from '../../../core/statements/studyId.ts';
import { type Address, bytesToHex, type Digest, hexToBytes, type StudyId } from '../../../core/values.ts';
import { readVectors } from '../../support/vectors.ts';

interface StepBase {
  time: number;
  hash: Digest;
  head: Digest;
}
interface RecordStep extends StepBase {
  kind: 'record';
  round: number;
  outcome: Outcome;
  baseModel: Digest;
  globalModel: Digest;
  manifest: Digest;
  entries: Entry[];
  encodedEntries: string;
  entriesHash: string;
}
type CloseStep = StepBase & { kind: 'close'; outcome: Outcome };
type Step =
  | RecordStep
  | CloseStep
  | (StepBase & { kind: 'start'; slots: number[] })
  | (StepBase & { kind: 'note'; noteKind: Digest; kindName: string; digest: Digest });

const vectors = readVectors<{
  tags: Record<'study' | 'round' | 'start' | 'note' | 'close', Digest>;
  opened: {
    chainId: number;
    ledger: Address;
    operator: Address;
    plan: Digest;
    salt: Digest;
    initialModel: Digest;
    study: StudyId;
    head: Digest;
  };
  steps: Step[];
  closes: CloseStep[];
  manifest: { value: Manifest; canonical: string; sha256: Digest };
}>('ledger');

const { opened, steps, closes } = vectors;
const records = steps.filter((step): step is RecordStep => step.kind === 'record');

function hashOf(step: Step): Digest {
  switch (step.kind) {
    case 'start':
      return startHash(opened.study, step.slots, step.time);
    case 'note':
      return noteHash(opened.study, step.noteKind, step.digest, step.time);
    case 'close':
      return closeHash(opened.study, step.outcome, step.time);
    case 'record':
      return recordHash({
        study: opened.study,
        round: step.round,
        outcome: step.outcome,
        baseModel: step.baseModel,
        globalModel: step.globalModel,
        manifest: step.manifest,
        timestamp: step.time,
        entries: encodeEntries(step.entries),
      });
  }
}

describe('a study on the ledger', () => {
  test('has this id and opens with this head', () => {
    const { chainId, ledger, operator, plan, salt, initialModel, study, head } = opened;
    expect(studyId(chainId, ledger, operator, plan, salt)).toBe(study);
    expect(studyHead(chainId, ledger, study, plan, initialModel)).toBe(head);
  });

  test('uses these tags', () => {
    const { study, round, start, note, close } = vectors.tags;
    expect(TAGS).toEqual({ STUDY: study, ROUND: round, START: start, NOTE: note, CLOSE: close });
  });

  test.each(steps)('hashes a $kind at $time so', (step) => {
    expect(hashOf(step)).toBe(step.hash);
    if (step.kind === 'note') expect(noteKind(step.kindName)).toBe(step.noteKind);
  });

  test('ends with the head that every step extended', () => {
    let head = opened.head;
    for (const step of steps) {
      head = extendHead(head, hashOf(step));
      expect(head).toBe(step.head);
    }
  });

  test.each(closes)('closes with outcome $outcome so', (step) => {
    expect(hashOf(step)).toBe(step.hash);
    expect(extendHead(opened.head, step.hash)).toBe(step.head);
  });
});

describe('entries', () => {
  test.each(records)('of round $round have these bytes', (record) => {
    const bytes = encodeEntries(record.entries);
    expect(bytesToHex(bytes)).toBe(record.encodedEntries);
    expect(keccak256(bytes)).toBe(record.entriesHash);
    expect(decodeEntries(hexToBytes(record.encodedEntries))).toEqual(record.entries);
  });

  test('of the vectors have every outcome, status and reason', () => {
    const entries = records.flatMap((record) => record.entries);
    expect(new Set(records.map(({ outcome }) => outcome))).toEqual(new Set([1, 2, 3]));
    expect(new Set(entries.map(({ status }) => status))).toEqual(new Set([0, 1, 2, 3]));
    expect(new Set(entries.map(({ reason }) => reason))).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8]));
  });
});

test('a manifest has these bytes and this digest', () => {
  const { value, canonical, sha256: wanted } = vectors.manifest;
  const bytes = encodeManifest(value);
  expect(new TextDecoder().decode(bytes)).toBe(canonical);
  expect(sha256(bytes)).toBe(wanted);
  expect(decodeManifest(bytes)).toEqual(value);
});
