import { TypedDataEncoder, type TypedDataField } from 'ethers';
import { z } from 'zod';
import { consortiumAbi, dataUseAbi, verdictsAbi } from '../../coordinator/chain/abi.ts';
import { canonicalBytes } from '../../core/canonicalJson.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { sameBytes } from '../../core/sameBytes.ts';
import { addressSchema, checkDocument } from '../../core/schemas.ts';
import { DISPUTE_REASON } from '../../core/statements/disputeReasons.ts';
import { domain } from '../../core/statements/types.ts';
import type { Address } from '../../core/values.ts';
import { nameOf } from '../nameOf.ts';
import { isoTime } from '../output.ts';

/** What an account signs so that anybody may send it: the contracts' `…For` methods. */

type Value = string | number | boolean;
export type MessageValues = Readonly<Record<string, Value>>;

interface Kind {
  readonly contract: 'consortium' | 'dataUse' | 'verdicts';
  /** `setKeyFor`: takes `args`, then the signature. */
  readonly method: string;
  readonly args: readonly string[];
  /** In the order in which they are hashed. */
  readonly fields: readonly (readonly [name: string, type: string])[];
  /** What it says: completes "account 0x… says that". */
  words(message: MessageValues): string;
}

const OF_ROUND = [
  ['study', 'bytes32'],
  ['round', 'uint32'],
  ['slot', 'uint16'],
] as const;

const KINDS = {
  SetKey: {
    contract: 'consortium',
    method: 'setKeyFor',
    args: ['account', 'key'],
    fields: [
      ['account', 'address'],
      ['key', 'address'],
      ['nonce', 'uint256'],
    ],
    words: ({ key }) => `${key} is its current key from now on; the one before ends`,
  },
  RevokeKey: {
    contract: 'consortium',
    method: 'revokeKeyFor',
    args: ['account', 'key', 'compromised'],
    fields: [
      ['account', 'address'],
      ['key', 'address'],
      ['compromised', 'bool'],
      ['nonce', 'uint256'],
    ],
    words: ({ key, compromised }) =>
      `its key ${key} ends now${compromised ? ', and is marked as compromised for good' : ''}`,
  },
  SetProfile: {
    contract: 'consortium',
    method: 'setProfileFor',
    args: ['account', 'profile'],
    fields: [
      ['account', 'address'],
      ['profile', 'bytes32'],
      ['nonce', 'uint256'],
    ],
    words: ({ profile }) => `its member's profile is the document with the SHA-256 ${profile}`,
  },
  AddVersion: {
    contract: 'dataUse',
    method: 'addVersionFor',
    args: ['slot', 'dataset', 'root', 'rows'],
    fields: [
      ['slot', 'uint16'],
      ['dataset', 'bytes32'],
      ['root', 'bytes32'],
      ['rows', 'uint40'],
    ],
    words: ({ slot, dataset, root, rows }) =>
      `slot ${slot}'s dataset ${dataset} has a version with root ${root} and at most ${rows} rows`,
  },
  Grant: {
    contract: 'dataUse',
    method: 'grantFor',
    args: ['study', 'slot', 'plan', 'dataset', 'until'],
    fields: [
      ['study', 'bytes32'],
      ['slot', 'uint16'],
      ['plan', 'bytes32'],
      ['dataset', 'bytes32'],
      ['until', 'uint64'],
      ['nonce', 'uint256'],
    ],
    words: ({ study, slot, plan, dataset, until }) =>
      `slot ${slot} allows its dataset ${dataset} to be used in study ${study} under plan ${plan} until ${isoTime(Number(until))}`,
  },
  Revoke: {
    contract: 'dataUse',
    method: 'revokeFor',
    args: ['study', 'slot'],
    fields: [
      ['study', 'bytes32'],
      ['slot', 'uint16'],
      ['nonce', 'uint256'],
    ],
    words: ({ study, slot }) => `slot ${slot}'s grant for study ${study} ends now`,
  },
  Attest: {
    contract: 'verdicts',
    method: 'attestFor',
    args: ['study', 'round', 'slot', 'recordHash'],
    fields: [...OF_ROUND, ['recordHash', 'bytes32']],
    words: ({ study, round, slot, recordHash }) =>
      `slot ${slot} has checked the record ${recordHash} of round ${round} of study ${study} and finds it right`,
  },
  Dispute: {
    contract: 'verdicts',
    method: 'disputeFor',
    args: ['study', 'round', 'slot', 'recordHash', 'reason'],
    fields: [...OF_ROUND, ['recordHash', 'bytes32'], ['reason', 'uint8']],
    words: ({ study, round, slot, recordHash, reason }) =>
      `slot ${slot} finds the record ${recordHash} of round ${round} of study ${study} wrong (${nameOf(DISPUTE_REASON, Number(reason))})`,
  },
  WithdrawDispute: {
    contract: 'verdicts',
    method: 'withdrawDisputeFor',
    args: ['study', 'round', 'slot'],
    fields: OF_ROUND,
    words: ({ study, round, slot }) => `slot ${slot} no longer disputes round ${round} of study ${study}`,
  },
  VoteToDismiss: {
    contract: 'verdicts',
    method: 'voteToDismissFor',
    args: ['study', 'round', 'slot', 'voter'],
    fields: [...OF_ROUND, ['voter', 'uint16']],
    words: ({ study, round, slot, voter }) =>
      `slot ${voter} votes for closing slot ${slot}'s dispute of round ${round} of study ${study}`,
  },
} as const satisfies Record<string, Kind>;

