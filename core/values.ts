/**
 * Values that cross every room, branded so that a slot is never passed where a round is wanted.
 * All of them have one spelling: lower-case `0x` hex for bytes, plain numbers for counts.
 */
declare const brand: unique symbol;
type Brand<T, B extends string> = T & { readonly [brand]: B };

/** `0x` and 64 lower-case hex digits: a SHA-256 or keccak-256 digest, or any other bytes32. */
export type Digest = Brand<`0x${string}`, 'Digest'>;
/** A study's id on the ledger: keccak256(abi.encode(chainid, ledger, operator, plan, salt)). */
export type StudyId = Digest;
/** `0x` and 40 lower-case hex digits (never the mixed-case checksum form). */
export type Address = Brand<`0x${string}`, 'Address'>;
/** r‖s‖v, 65 bytes, as `0x` and 130 lower-case hex digits. */
export type Signature = Brand<`0x${string}`, 'Signature'>;
/** A member's number on chain, 1 … 65535, never reused. */
export type Slot = Brand<number, 'Slot'>;
/** A round's number within its study, from 1, never reused. */
export type Round = Brand<number, 'Round'>;
/** Unix seconds. */
export type Instant = Brand<number, 'Instant'>;

const DIGEST = /^0x[0-9a-f]{64}$/;
/** Each byte's two digits. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const ADDRESS = /^0x[0-9a-f]{40}$/;

export const ZERO_DIGEST = `0x${'0'.repeat(64)}` as Digest;
export const ZERO_ADDRESS = `0x${'0'.repeat(40)}` as Address;

export function isDigest(value: unknown): value is Digest {
  return typeof value === 'string' && DIGEST.test(value);
}

/** @throws RangeError when `value` is not 0x and 64 hex digits (upper case is lowered). */
export function digest(value: string): Digest {
  const lower = value.toLowerCase();
  if (!DIGEST.test(lower)) throw new RangeError(`not a 32-byte digest as 0x-hex: ${JSON.stringify(value)}`);
  return lower as Digest;
}

/** @throws RangeError when `value` is not 0x and 40 hex digits (checksum spelling is lowered). */
export function address(value: string): Address {
  const lower = value.toLowerCase();
  if (!ADDRESS.test(lower)) throw new RangeError(`not a 20-byte address as 0x-hex: ${JSON.stringify(value)}`);
  return lower as Address;
}

/** @throws RangeError outside 1 … 65535. */
export function slot(value: number): Slot {
  if (!Number.isInteger(value) || value < 1 || value > 0xffff) throw new RangeError(`not a slot: ${value}`);
  return value as Slot;
}

/** @throws RangeError outside 1 … 2^32 − 1. */
export function round(value: number): Round {
  if (!Number.isInteger(value) || value < 1 || value > 0xffff_ffff) throw new RangeError(`not a round: ${value}`);
  return value as Round;
}

/** @throws RangeError when not a whole, non-negative number of seconds. */
export function instant(seconds: number): Instant {
  if (!Number.isSafeInteger(seconds) || seconds < 0) throw new RangeError(`not Unix seconds: ${seconds}`);
  return seconds as Instant;
}

export function bytesToHex(bytes: Uint8Array): `0x${string}` {
  let hex: `0x${string}` = '0x';
  for (const byte of bytes) hex += HEX[byte];
  return hex;
}

/** @throws RangeError on anything but 0x and an even number of hex digits. */
export function hexToBytes(hex: string): Uint8Array {
  if (!/^0x([0-9a-fA-F]{2})*$/.test(hex)) throw new RangeError(`not 0x-hex: ${JSON.stringify(hex.slice(0, 80))}`);
  const bytes = new Uint8Array(hex.length / 2 - 1);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i + 2, 2 * i + 4), 16);
  return bytes;
}

/** @throws DOMException on anything but base64 (RFC 4648, section 4) */
export function base64ToBytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** One after the other, in memory of its own. */
export function concatBytes(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** The name under which a stored file lives: the digest's 64 hex digits, without `0x`. */
export function fileName(of: Digest): string {
  return of.slice(2);
}
