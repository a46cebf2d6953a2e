import { AbiCoder } from 'ethers/abi';
import { keccak256 } from 'ethers/crypto';
import { toUtf8Bytes } from 'ethers/utils';
import { Consortium } from '../contracts/generated/Consortium.ts';
import { DataUse } from '../contracts/generated/DataUse.ts';
import { RoundLedger } from '../contracts/generated/RoundLedger.ts';
import { Verdicts } from '../contracts/generated/Verdicts.ts';
import { type Address, address, bytesToHex, hexToBytes } from '../core/values.ts';
import type { AuditedChain } from './port.ts';

/** The contracts of one consortium. */
export interface ContractAddresses {
  readonly consortium: Address;
  readonly dataUse: Address;
  readonly verdicts: Address;
  readonly ledger: Address;
}

export type ContractName = keyof ContractAddresses;

const BUILDS = { consortium: Consortium, dataUse: DataUse, verdicts: Verdicts, ledger: RoundLedger } as const;
/** Immutables in the order of their declarations: those of OpenZeppelin's EIP712, then the contract's own. */
const EIP712 = ['domainSeparator', 'chainId', 'self', 'hashedName', 'hashedVersion', 'name', 'version'] as const;
const OWN: Readonly<Record<ContractName, readonly string[]>> = {
  consortium: ['recoveryDelay'],
  dataUse: ['consortium', 'ledger'],
  verdicts: ['consortium', 'ledger'],
  ledger: ['consortium', 'dataUse', 'verdicts', 'operatorRole'],
};
const WORD = 32;
const DOMAIN = 'EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)';

/** Reads off the ledger's code which other contracts it was deployed with. Null: it is no code of a ledger's length. */
export async function contractsOf(chain: AuditedChain, ledger: Address): Promise<ContractAddresses | null> {
  const code = await chain.code(ledger);
  if (code.length !== byteLength(BUILDS.ledger.runtime)) return null;
  const named = (name: string) => address(bytesToHex(immutable(code, 'ledger', name).slice(WORD - 20)));
  return { ledger, consortium: named('consortium'), dataUse: named('dataUse'), verdicts: named('verdicts') };
}

/**
 * Whether a contract's runtime code is that of the released build, deployed with these others. What a build leaves open
 * (solc's immutables) is filled in from what must stand there; of a consortium's delay of recoveries, any is right.
 */
export async function isReleased(
  chain: AuditedChain,
  contracts: ContractAddresses,
  name: ContractName,
): Promise<boolean> {
  const code = await chain.code(contracts[name]);
  const expected = hexToBytes(BUILDS[name].runtime);
  if (code.length !== expected.length) return false;
  const values = immutablesOf(chain.chainId, contracts, name);
  if (name === 'consortium') values.set('recoveryDelay', immutable(code, name, 'recoveryDelay'));
  for (const [field, places] of placesOf(name)) for (const at of places) expected.set(values.get(field) ?? [], at);
  return expected.every((byte, i) => byte === code[i]);
}

function placesOf(name: ContractName): Map<string, readonly number[]> {
  const names = [...EIP712, ...OWN[name]];
  return new Map(names.map((field, i) => [field, BUILDS[name].immutables[i] ?? []]));
}

function immutable(code: Uint8Array, contract: ContractName, name: string): Uint8Array {
  const at = placesOf(contract).get(name)?.[0] ?? 0;
  return code.slice(at, at + WORD);
}

function immutablesOf(chainId: number, contracts: ContractAddresses, name: ContractName): Map<string, Uint8Array> {
  const coder = AbiCoder.defaultAbiCoder();
  const word = (type: string, value: unknown) => hexToBytes(coder.encode([type], [value]));
  const hash = (text: string) => hexToBytes(keccak256(toUtf8Bytes(text)));
  const separator = coder.encode(
    ['bytes32', 'bytes32', 'bytes32', 'uint256', 'address'],
    [hash(DOMAIN), hash('Syndic'), hash('1'), chainId, contracts[name]],
  );
  return new Map([
    ['domainSeparator', hexToBytes(keccak256(separator))],
    ['chainId', word('uint256', chainId)],
    ['self', word('address', contracts[name])],
    ['hashedName', hash('Syndic')],
    ['hashedVersion', hash('1')],
    ['name', shortString('Syndic')],
    ['version', shortString('1')],
    ['consortium', word('address', contracts.consortium)],
    ['ledger', word('address', contracts.ledger)],
    ['dataUse', word('address', contracts.dataUse)],
    ['verdicts', word('address', contracts.verdicts)],
    ['operatorRole', hash('syndic.operator')],
  ]);
}

/** OpenZeppelin's ShortString: the text from the left, its length in the last byte. */
function shortString(text: string): Uint8Array {
  const bytes = new Uint8Array(WORD);
  bytes.set(toUtf8Bytes(text));
  bytes[WORD - 1] = text.length;
  return bytes;
}

function byteLength(hex: string): number {
  return (hex.length - 2) / 2;
}
