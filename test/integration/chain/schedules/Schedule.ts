import { createAnchor, type EthereumAnchor } from '../../../../coordinator/anchor/ethereum.ts';
import type { OutboxMessage } from '../../../../coordinator/anchor/port.ts';
import { decodeLedgerEvent, ledgerTopic } from '../../../../coordinator/chain/abi.ts';
import { createChainView } from '../../../../coordinator/chain/ethereum.ts';
import type { Database } from '../../../../coordinator/db/connect.ts';
import { RandomStream } from '../../../../core/random/RandomStream.ts';
import { bytesToHex, type Digest, digest, round } from '../../../../core/values.ts';
import { silentLog } from '../../../support/silentLog.ts';
import { type ProxyNode, pass, type Twist } from '../proxyNode.ts';
import { clock, type Running } from '../useOutbox.ts';
import { encode, included, recordRound, type World } from '../world.ts';

/** Blocks on top that make one final; reorganisations go no deeper. */
export const DEPTH = 20;
export const FINALITY = { kind: 'blocks', n: DEPTH } as const;
const DEAR = 2_000_000_000n;
const STEPS = 14;

/** What may happen while messages are on their way. */
export const FAULTS = [
  ...(['reorg', 'droppedPool', 'dearBlocks', 'haltedMining', 'restart', 'lostRequest', 'lostAnswer'] as const),
  ...(['refusal', 'nonsense', 'lateNode', 'noReceipts', 'usedNonce', 'sameMessage'] as const),
] as const;
export type Fault = (typeof FAULTS)[number];

type Act =
  | 'halt'
  | 'record'
  | 'sameMessage'
  | 'tick'
  | 'dear'
  | 'dropPool'
  | 'usedNonce'
  | 'instead'
  | 'mineDeep'
  | 'reorg';

/** What brings the outbox to points that chance seldom reaches; the last kill in each is the point's own. */
const SCENES: Readonly<Record<string, { readonly first?: string; readonly acts: readonly Act[] }>> = {
  'outbox.pending.found': { acts: ['record', 'sameMessage', 'tick'] },
  'outbox.signed.repriced': { first: 'outbox.pending.signed', acts: ['record', 'tick', 'dear', 'tick'] },
  'outbox.sent.repriced': { acts: ['halt', 'record', 'tick', 'dear', 'tick'] },
  'outbox.sent.displaced': { acts: ['halt', 'record', 'tick', 'dropPool', 'usedNonce', 'mineDeep', 'tick'] },
  'outbox.sent.reverted': { acts: ['halt', 'usedNonce', 'record', 'tick', 'instead', 'mineDeep', 'tick'] },
  'outbox.mined.reorged': { acts: ['record', 'tick', 'tick', 'reorg', 'tick'] },
  'outbox.mined.vanished': { acts: ['record', 'sameMessage', 'tick', 'reorg', 'tick'] },
};

export interface Parts {
  readonly world: World;
  readonly db: Database;
  readonly proxy: ProxyNode;
  readonly studies: readonly Running[];
}

/** Ends a process's work where it stands: everything that it holds in memory is gone. */
class Killed extends Error {}

/**
 * One seeded course of events: messages of several studies are put in, the outbox is driven and killed at a point of
 * its own, and the chain or its node misbehave. Then all is calm again, and everything has to come to its end.
 */
export class Schedule {
  readonly sent: OutboxMessage[] = [];
  /** Points at which the process was killed, and faults that came about. */
  readonly met = new Set<string>();
  readonly #parts: Parts;
  readonly #random: RandomStream;
  readonly #kills: string[];
  readonly #scene: readonly Act[];
  readonly #fault: Fault;
  readonly #models = new Map<string, Digest[]>();
  #anchor: EthereumAnchor | null = null;
  #lastFault: unknown = null;

  /** @param killAt the point of the outbox at which the process is killed, the first time that it is reached */
  constructor(parts: Parts, seed: number, killAt: string, fault: Fault) {
    this.#parts = parts;
    this.#random = RandomStream.of(seed, 'test.schedule');
    const { first, acts = [] } = SCENES[killAt] ?? {};
    this.#kills = first === undefined ? [killAt] : [first, killAt];
    this.#scene = acts;
    this.#fault = fault;
    for (const { study, base } of parts.studies) this.#models.set(study, [base]);
  }

