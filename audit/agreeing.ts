import { SyndicError } from '../core/errors/SyndicError.ts';
import { bytesToHex } from '../core/values.ts';
import { dialNode, type RpcChain, type RpcNode } from './rpc.ts';

/** What each of several nodes, named by its host, says of one thing. */
type Sayings<T> = readonly (readonly [host: string, said: T])[];

/**
 * Several nodes of the reader's own choice as one: as of the newest block that all of them have, less `behind`, and
 * each must say the same of whatever is asked. Who lies is never settled by votes: any contradiction is a refusal that
 * names who said what.
 *
 * Proofs and headers are the first node's: what they prove is held against what all said.
 *
 * @param urls at least one; a node that is named twice is asked once
 * @throws SyndicError CHAIN_UNAVAILABLE when any of them does not answer, NODES_DISAGREE; both also from every call
 */
export async function connectNodes(urls: readonly string[], behind = 0): Promise<RpcChain> {
  const nodes: RpcNode[] = [];
  const close = () => {
    for (const node of nodes) node.close();
  };
  try {
    for (const url of new Set(urls)) nodes.push(await dialNode(url));
    same('the chain’s id', said(nodes, await each(nodes, async ({ chainId }) => chainId)), String);
    same('block 0', said(nodes, await each(nodes, async ({ genesis }) => genesis)), String);
    const number = Math.max(0, Math.min(...nodes.map(({ newest }) => newest)) - behind);
    const chains = await each(nodes, (node) => node.at(number));
    const blocks = chains.map(({ block }) => block);
    same(`block ${number}`, said(nodes, blocks), ({ hash, time }) => `${hash} of time ${time}`);
    return { ...agreeing(chains), close };
  } catch (thrown) {
    close();
    throw thrown;
  }
}

function agreeing(chains: readonly RpcChain[]): RpcChain {
  const [first] = chains;
  if (first === undefined) throw new RangeError('several nodes are at least one');
  return {
    ...first,
    async words(contract, slots) {
      const answers = said(chains, await each(chains, (chain) => chain.words(contract, slots)));
      for (const [i, slot] of slots.entries()) {
        same(`word 0x${slot.toString(16)} of ${contract}`, at(answers, i), (word) => `0x${(word ?? 0n).toString(16)}`);
      }
      return answers[0]?.[1] ?? [];
    },
    async code(contract) {
      const answers = said(chains, await each(chains, (chain) => chain.code(contract)));
      return same(`the code of ${contract}`, answers, bytesToHex);
    },
    async logs(contract, study) {
      const answers = said(chains, await each(chains, (chain) => chain.logs(contract, study)));
      const most = Math.max(...answers.map(([, logs]) => logs.length));
      // The first event that differs names the lie; one that is kept back moves all that follow.
      for (let i = 0; i < most; i++) {
        same(`event ${i + 1} of study ${study}`, at(answers, i), (log) => JSON.stringify(log ?? 'none'));
      }
      return answers[0]?.[1] ?? [];
    },
    async studies(ledger) {
      const answers = said(chains, await each(chains, (chain) => chain.studies(ledger)));
      return same(`the studies of ledger ${ledger}`, answers, (ids) => ids.join(', '));
    },
    async recheck() {
      await each(chains, (chain) => chain.recheck());
    },
  };
}

async function each<N, T>(nodes: readonly N[], ask: (node: N) => Promise<T>): Promise<T[]> {
  return await Promise.all(nodes.map(ask));
}

function said<T>(nodes: readonly { readonly host: string }[], answers: readonly T[]): Sayings<T> {
  return nodes.map(({ host }, i) => [host, answers[i] as T]);
}

function at<T>(answers: Sayings<readonly T[]>, i: number): Sayings<T | undefined> {
  return answers.map(([host, all]) => [host, all[i]]);
}

/** What all say. @throws SyndicError NODES_DISAGREE */
function same<T>(what: string, answers: Sayings<T>, write: (answer: T) => string): T {
  const groups = new Map<string, string[]>();
  for (const [host, answer] of answers) {
    const text = write(answer);
    groups.set(text, [...(groups.get(text) ?? []), host]);
  }
  if (groups.size > 1) throw disagreement(what, answers.length, groups);
  return answers[0]?.[1] as T;
}

function disagreement(what: string, of: number, groups: ReadonlyMap<string, readonly string[]>): SyndicError {
  const told = [...groups].map(
    ([text, hosts]) => `${hosts.join(', ')} ${hosts.length > 1 ? 'say' : 'says'} ${short(text)}`,
  );
  const odd = [...groups.values()].filter((hosts) => 2 * hosts.length < of).flat();
  const most = [...groups.values()].some((hosts) => 2 * hosts.length > of);
  const who = most ? `${odd.join(', ')} alone says otherwise than most` : 'nobody can say who is wrong';
  const message = `the nodes contradict each other about ${what}: ${told.join('; ')}; ${who}: no verdict rests on either side; look at them, and ask again`;
  return new SyndicError('NODES_DISAGREE', message, { what, nodes: [...groups.values()], odd: most ? odd : [] });
}

/** Code and events are long. */
function short(text: string): string {
  return text.length <= 300 ? text : `${text.slice(0, 200)}… (${text.length} characters)`;
}
