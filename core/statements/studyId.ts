import { AbiCoder } from 'ethers/abi';
import { keccak256 } from 'ethers/crypto';
import { type Address, type Digest, digest, type StudyId } from '../values.ts';

/** keccak256(abi.encode(chainid, ledger, operator, plan, salt)): the same order opens the same study once. */
export function studyId(
  chainId: number | bigint,
  ledger: Address,
  operator: Address,
  plan: Digest,
  salt: Digest,
): StudyId {
  const types = ['uint256', 'address', 'address', 'bytes32', 'bytes32'];
  return digest(keccak256(AbiCoder.defaultAbiCoder().encode(types, [chainId, ledger, operator, plan, salt])));
}
