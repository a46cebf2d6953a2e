import { Interface, type Result } from 'ethers';
import { Consortium } from '../../contracts/generated/Consortium.ts';
import { DataUse } from '../../contracts/generated/DataUse.ts';
import { RoundLedger } from '../../contracts/generated/RoundLedger.ts';
import { Verdicts } from '../../contracts/generated/Verdicts.ts';
import { type Digest, digest } from '../../core/values.ts';

export const consortiumAbi = new Interface(Consortium.abi);
export const dataUseAbi = new Interface(DataUse.abi);
export const ledgerAbi = new Interface(RoundLedger.abi);
export const verdictsAbi = new Interface(Verdicts.abi);

/** The first topic of one of the ledger's events. */
export function ledgerTopic(event: string): Digest {
  return topicOf(ledgerAbi, event);
}

/** The first topic of one of a contract's events. */
export function topicOf(abi: Interface, event: string): Digest {
  const fragment = abi.getEvent(event);
  if (fragment === null) throw new RangeError(`the contract has no event ${event}`);
  return digest(fragment.topicHash);
}

/** The fields of one of the ledger's events, by name. */
export function decodeLedgerEvent(
  event: string,
  log: { readonly topics: readonly string[]; readonly data: string },
): Result {
  return ledgerAbi.decodeEventLog(event, log.data, [...log.topics]);
}
