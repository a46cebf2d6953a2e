import { setTimeout as sleep } from 'node:timers/promises';
import { SyndicError, toSyndicError } from '../../core/errors/SyndicError.ts';
import type { Log } from '../modules.ts';
import { essenceOf } from './essence.ts';
import { type Rpc, wasAnswered } from './rpc.ts';

/** One of several nodes. */
export interface Node {
  /** How it is named in logs and errors: its host, for in its URL there may be a key. */
  readonly host: string;
  readonly rpc: Rpc;
}

export interface NodesOptions {
  readonly log: Log;
  /** Called whenever a request is made while a node is left. */
  readonly onLeft?: (() => void) | undefined;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  /** Milliseconds between looks at a contradiction. Default 700. */
  readonly pause?: number;
}

interface Standing extends Node {
  /** Null while it is trusted. */
  left: { readonly reason: string; readonly since: number; readonly until: number } | null;
  probing: boolean;
}

/** Blocks that a node may be behind the others before it is left. */
const LAG_BLOCKS = 5;
/** Milliseconds before a node that was left is looked at again: doubled each time, up to the second. */
const PATIENCE = [2_000, 60_000] as const;

/** Looks at a contradiction before anybody is left: nodes of one chain differ about its newest blocks for a moment. */
const LOOKS = 4;

/** How one answer is made of several. `agree`: as of the newest block that all have, and all must say the same. */
type Rule = 'agree' | 'any' | 'least' | 'most' | 'all' | 'first';

const RULES: Readonly<Record<string, Rule>> = {
  eth_chainId: 'agree',
  eth_getBlockByNumber: 'agree',
  eth_call: 'agree',
  eth_getLogs: 'agree',
  eth_getCode: 'agree',
  eth_getBalance: 'agree',
  eth_getTransactionCount: 'agree',
  eth_getTransactionReceipt: 'agree',
  // What waits in one pool may not have come to another.
  eth_getTransactionByHash: 'any',
  // A node that names too much would have the account emptied; one that names too little is outbid when it is stuck.
  eth_gasPrice: 'least',
  eth_maxPriorityFeePerGas: 'least',
  eth_estimateGas: 'most',
  eth_sendRawTransaction: 'all',
};

/**
 * Several nodes as one line. Reading is as of the newest block that all of them have, and each must say the same: who
 * does not answer, serves another chain, falls behind or contradicts most of the others is named and left until it
 * agrees again. Transactions go to all.
 *
 * Among two that contradict each other nobody can say who lies: then neither is believed. Three name the liar.
 *
 * @throws SyndicError (from `request`) as `Rpc`; CHAIN_UNAVAILABLE also when nodes contradict each other and no side is
 * the majority
 */
