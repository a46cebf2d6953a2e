import { type ErrorDescription, Interface } from 'ethers';
import { Consortium } from '../../contracts/generated/Consortium.ts';
import { DataUse } from '../../contracts/generated/DataUse.ts';
import { RoundLedger } from '../../contracts/generated/RoundLedger.ts';
import { Verdicts } from '../../contracts/generated/Verdicts.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';

/** A contract's custom error: `GrantNotLive` and its arguments as text. */
export interface ContractError {
  readonly name: string;
  readonly args: readonly string[];
}

const interfaces = [RoundLedger, DataUse, Consortium, Verdicts].map(({ abi }) => new Interface(abi));

/**
 * What a contract said when it refused. `Error` and `Panic` are Solidity's own; data that none of the contracts knows
 * is `Unknown` with the data, and no data at all `Reverted`.
 */
export function decodeRevert(data: string): ContractError {
  if (data === '0x') return { name: 'Reverted', args: [] };
  for (const contract of interfaces) {
    const parsed = parse(contract, data);
    if (parsed !== null) return { name: parsed.name, args: parsed.args.map((arg: unknown) => textOf(arg)) };
  }
  return { name: 'Unknown', args: [data] };
}

/** The CHAIN_REVERTED error of something that ethers threw; null when no contract refused there. */
export function revertOf(thrown: unknown): SyndicError | null {
  const data = dataOf(thrown);
  return data === null ? null : revertError(decodeRevert(data));
}

export function revertError(error: ContractError): SyndicError {
  const call = `${error.name}(${error.args.join(', ')})`;
  return new SyndicError('CHAIN_REVERTED', `the contract refused the call: ${call}`, { error });
}

/** The contract's error in what a call threw; null when it is another kind of fault. */
export function contractErrorOf(thrown: unknown): ContractError | null {
  if (!(thrown instanceof SyndicError) || thrown.code !== 'CHAIN_REVERTED') return null;
  const { error } = thrown.details;
  if (typeof error !== 'object' || error === null || !('name' in error) || !('args' in error)) return null;
  return { name: String(error.name), args: Array.isArray(error.args) ? error.args.map(String) : [] };
}

function parse(contract: Interface, data: string): ErrorDescription | null {
  try {
    return contract.parseError(data);
  } catch {
    // The selector is known and its arguments do not decode: not this contract's.
    return null;
  }
}

function textOf(arg: unknown): string {
  return typeof arg === 'string' && arg.startsWith('0x') ? arg.toLowerCase() : String(arg);
}

function dataOf(thrown: unknown): string | null {
  if (typeof thrown !== 'object' || thrown === null) return null;
  const { code, data, info, error } = thrown as { code?: unknown; data?: unknown; info?: unknown; error?: unknown };
  if (code === 'CALL_EXCEPTION') return typeof data === 'string' ? data : '0x';
  const answer = (info as { error?: unknown } | undefined)?.error ?? error;
  const message = (answer as { message?: unknown } | undefined)?.message;
  return typeof message === 'string' && /revert/i.test(message) ? '0x' : null;
}