export type MessageName = keyof typeof KINDS;

export function kindOf(name: MessageName): Kind {
  return KINDS[name];
}

export const abiOf = { consortium: consortiumAbi, dataUse: dataUseAbi, verdicts: verdictsAbi } as const;

/** The `types` of a message as EIP-712 libraries take them. */
export function typesOf(name: MessageName): Record<string, TypedDataField[]> {
  return { [name]: KINDS[name].fields.map(([field, type]) => ({ name: field, type })) };
}

const signedSchema = z.strictObject({
  schema: z.literal('syndic.signed/1'),
  account: addressSchema,
  /** Null: to be signed yet. An ERC-1271 contract's may have any length. */
  signature: z
    .string()
    .regex(/^0x([0-9a-fA-F]{2})+$/)
    .nullable(),
  /** As `eth_signTypedData_v4` takes it. */
  typedData: z.looseObject({
    domain: z.looseObject({ chainId: z.union([z.string(), z.number()]), verifyingContract: z.string() }),
    primaryType: z.enum(Object.keys(KINDS) as [MessageName, ...MessageName[]]),
    message: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  }),
});

/** A message of an account's, on its way to whoever sends it. */
export type SignedMessage = z.infer<typeof signedSchema>;

export function signedMessage(
  name: MessageName,
  at: { readonly chainId: number; readonly contract: Address },
  { account, message, signature }: { account: Address; message: MessageValues; signature: string | null },
): SignedMessage {
  const typedData = TypedDataEncoder.getPayload(domain(at.chainId, at.contract), typesOf(name), message);
  return { schema: 'syndic.signed/1', account, signature, typedData };
}

/**
 * Reads one that somebody else wrote: only a message of the kinds above, exactly as they are, for this contract.
 *
 * @throws SyndicError DOCUMENT_INVALID, CHAIN_MISMATCH
 */
export function checkSigned(
  value: unknown,
  chainId: number,
  contracts: Readonly<Record<Kind['contract'], Address>>,
): SignedMessage {
  const signed = checkDocument('signed message', signedSchema, value);
  const { primaryType, message, domain: named } = signed.typedData;
  const contract = contracts[KINDS[primaryType].contract];
  if (BigInt(named.chainId) !== BigInt(chainId) || named.verifyingContract.toLowerCase() !== contract) {
    throw new SyndicError(
      'CHAIN_MISMATCH',
      `the message is for contract ${named.verifyingContract} on chain ${named.chainId}; this consortium's is ${contract} on chain ${chainId}`,
    );
  }
  try {
    const made = TypedDataEncoder.getPayload(domain(chainId, contract), typesOf(primaryType), message);
    if (sameBytes(canonicalBytes(made), canonicalBytes(signed.typedData))) return signed;
  } catch {
    // Said below.
  }
  throw new SyndicError('DOCUMENT_INVALID', `the message is not a ${primaryType} as the contract reads it`);
}