export function nodesAsOne(
  nodes: readonly Node[],
  chainId: number,
  { log, onLeft, now = () => performance.now(), pause = 700 }: NodesOptions,
): Rpc {
  const all: Standing[] = nodes.map((node) => ({ ...node, left: null, probing: false }));
  let checked = false;

  const trusted = () => all.filter(({ left }) => left === null);

  async function request(method: string, params: readonly unknown[]): Promise<unknown> {
    if (!checked) {
      await Promise.all(all.map(checkChain));
      checked = true;
    }
    await lookAgain();
    if (trusted().length < all.length) onLeft?.();
    const pending = method === 'eth_getTransactionCount' && params[1] === 'pending';
    const rule = pending ? 'least' : (RULES[method] ?? 'first');
    if (rule === 'agree') return await agreed(method, params);
    const answers = await askAll(method, params, rule === 'first' ? trusted().slice(0, 1) : trusted());
    const values = answers.flatMap((answer) => ('value' in answer ? [answer.value] : []));
    if (values.length === 0) throw faultOf(answers);
    if (rule === 'any') return values.find((value) => value !== null) ?? null;
    if (rule === 'least' || rule === 'most') return extreme(rule, values);
    return values[0];
  }

  /** What all trusted nodes say of the newest block that they all have, or, when they go on to differ, most of them. */
  async function agreed(method: string, params: readonly unknown[], look = 1): Promise<unknown> {
    const head = method === 'eth_chainId' ? 0 : await commonHead();
    const pinned = await pin(method, params, head);
    const answers = await askAll(method, pinned, trusted());
    const told = answers.filter((answer) => 'value' in answer || answer.error.code === 'CHAIN_REVERTED');
    if (told.length === 0) throw faultOf(answers);
    const groups = new Map<string, Answer[]>();
    for (const answer of told) {
      const text = 'value' in answer ? essenceOf(method, answer.value, head) : `reverts ${answer.error.message}`;
      groups.set(text, [...(groups.get(text) ?? []), answer]);
    }
    const [largest = [], ...others] = [...groups.values()].sort((a, b) => b.length - a.length);
    if (others.length > 0 && look < LOOKS) {
      await sleep(pause);
      return await agreed(method, params, look + 1);
    }
    if (others.length > 0) contradicted(method, head, largest, others);
    // A node that refuses what the others answer has not what they have.
    for (const answer of answers) if (!told.includes(answer)) leave(answer.node, refusedBy(answer, method));
    const [first] = largest;
    if (first === undefined) throw faultOf(answers);
    if ('error' in first) throw first.error;
    return method === 'eth_getTransactionReceipt' && isAbove(first.value, head) ? null : first.value;
  }

  function contradicted(method: string, head: number, largest: Answer[], others: readonly Answer[][]): void {
    const minority = others.flat();
    if (largest.length <= minority.length) {
      const hosts = [largest, ...others].map((group) => group.map(({ node }) => node.host).join(', '));
      log.error({ method, head, nodes: hosts }, 'nodes of the chain contradict each other');
      throw new SyndicError(
        'CHAIN_UNAVAILABLE',
        `the chain's nodes ${hosts.join(' and ')} contradict each other about ${method} as of block ${head}, and nobody can ` +
          'say who is wrong: look at them, and take the wrong one out of CHAIN_RPC_URL',
        { method, head, nodes: hosts, contradiction: true },
      );
    }
    for (const { node } of minority) leave(node, `contradicts the others about ${method} as of block ${head}`);
  }

  /** The newest block that every trusted node has; who is far behind is left first. */
  async function commonHead(): Promise<number> {
    const heads = await headsOf(trusted());
    const numbers = heads.map(({ head }) => head).sort((a, b) => a - b);
    // Of three or more, one alone cannot make the others look late.
    const reference = numbers.length > 2 ? numbers[Math.floor((numbers.length - 1) / 2)] : numbers.at(-1);
    if (reference === undefined) throw nobody();
    const near = heads.filter(({ head }) => head >= reference - LAG_BLOCKS);
    for (const { node, head } of heads) {
      if (head < reference - LAG_BLOCKS) leave(node, `is ${reference - head} blocks behind`);
    }
    return Math.min(...near.map(({ head }) => head));
  }

  async function headsOf(nodes: readonly Standing[]): Promise<{ node: Standing; head: number }[]> {
    const answers = await askAll('eth_blockNumber', [], nodes);
    const heads = answers.flatMap((answer) => {
      const head = 'value' in answer ? quantityIn(answer.value) : null;
      if (head !== null) return [{ node: answer.node, head }];
      if ('value' in answer) leave(answer.node, 'gave a malformed answer to eth_blockNumber');
      return [];
    });
    if (heads.length === 0) throw faultOf(answers);
    return heads;
  }

  /** Names of blocks become the number that all nodes know. */
  async function pin(method: string, params: readonly unknown[], head: number): Promise<unknown[]> {
    const tag = (name: unknown): Promise<unknown> | unknown => {
      if (name === 'latest') return hex(head);
      return name === 'finalized' ? finalizedAt() : name;
    };
    const at = { eth_getBlockByNumber: 0, eth_call: 1, eth_getCode: 1, eth_getBalance: 1, eth_getTransactionCount: 1 };
    const position = Object.hasOwn(at, method) ? at[method as keyof typeof at] : null;
    if (position === null) return [...params];
    return await Promise.all(params.map((value, i) => (i === position ? tag(value) : value)));
  }

  /** The newest block that every trusted node calls final. */
  async function finalizedAt(): Promise<string> {
    const answers = await askAll('eth_getBlockByNumber', ['finalized', false], trusted());
    const numbers = answers.flatMap((answer) => {
      const number = 'value' in answer ? quantityIn(field(answer.value, 'number')) : null;
      return number === null ? [] : [number];
    });
    if (numbers.length === 0) throw faultOf(answers);
    return hex(Math.min(...numbers));
  }

  /** Whoever does not answer at all is left. */
  async function askAll(method: string, params: readonly unknown[], nodes: readonly Standing[]): Promise<Answer[]> {
    if (nodes.length === 0) throw nobody();
    return await Promise.all(
      nodes.map(async (node): Promise<Answer> => {
        try {
          return { node, value: await node.rpc.request(method, params) };
        } catch (thrown) {
          const error = toSyndicError(thrown);
          if (error.code !== 'CHAIN_REVERTED' && !wasAnswered(error)) leave(node, error.message);
          return { node, error };
        }
      }),
    );
  }

  function leave(node: Standing, reason: string): void {
    const [least, most] = PATIENCE;
    const { left } = node;
    const since = left?.since ?? now();
    const wait = Math.min(most, Math.max(least, now() - since));
    node.left = { reason, since, until: now() + wait };
    if (left?.reason !== reason)
      log.warn({ node: node.host, reason }, "a node of the chain is left: it isn't asked any more");
  }

  /** Nodes whose time has come are looked at beside the work; when there is no other, now. */
  async function lookAgain(): Promise<void> {
    const due = all.filter(({ left, probing }) => left !== null && !probing && left.until <= now());
    const probes = due.map(probe);
    if (trusted().length === 0) await Promise.all(probes);
  }

  async function probe(node: Standing): Promise<void> {
    node.probing = true;
    try {
      const reason = await unfitness(node);
      if (reason !== null) return leave(node, reason);
      node.left = null;
      log.info({ node: node.host }, 'a node of the chain is asked again');
    } finally {
      node.probing = false;
    }
  }

  /** Why a node cannot be trusted; null when it agrees with those that are. */
  async function unfitness(node: Standing): Promise<string | null> {
    try {
      const served = quantityIn(await node.rpc.request('eth_chainId', []));
      if (served !== chainId) return otherChain(served);
      const head = quantityIn(await node.rpc.request('eth_blockNumber', []));
      if (head === null) return 'gave a malformed answer to eth_blockNumber';
      const others = trusted();
      if (others.length === 0) return null;
      const common = await commonHead();
      if (head < common - LAG_BLOCKS) return `is ${common - head} blocks behind`;
      const block = [hex(Math.min(head, common)), false];
      const theirs = await told(block);
      const own = await node.rpc.request('eth_getBlockByNumber', block);
      const [a = '', ...b] = [own, ...theirs].map((answer) => essenceOf('eth_getBlockByNumber', answer, common));
      return b.includes(a) ? null : `contradicts the others about eth_getBlockByNumber as of block ${Number(block[0])}`;
    } catch (thrown) {
      return toSyndicError(thrown).message;
    }
  }

  /** What trusted nodes say of a block: of two that contradict each other both, for a third can settle that. */
  async function told(block: readonly unknown[]): Promise<unknown[]> {
    try {
      return [await agreed('eth_getBlockByNumber', block)];
    } catch (thrown) {
      if (toSyndicError(thrown).details.contradiction !== true) throw thrown;
      const answers = await askAll('eth_getBlockByNumber', block, trusted());
      return answers.flatMap((answer) => ('value' in answer ? [answer.value] : []));
    }
  }

  async function checkChain(node: Standing): Promise<void> {
    const [answer] = await askAll('eth_chainId', [], [node]);
    if (answer === undefined || 'error' in answer) return;
    const served = quantityIn(answer.value);
    if (served !== chainId && nodes.length > 1) leave(node, otherChain(served));
  }

  function otherChain(served: number | null): string {
    return `serves chain ${served ?? 'unknown'} and not ${chainId}`;
  }

  function nobody(): SyndicError {
    const reasons = all.map(({ host, left }) => `${host}: ${left?.reason ?? 'unknown'}`);
    const wrong = all.every(({ left }) => left?.reason.startsWith('serves chain') === true);
    return new SyndicError(
      wrong ? 'CHAIN_MISMATCH' : 'CHAIN_UNAVAILABLE',
      `no node of the chain can be asked (${reasons.join('; ')}): check that they run and can be reached`,
      { nodes: reasons },
    );
  }

  return {
    chainId,
    request,
    close() {
      for (const { rpc } of all) rpc.close();
    },
  };
}

