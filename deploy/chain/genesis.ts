import { encodeRlp } from 'ethers';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { type Address, address } from '../../core/values.ts';

/** What both kinds of chain are made from. */
interface GenesisOptions {
  /** EIP-155's number, which no other network that the members' keys are used on may have. */
  readonly chainId: number;
  /** Accounts that begin with ether; left out: the validators' own. Gas is free, but a base fee may rise from zero. */
  readonly funded?: readonly string[];
  /** Seconds between blocks; left out: 1. */
  readonly period?: number;
}

export interface CliqueOptions extends GenesisOptions {
  readonly sealers: readonly string[];
}

export interface QbftOptions extends GenesisOptions {
  readonly validators: readonly string[];
}

/** A genesis file, as go-ethereum and Besu read it. */
export interface Genesis {
  readonly config: Readonly<Record<string, unknown>>;
  readonly extraData: string;
  readonly alloc: Readonly<Record<Address, { readonly balance: string }>>;
  readonly [field: string]: unknown;
}

/** Two can deadlock for good, each waiting for the other's block (go-ethereum#18402). */
export const LEAST_SEALERS = 3;
/** 3f + 1 with f = 1: fewer could not lose one. */
export const LEAST_VALIDATORS = 4;

const GAS_LIMIT = 100_000_000;
/** Wei: a million ether, worth nothing anywhere else. */
const BALANCE = 10n ** 24n;
/** Blocks after which votes about validators lapse. */
const EPOCH = 30_000;
const ZERO_HASH = `0x${'0'.repeat(64)}`;
/** "Practical byzantine fault tolerance", the mix hash by which Besu knows a block of its kind. */
const BFT_MIX_HASH = '0x63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365';

/** Every fork up to London, and none after: the contracts are compiled for it, and Clique ends with it. */
const FORKS = {
  homesteadBlock: 0,
  eip150Block: 0,
  eip155Block: 0,
  eip158Block: 0,
  byzantiumBlock: 0,
  constantinopleBlock: 0,
  petersburgBlock: 0,
  istanbulBlock: 0,
  berlinBlock: 0,
  londonBlock: 0,
};

/**
 * The genesis of a Clique chain (EIP-225), for go-ethereum 1.13.
 *
 * @throws SyndicError CONFIG_INVALID when an address is none or stands twice, there are fewer than three sealers, or
 * the chain id or the period is no positive whole number
 * @example
 * JSON.stringify(cliqueGenesis({ chainId: 4711, sealers: ['0x…', '0x…', '0x…'] }))
 */
export function cliqueGenesis({ chainId, sealers, funded = sealers, period = 1 }: CliqueOptions): Genesis {
  const sorted = validatorsIn(sealers, LEAST_SEALERS, 'Clique', 'two can wait for each other for ever');
  const names = sorted.map((one) => one.slice(2)).join('');
  return {
    config: {
      chainId: positive('the chain id', chainId),
      ...FORKS,
      clique: { period: positive('the period', period), epoch: EPOCH },
    },
    ...header({ mixHash: ZERO_HASH }),
    // EIP-225: 32 bytes for whoever likes to write there, the sealers ascending, 65 for a seal.
    extraData: `0x${'00'.repeat(32)}${names}${'00'.repeat(65)}`,
    alloc: allocation(funded),
  };
}

/**
 * The genesis of a QBFT chain, for Besu, with a base fee that stays zero.
 *
 * @throws SyndicError CONFIG_INVALID as `cliqueGenesis`, or when there are fewer than four validators
 */
export function qbftGenesis({ chainId, validators, funded = validators, period = 1 }: QbftOptions): Genesis {
  const sorted = validatorsIn(validators, LEAST_VALIDATORS, 'QBFT', 'three stand still as soon as one is away');
  return {
    config: {
      chainId: positive('the chain id', chainId),
      ...FORKS,
      zeroBaseFee: true,
      qbft: {
        blockperiodseconds: positive('the period', period),
        epochlength: EPOCH,
        // Besu's documentation: twice the block period; a second would be short across the internet.
        requesttimeoutseconds: Math.max(4, 2 * period),
      },
    },
    ...header({ mixHash: BFT_MIX_HASH }),
    // Vanity, validators ascending, no vote, round 0, no seals.
    extraData: encodeRlp([`0x${'00'.repeat(32)}`, sorted, [], '0x', []]),
    alloc: allocation(funded),
  };
}

function header({ mixHash }: { readonly mixHash: string }) {
  return {
    nonce: '0x0',
    timestamp: '0x0',
    gasLimit: `0x${GAS_LIMIT.toString(16)}`,
    baseFeePerGas: '0x0',
    difficulty: '0x1',
    mixHash,
    coinbase: `0x${'0'.repeat(40)}`,
  };
}

function validatorsIn(given: readonly string[], least: number, kind: string, because: string): Address[] {
  const found = given.map(accountOf);
  const twice = found.find((one, i) => found.indexOf(one) !== i);
  if (twice !== undefined) throw invalid(`validator ${twice} is named twice: name each once`);
  if (found.length >= least) return found.toSorted();
  throw invalid(`${kind} wants at least ${least} validators, and ${found.length} are named: ${because}`);
}

function accountOf(text: string): Address {
  if (/^0x0{40}$/.test(text)) throw invalid('the zero address is nobody: give the account of a key');
  try {
    return address(text);
  } catch {
    throw invalid(`${JSON.stringify(text)} is no address: give 20 bytes as 0x-hex`);
  }
}

function positive(what: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw invalid(`${what} is ${value}: give a whole number from 1`);
}

function allocation(funded: readonly string[]): Genesis['alloc'] {
  const accounts = [...new Set(funded.map(accountOf))].toSorted();
  return Object.fromEntries(accounts.map((one) => [one, { balance: `0x${BALANCE.toString(16)}` }]));
}

function invalid(message: string): SyndicError {
  return new SyndicError('CONFIG_INVALID', message);
}
