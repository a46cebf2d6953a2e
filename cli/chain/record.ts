import { ledgerAbi, ledgerTopic } from '../../coordinator/chain/abi.ts';
import { allLogs } from '../../coordinator/chain/allLogs.ts';
import { decodeRoundRecorded, decodeUpdateRecorded } from '../../coordinator/chain/decode.ts';
import { blockAt } from '../../coordinator/chain/node.ts';
import type { ChainEntry } from '../../coordinator/chain/port.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { encodeEntries, type RoundRecord, recordHash } from '../../core/statements/ledger.ts';
import { type Address, type Digest, digest, type Instant, type StudyId, ZERO_DIGEST } from '../../core/values.ts';
import type { ChainLine } from './connectChain.ts';
import { read } from './read.ts';

/** A round's record with all that its hash was made of. */
export interface RoundOnChain extends Omit<RoundRecord, 'entries' | 'timestamp'> {
  /** Time of the record's block. */
  readonly timestamp: Instant;
  readonly entries: readonly ChainEntry[];
  readonly recordHash: Digest;
}

/**
 * A record from the ledger's events, held against the hash that the ledger stores. Null while the round has none.
 *
 * @throws SyndicError DIGEST_MISMATCH when events and storage do not agree, CHAIN_UNAVAILABLE
 */
export async function readRecord(
  { rpc, provider }: ChainLine,
  ledger: Address,
  study: StudyId,
  round: number,
): Promise<RoundOnChain | null> {
  const { number: to } = await blockAt(rpc, 'latest');
  const contract = { abi: ledgerAbi, address: ledger };
  const stored = digest((await read(provider, contract, 'recordHash', [study, round], to))[0]);
  if (stored === ZERO_DIGEST) return null;
  const events = async (name: string) =>
    await allLogs(rpc, { from: 0, to, addresses: [ledger], topics: [ledgerTopic(name), study, numberTopic(round)] });
  const [log] = await events('RoundRecorded');
  if (log === undefined) throw disagreement(study, round, 'there is no event of it');
  const { outcome, baseModel, globalModel, manifest } = decodeRoundRecorded(log);
  const entries = (await events('UpdateRecorded')).map((one): ChainEntry => {
    const { study: _, round: __, ...entry } = decodeUpdateRecorded(one);
    return entry;
  });
  const { timestamp } = await blockAt(rpc, log.blockNumber);
  const record = { study, round, outcome, baseModel, globalModel, manifest, timestamp };
  const made = recordHash({ ...record, entries: encodeEntries(entries) });
  if (made !== stored) throw disagreement(study, round, `its events make it ${made}`);
  return { ...record, entries, recordHash: stored };
}

export function numberTopic(value: number): Digest {
  return digest(`0x${value.toString(16).padStart(64, '0')}`);
}

function disagreement(study: StudyId, round: number, what: string): SyndicError {
  return new SyndicError(
    'DIGEST_MISMATCH',
    `the ledger stores a record of round ${round} of study ${study}, and ${what}: the node that answered is broken or lies, ask another one`,
    { study, round },
  );
}