  async play(): Promise<void> {
    for (const act of this.#scene) await this.#act(act);
    await this.#put(this.#random.integer(3) === 0);
    const from = this.#random.integer(STEPS - 4);
    for (let step = 0; step < STEPS; step++) {
      if (step === from) await this.#happen(this.#fault);
      await this.#anything();
      await this.#tick();
    }
  }

  /** The chain and its node do as they should, until nothing is on its way. */
  async calm(): Promise<void> {
    const { world, proxy, db } = this.#parts;
    proxy.twist = pass;
    proxy.change = null;
    await world.rpc.request('evm_setAutomine', [true]);
    await world.rpc.request('anvil_setNextBlockBaseFeePerGas', ['0x0']);
    await world.mine();
    for (let left = 60; ; left--) {
      await this.#tick();
      const waiting = await db
        .selectFrom('outbox')
        .select(['id', 'kind', 'state', 'nonce', 'transaction', 'block'])
        .where('state', '!=', 'final')
        .execute();
      if (waiting.length === 0) break;
      if (left === 0) {
        const rows = JSON.stringify(waiting);
        throw new Error(`the outbox does not come to its end: ${rows}`, { cause: this.#lastFault });
      }
      await world.mine(left % 2 === 0 ? DEPTH + 1 : 1);
    }
    await this.#close();
  }

  /** What stands on the chain of each study: its rounds' global models and its notes' digests, in order. */
  async onChain(): Promise<Record<string, { rounds: string[]; notes: string[] }>> {
    const { world, studies } = this.#parts;
    const out: Record<string, { rounds: string[]; notes: string[] }> = {};
    for (const { study } of studies) {
      const events = async (name: string, field: string) => {
        const topics = [ledgerTopic(name), study];
        const logs = await world.provider.getLogs({ fromBlock: 0, address: world.contracts.ledger, topics });
        return logs.map((log) => String(decodeLedgerEvent(name, log)[field]));
      };
      out[study] = { rounds: await events('RoundRecorded', 'globalModel'), notes: await events('Noted', 'digest') };
    }
    return out;
  }

  /** What was put in, in the same form. */
  wanted(): Record<string, { rounds: string[]; notes: string[] }> {
    return Object.fromEntries(
      this.#parts.studies.map(({ study }) => {
        const [, ...rounds] = this.#models.get(study) ?? [];
        const notes = this.sent.filter((message) => message.study === study && message.kind === 'note');
        return [study, { rounds, notes: notes.map(({ calldata }) => `0x${calldata.slice(-64)}`) }];
      }),
    );
  }

  async #anything(): Promise<void> {
    const { world } = this.#parts;
    const dice = this.#random.integer(10);
    if (dice < 3) await this.#put(this.#random.integer(3) === 0);
    else if (dice < 8) await world.mine(1 + this.#random.integer(4));
    else if (dice === 8) await this.#sync();
    else await this.#happen(FAULTS[this.#random.integer(FAULTS.length)] ?? 'reorg');
  }

  async #act(act: Act): Promise<void> {
    const { world } = this.#parts;
    switch (act) {
      case 'halt':
        return void (await world.rpc.request('evm_setAutomine', [false]));
      case 'record':
        return await this.#put(false);
      case 'sameMessage':
        return await this.#another({ to: world.contracts.ledger, data: this.sent.at(-1)?.calldata });
      case 'usedNonce':
        return await this.#another({ to: world.coordinatorKey.address });
      case 'instead': {
        // The other program thinks better of it, and says before us what we say.
        const count = await world.rpc.request('eth_getTransactionCount', [world.coordinatorKey.address, 'pending']);
        const dearer = { nonce: `0x${(Number(count) - 2).toString(16)}`, gasPrice: `0x${(40n * DEAR).toString(16)}` };
        return await this.#another({ to: world.contracts.ledger, data: this.sent.at(-1)?.calldata, ...dearer });
      }
      case 'tick':
        return await this.#tick();
      case 'dear':
        return await this.#dear();
      case 'dropPool':
        return void (await world.rpc.request('anvil_dropAllTransactions', []));
      case 'mineDeep':
        return void (await world.mine(DEPTH + 1));
      case 'reorg':
        return void (await world.reorg(1));
    }
  }

