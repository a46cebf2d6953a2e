import { SyndicError } from '../errors/SyndicError.ts';
import { bytesToHex, type Digest, digest, hexToBytes, isDigest, ZERO_DIGEST } from '../values.ts';

/** What became of a roster slot in a round. */
export const STATUS = { ABSENT: 0, INCLUDED: 1, EXCLUDED: 2, NOT_SELECTED: 3 } as const;
export type EntryStatus = (typeof STATUS)[keyof typeof STATUS];

/** How a round or a study ended. */
export const OUTCOME = { COMPLETED: 1, FAILED: 2, ABORTED: 3 } as const;
export type Outcome = (typeof OUTCOME)[keyof typeof OUTCOME];

/** Why an entry is not included. Later versions append. */
export const REASON = {
  NONE: 0,
  NO_ANSWER: 1,
  REFUSED_AT_INTAKE: 2,
  AFTER_DEADLINE: 3,
  GRANT_ENDED: 4,
  /** A key revoked, or the member suspended. */
  KEY_REVOKED: 5,
  BY_OPERATOR: 6,
  ROUND_FAILED: 7,
  ROUND_ABORTED: 8,
} as const;
/** 0 … 255; those of today are named in `REASON`. */
export type Reason = number;

/** One slot's line in a round's record. */
export interface Entry {
  readonly slot: number;
  readonly status: EntryStatus;
  readonly reason: Reason;
  /** SHA-256 of the update file; zero when absent or not selected. */
  readonly update: Digest;
  /** Training rows declared, below 2^40; zero when absent or not selected. */
  readonly samples: number;
}

export const ENTRY_BYTES = 64;
const SAMPLES_LIMIT = 2 ** 40;

export function isEntryStatus(value: number): value is EntryStatus {
  return value === 0 || value === 1 || value === 2 || value === 3;
}

/**
 * The `entries` of `recordRound`: per entry the 32 bytes of `update`, then
 * `samples << 32 | reason << 24 | status << 16 | slot` as 32 bytes big-endian.
 *
 * @throws SyndicError DOCUMENT_INVALID when slots do not ascend or a field is out of range
 */
export function encodeEntries(entries: readonly Entry[]): Uint8Array {
  checkEntries(entries);
  const out = new Uint8Array(entries.length * ENTRY_BYTES);
  const view = new DataView(out.buffer);
  entries.forEach((entry, i) => {
    const at = i * ENTRY_BYTES;
    out.set(hexToBytes(entry.update), at);
    // The word's last 9 bytes: 5 of samples, then reason, status and two of slot.
    view.setUint8(at + 55, Math.floor(entry.samples / 2 ** 32));
    view.setUint32(at + 56, entry.samples % 2 ** 32);
    view.setUint8(at + 60, entry.reason);
    view.setUint8(at + 61, entry.status);
    view.setUint16(at + 62, entry.slot);
  });
  return out;
}

/** The reverse of `encodeEntries`. @throws SyndicError DOCUMENT_INVALID on anything that it would not write */
export function decodeEntries(bytes: Uint8Array): Entry[] {
  if (bytes.byteLength % ENTRY_BYTES !== 0) {
    throw malformed(`${bytes.byteLength} bytes are not a multiple of ${ENTRY_BYTES}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: Entry[] = [];
  for (let at = 0; at < bytes.byteLength; at += ENTRY_BYTES) {
    if (bytes.subarray(at + 32, at + 55).some((byte) => byte !== 0)) {
      throw malformed(`entry ${entries.length} has bits above 72`);
    }
    const status = view.getUint8(at + 61);
    if (!isEntryStatus(status)) throw malformed(`entry ${entries.length} has status ${status}`);
    entries.push({
      slot: view.getUint16(at + 62),
      status,
      reason: view.getUint8(at + 60),
      update: digest(bytesToHex(bytes.subarray(at, at + 32))),
      samples: view.getUint8(at + 55) * 2 ** 32 + view.getUint32(at + 56),
    });
  }
  checkEntries(entries);
  return entries;
}

function checkEntries(entries: readonly Entry[]): void {
  let last = 0;
  entries.forEach((entry, i) => {
    const fault = faultOf(entry, last);
    if (fault !== null) throw malformed(`entry ${i} (slot ${entry.slot}): ${fault}`);
    last = entry.slot;
  });
}

function faultOf(entry: Entry, last: number): string | null {
  if (!Number.isInteger(entry.slot) || entry.slot < 1 || entry.slot > 0xffff) return 'slot is not 1 … 65535';
  if (entry.slot <= last) return `slots must ascend, and it follows ${last}`;
  if (!isEntryStatus(entry.status)) return `status ${entry.status} is unknown`;
  if (!Number.isInteger(entry.reason) || entry.reason < 0 || entry.reason > 0xff) return 'reason is not 0 … 255';
  if (!Number.isInteger(entry.samples) || entry.samples < 0 || entry.samples >= SAMPLES_LIMIT) {
    return 'samples is not 0 … 2^40 − 1';
  }
  if (!isDigest(entry.update)) return 'update is not a digest';
  const empty = entry.status === STATUS.ABSENT || entry.status === STATUS.NOT_SELECTED;
  if (empty && (entry.update !== ZERO_DIGEST || entry.samples !== 0)) {
    return 'absent and not selected have update and samples 0';
  }
  return null;
}

function malformed(what: string): SyndicError {
  return new SyndicError('DOCUMENT_INVALID', `round entries are malformed: ${what}`);
}
