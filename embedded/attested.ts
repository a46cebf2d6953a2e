import { setTimeout as sleep } from 'node:timers/promises';
import type { Interface } from 'ethers';
import { type ChainLine, connectChain } from '../cli/chain/connectChain.ts';
import { read } from '../cli/chain/read.ts';
import { ledgerAbi, verdictsAbi } from '../coordinator/chain/abi.ts';
import { type Address, address, type StudyId } from '../core/values.ts';
import type { Consortium } from './Consortium.ts';

const LOOK_MILLISECONDS = 200;

export interface Attested {
  /** Members that attest each round, by round. */
  readonly rounds: ReadonlyMap<number, number>;
  /** Whether the study is final: closed, every round attested by its quorum, and nothing disputed. */
  readonly final: boolean;
}

/**
 * What members say of a study's rounds, as the chain has it; waits for all that are on each round's roster, and at most
 * as long as `seconds`: they need a moment.
 */
export async function attestedOf(
  { rpcUrl, deployment }: Pick<Consortium, 'rpcUrl' | 'deployment'>,
  study: StudyId,
  rosters: readonly { readonly round: number; readonly entries: readonly unknown[] }[],
  seconds = 60,
): Promise<Attested> {
  const chain = await connectChain(rpcUrl);
  try {
    const verdicts = address(String(await ask(chain, ledgerAbi, deployment.ledger, 'verdicts')));
    const deadline = performance.now() + seconds * 1000;
    for (;;) {
      const rounds = new Map<number, number>();
      for (const { round } of rosters) {
        rounds.set(round, Number(await ask(chain, verdictsAbi, verdicts, 'verdicts', study, round)));
      }
      const all = rosters.every(({ round, entries }) => rounds.get(round) === entries.length);
      if (all || performance.now() > deadline) {
        return { rounds, final: Boolean(await ask(chain, verdictsAbi, verdicts, 'isFinal', study)) };
      }
      await sleep(LOOK_MILLISECONDS);
    }
  } finally {
    chain.close();
  }
}

/** The first of what a view method answers. */
async function ask({ provider }: ChainLine, abi: Interface, at: Address, method: string, ...args: unknown[]) {
  return (await read(provider, { abi, address: at }, method, args))[0];
}