type Answer = { readonly node: Standing } & ({ readonly value: unknown } | { readonly error: SyndicError });

function faultOf(answers: readonly Answer[]): SyndicError {
  for (const answer of answers) if ('error' in answer) return answer.error;
  return new SyndicError('CHAIN_UNAVAILABLE', "the chain's nodes gave no answer");
}

function refusedBy(answer: Answer, method: string): string {
  return 'error' in answer ? `refuses ${method}: ${answer.error.message}` : `refuses ${method}`;
}

function extreme(rule: 'least' | 'most', values: readonly unknown[]): string {
  const numbers = values.flatMap((value) => (isQuantity(value) ? [BigInt(value)] : []));
  const [first, ...others] = numbers;
  if (first === undefined) throw new SyndicError('CHAIN_UNAVAILABLE', "the chain's nodes gave malformed numbers");
  const better = (a: bigint, b: bigint) => (rule === 'least') === a < b;
  return `0x${others.reduce((best, one) => (better(one, best) ? one : best), first).toString(16)}`;
}

/** Whether a receipt is of a block that not all nodes have yet. */
function isAbove(receipt: unknown, head: number): boolean {
  const number = quantityIn(field(receipt, 'blockNumber'));
  return number !== null && number > head;
}

function isQuantity(value: unknown): value is string {
  return typeof value === 'string' && /^0x[0-9a-fA-F]+$/.test(value);
}

function quantityIn(value: unknown): number | null {
  const number = isQuantity(value) ? Number(value) : Number.NaN;
  return Number.isSafeInteger(number) ? number : null;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function hex(number: number): string {
  return `0x${number.toString(16)}`;
}
