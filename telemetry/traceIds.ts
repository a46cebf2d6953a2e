import { sha256 } from '../core/sha256.ts';
import type { Place } from './port.ts';

/** 32 hex digits: the trace of a round. */
export function traceIdOf({ study, round }: Place): string {
  return hashed(`syndic.trace/1 ${study} ${round}`, 32);
}

/** 16 hex digits: the span of a member's update, or of the round itself. */
export function spanIdOf({ study, round, slot }: Place): string {
  return hashed(`syndic.span/1 ${study} ${round} ${slot ?? 'round'}`, 16);
}

/** All zeros, which the W3C's format forbids, is as likely as any other digest: never. */
function hashed(text: string, digits: number): string {
  return sha256(new TextEncoder().encode(text)).slice(2, 2 + digits);
}
