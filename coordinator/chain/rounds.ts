import { digest, instant } from '../../core/values.ts';
import { ledgerTopic } from './abi.ts';
import { decodeRoundRecorded, decodeUpdateRecorded } from './decode.ts';
import type { IndexedLog } from './index.sql.ts';
import type { ChainEntry, ChainRound } from './port.ts';

const ROUND_RECORDED = ledgerTopic('RoundRecorded');
const UPDATE_RECORDED = ledgerTopic('UpdateRecorded');

/** Records of one study, oldest first, from its logs in the chain's order. */
export function roundsOf(logs: readonly IndexedLog[]): ChainRound[] {
  const entries = new Map<number, ChainEntry[]>();
  for (const log of logs.filter(({ topics }) => topics[0] === UPDATE_RECORDED)) {
    const { round, study: _, ...entry } = decodeUpdateRecorded(log);
    entries.set(round, [...(entries.get(round) ?? []), entry]);
  }
  return logs
    .filter(({ topics }) => topics[0] === ROUND_RECORDED)
    .map((log) => {
      const { study: _, ...record } = decodeRoundRecorded(log);
      const block = { number: log.block, hash: digest(log.hash), timestamp: instant(log.timestamp) };
      return {
        ...record,
        transaction: digest(log.transaction),
        block,
        gasUsed: log.gas_used,
        entries: entries.get(record.round) ?? [],
      };
    });
}
