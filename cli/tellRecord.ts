import { OUTCOME, REASON, STATUS } from '../core/statements/ledger.ts';
import type { Slot } from '../core/values.ts';
import type { RoundOnChain } from './chain/record.ts';
import { nameOf } from './nameOf.ts';
import { isoTime } from './output.ts';

/** A record in plain words, a line each; with what it says of `own`. */
export function tellRecord(record: RoundOnChain, own: Slot): string[] {
  const { entries } = record;
  const counts = Object.values(STATUS)
    .map((status) => [entries.filter((entry) => entry.status === status).length, nameOf(STATUS, status)] as const)
    .filter(([count]) => count > 0);
  return [
    `  outcome       ${nameOf(OUTCOME, record.outcome)}, recorded ${isoTime(record.timestamp)}`,
    `  base model    ${record.baseModel}`,
    `  global model  ${record.globalModel}`,
    `  manifest      ${record.manifest}`,
    `  members       ${counts.map(([count, name]) => `${count} ${name}`).join(', ')}`,
    `  slot ${String(own).padEnd(7)}  ${tellEntry(record, own)}`,
    `  record hash   ${record.recordHash}`,
  ];
}

/** `included, 40 samples, update 0x…`. */
export function tellEntry({ entries }: RoundOnChain, slot: Slot): string {
  const entry = entries.find((one) => one.slot === slot);
  if (entry === undefined) return "not on the round's roster";
  const { status, reason, samples, update } = entry;
  const why = reason === 0 ? '' : ` (${nameOf(REASON, reason)})`;
  const given =
    status === STATUS.INCLUDED || status === STATUS.EXCLUDED ? `, ${samples} samples, update ${update}` : '';
  return `${nameOf(STATUS, status)}${why}${given}`;
}
