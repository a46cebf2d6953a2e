import { Interface, type Result } from 'ethers/abi';
import { RoundLedger } from '../contracts/generated/RoundLedger.ts';
import { SyndicError } from '../core/errors/SyndicError.ts';
import { type Entry, isEntryStatus, type Outcome } from '../core/statements/ledger.ts';
import { type Digest, digest, type Slot, slot } from '../core/values.ts';
import type { ChainLog } from './port.ts';

const abi = new Interface(RoundLedger.abi);

/** The first topic of one of the ledger's events. */
export function ledgerTopic(event: string): Digest {
  const fragment = abi.getEvent(event);
  if (fragment === null) throw new RangeError(`the ledger has no event ${event}`);
  return digest(fragment.topicHash);
}

/**
 * The fields of one of the ledger's events, by name.
 *
 * @throws Error when no ledger would spell it so: ethers itself passes over bits above a number's, and bytes behind the end
 */
export function decodeLog(event: string, { topics, data }: Pick<ChainLog, 'topics' | 'data'>): Result {
  const fields = abi.decodeEventLog(event, data, [...topics]);
  const again = abi.encodeEventLog(event, [...fields]);
  if (again.data === data.toLowerCase() && again.topics.join() === topics.join().toLowerCase()) return fields;
  throw new RangeError(`a ${event} that is spelt otherwise than a contract does`);
}

/** One slot's line in a round's record. */
export interface SlotEntry extends Entry {
  readonly slot: Slot;
}

/** What `UpdateRecorded` tells. @throws SyndicError CHAIN_UNAVAILABLE */
export function decodeEntry(log: Pick<ChainLog, 'topics' | 'data'>): {
  readonly round: number;
  readonly entry: SlotEntry;
} {
  const event = decodeLog('UpdateRecorded', log);
  const status = Number(event.status);
  if (!isEntryStatus(status)) throw new SyndicError('CHAIN_UNAVAILABLE', `the node tells of entry status ${status}`);
  const entry = {
    slot: slot(Number(event.slot)),
    status,
    reason: Number(event.reason),
    update: digest(event.update),
    samples: Number(event.samples),
  };
  return { round: Number(event.round), entry };
}

/** @throws SyndicError CHAIN_UNAVAILABLE */
export function decodeOutcome(told: unknown): Outcome {
  const value = Number(told);
  if (value === 1 || value === 2 || value === 3) return value;
  throw new SyndicError('CHAIN_UNAVAILABLE', `the node tells of outcome ${value}`);
}
