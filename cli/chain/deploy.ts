import { concat, getCreateAddress, Interface, type JsonRpcProvider, type Signer } from 'ethers';
import { Consortium } from '../../contracts/generated/Consortium.ts';
import { DataUse } from '../../contracts/generated/DataUse.ts';
import { RoundLedger } from '../../contracts/generated/RoundLedger.ts';
import { Verdicts } from '../../contracts/generated/Verdicts.ts';
import { checkDeployed } from '../../coordinator/chain/checks.ts';
import { transactionCount } from '../../coordinator/chain/node.ts';
import type { Contracts } from '../../coordinator/chain/port.ts';
import { type Address, address } from '../../core/values.ts';
import { lineOf } from './connectChain.ts';
import { send } from './send.ts';

export interface DeployTerms {
  /** Admits members, lists coordinators, grants roles. */
  readonly admin: Address;
  /** Seconds in which a member, or an admin who did not mean it, can stop that another account or admin takes over. */
  readonly delay: number;
}

interface Creation {
  readonly abi: readonly object[];
  readonly bytecode: string;
}

/**
 * Deploys the contracts in the order in which they name each other: Consortium, DataUse and Verdicts with the address
 * that the ledger will have, RoundLedger, which names all three. What a failed attempt left behind on the chain is of no
 * consequence.
 *
 * @throws SyndicError CHAIN_REVERTED, CHAIN_UNAVAILABLE, STATE_CONFLICT (no money); CHAIN_MISMATCH when the code is
 * not where it should be
 */
export async function deployContracts(
  provider: JsonRpcProvider,
  signer: Signer,
  { admin, delay }: DeployTerms,
): Promise<Contracts> {
  const rpc = await lineOf(provider);
  const from = address(await signer.getAddress());
  const first = await transactionCount(rpc, from, 'pending');
  const at = (nonce: number) => address(getCreateAddress({ from, nonce }));
  const contracts = { consortium: at(first), dataUse: at(first + 1), ledger: at(first + 3) };
  const verdicts = at(first + 2);
  const { consortium, dataUse, ledger } = contracts;

  const create = async (creation: Creation, args: readonly unknown[], nonce: number) => {
    const data = concat([creation.bytecode, new Interface(creation.abi).encodeDeploy([...args])]);
    await send(provider, signer, { data, nonce });
  };
  await create(Consortium, [admin, delay], first);
  await create(DataUse, [consortium, ledger], first + 1);
  await create(Verdicts, [consortium, ledger], first + 2);
  await create(RoundLedger, [consortium, dataUse, verdicts], first + 3);
  await checkDeployed(rpc, { ...contracts, verdicts });
  return contracts;
}