  /** A record of the next round of some study, or a note. */
  async #put(isNote: boolean): Promise<void> {
    const { db, studies } = this.#parts;
    const of = studies[this.#random.integer(studies.length)];
    if (of === undefined) throw new RangeError('a schedule has studies');
    const models = this.#models.get(of.study) ?? [];
    const made = digest(bytesToHex(this.#random.bytes(32)));
    const last = models.at(-1) ?? of.base;
    const next = models.length;
    const calldata = isNote
      ? encode('note', [of.study, made, made])
      : recordRound({ study: of.study, round: next, base: last, global: made, entries: included(of.slots) });
    // A round has at most one note here.
    const kind = isNote ? 'note' : 'record';
    if (isNote && this.sent.some((one) => one.study === of.study && one.kind === 'note' && one.round === next)) return;
    const message: OutboxMessage = { study: of.study, kind, round: round(next), calldata };
    const anchor = await this.#running();
    if (anchor === null) return;
    await db.transaction().execute(async (tx) => await anchor.enqueue(tx, message));
    if (!isNote) models.push(made);
    this.sent.push(message);
  }

  async #happen(fault: Fault): Promise<void> {
    const { world, proxy } = this.#parts;
    const times = 1 + this.#random.integer(6);
    this.met.add(fault);
    switch (fault) {
      case 'reorg':
        return void (await world.reorg(1 + this.#random.integer(DEPTH)));
      case 'droppedPool':
        return void (await world.rpc.request('anvil_dropAllTransactions', []));
      case 'dearBlocks':
        await this.#dear();
        return void (await world.mine(this.#random.integer(8)));
      case 'haltedMining':
        return void (await world.rpc.request('evm_setAutomine', [this.#random.integer(2) === 0]));
      case 'restart':
        return await this.#close();
      case 'usedNonce':
        return await this.#another({ to: world.coordinatorKey.address });
      case 'sameMessage': {
        const records = this.sent.filter(({ kind }) => kind === 'record');
        const data = records[this.#random.integer(Math.max(1, records.length))]?.calldata;
        return await this.#another({ to: world.contracts.ledger, data });
      }
      case 'lostRequest':
        proxy.twist = forCalls(times, () => null);
        return;
      case 'lostAnswer':
        // The node does what it is asked; nobody hears of it.
        proxy.lose = times;
        return;
      case 'refusal':
        proxy.twist = forCalls(times, () => ({ error: { code: -32603, message: 'internal error' } }));
        return;
      case 'nonsense':
        proxy.twist = forCalls(times, () => ({ result: 'seven' }));
        return;
      case 'lateNode':
        proxy.change = forAnswers(times, (method, result) => (method === 'eth_getBlockByNumber' ? null : result));
        return;
      case 'noReceipts':
        proxy.change = forAnswers(times, (method, result) => (method === 'eth_getTransactionReceipt' ? null : result));
        return;
    }
  }

  async #dear(): Promise<void> {
    const { world } = this.#parts;
    await world.rpc.request('anvil_setNextBlockBaseFeePerGas', [`0x${DEAR.toString(16)}`]);
    await world.mine();
  }

  /** Another program sends with the same key; the chain may refuse it. */
  async #another(transaction: Readonly<Record<string, string | undefined>>): Promise<void> {
    const { rpc, coordinatorKey } = this.#parts.world;
    await rpc.request('anvil_impersonateAccount', [coordinatorKey.address]);
    const gas = '0x100000';
    try {
      await rpc.request('eth_sendTransaction', [{ from: coordinatorKey.address, gas, ...transaction }]);
    } catch (thrown) {
      if (!isUnavailable(thrown)) throw thrown;
    }
  }

  async #tick(): Promise<void> {
    const anchor = await this.#running();
    try {
      await anchor?.tick();
    } catch (thrown) {
      this.#lastFault = thrown;
      // Another process goes on where this one was killed; a node that cannot serve is asked again later.
      if (thrown instanceof Killed) await this.#close();
      else if (!isUnavailable(thrown)) throw thrown;
    }
  }

  /** Brings the index up to date, as far as the node lets it. */
  async #sync(): Promise<void> {
    const { world, db, proxy } = this.#parts;
    const options = { rpcUrl: proxy.url, chainId: world.chainId, contracts: world.contracts, finality: FINALITY };
    try {
      const view = await createChainView(options, { db, log: silentLog });
      await view.sync().finally(() => view.close());
    } catch (thrown) {
      if (!isUnavailable(thrown)) throw thrown;
    }
  }

  async #running(): Promise<EthereumAnchor | null> {
    if (this.#anchor !== null) return this.#anchor;
    const { world, db, proxy } = this.#parts;
    const node = { rpcUrl: proxy.url, chainId: world.chainId, finality: FINALITY };
    const options = { ...node, ledger: world.contracts.ledger, privateKey: world.coordinatorKey.privateKey };
    const crash = (point: string) => {
      if (point !== this.#kills[0]) return;
      this.#kills.shift();
      this.met.add(point);
      throw new Killed(point);
    };
    try {
      this.#anchor = await createAnchor(options, { db, log: silentLog, clock, crash });
    } catch (thrown) {
      if (!isUnavailable(thrown)) throw thrown;
    }
    return this.#anchor;
  }

  async #close(): Promise<void> {
    await this.#anchor?.close();
    this.#anchor = null;
  }
}

function forCalls(times: number, twist: Twist): Twist {
  let left = times;
  return (call) => (left-- > 0 ? twist(call) : 'pass');
}

function forAnswers(times: number, change: (method: string, result: unknown) => unknown): ProxyNode['change'] {
  let left = times * 4;
  return (method, result) => (left-- > 0 ? change(method, result) : result);
}

function isUnavailable(thrown: unknown): boolean {
  const code = (thrown as { code?: unknown }).code;
  return code === 'CHAIN_UNAVAILABLE' || code === 'CHAIN_MISMATCH' || code === 'STATE_CONFLICT';
}
