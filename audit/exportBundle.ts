import { encodeBase64 } from 'ethers/utils';
import { SyndicError } from '../core/errors/SyndicError.ts';
import { type Address, bytesToHex, type Digest, digest } from '../core/values.ts';
import { type Consensus, hashedFields } from './blocks/header.ts';
import { type Bundle, EMPTY_NODE, openBundle } from './bundle.ts';
import type { AuditedChain } from './port.ts';
import { isOfHistory } from './replay.ts';
import type { RpcChain } from './rpc.ts';
import { type Report, type Request, verify } from './verify.ts';

/** Words that one `eth_getProof` is asked for. */
const AT_ONCE = 100;

interface Asked {
  readonly code: Uint8Array;
  readonly slots: Set<bigint>;
}

/**
 * Verifies a study as `verify` does, and keeps what its verdict rests on: a bundle with which anybody comes to the same
 * verdict without a node.
 *
 * @throws as `verify`; SyndicError PROOF_INVALID when the node proves something else than it says
 */
export async function exportBundle(
  chain: RpcChain,
  consensus: Consensus,
  request: Omit<Request, 'chain' | 'onDocument'>,
): Promise<{ readonly bundle: Bundle; readonly report: Report }> {
  const { ledger, study, onProgress = () => {} } = request;
  const asked = new Map<Address, Asked>();
  const logs: Bundle['logs'] = [];
  const documents: Record<Digest, string> = {};
  const report = await verify({
    ...request,
    chain: remembering(chain, asked, logs),
    onDocument: (of, bytes) => {
      documents[of] = encodeBase64(bytes);
    },
  });
  onProgress({ what: 'proving what was read' });
  const nodes = new Places();
  const accounts: Bundle['accounts'] = [];
  for (const [address, { code, slots }] of asked) {
    accounts.push({ address, code: bytesToHex(code), ...(await proven(chain, address, [...slots], nodes)) });
  }
  const blocks = await chain.headers();
  // Clique alone is sealed by those who build upon a block.
  const headers = (consensus === 'clique' ? blocks : blocks.slice(0, 1)).map(hashedFields);
  const head = { schema: 'syndic.bundle/1', chainId: chain.chainId, consensus, ledger, study, headers } as const;
  const bundle: Bundle = { ...head, nodes: nodes.all, accounts, logs, documents };
  // What the node proves is what it said, or nothing is written.
  await confirm(bundle, chain, asked);
  return { bundle, report };
}

/** The chain, with a note of whatever it is asked for. */
function remembering(chain: AuditedChain, asked: Map<Address, Asked>, told: Bundle['logs']): AuditedChain {
  const codeOf = async (contract: Address) => {
    const code = asked.get(contract)?.code ?? (await chain.code(contract));
    if (!asked.has(contract)) asked.set(contract, { code, slots: new Set() });
    return code;
  };
  return {
    chainId: chain.chainId,
    block: chain.block,
    code: codeOf,
    async words(contract, slots) {
      await codeOf(contract);
      for (const slot of slots) asked.get(contract)?.slots.add(slot);
      return await chain.words(contract, slots);
    },
    async logs(contract, study) {
      const logs = await chain.logs(contract, study);
      for (const { topics, data, time } of logs) {
        if (isOfHistory({ topics }, study)) told.push({ topics: topics.map(digest), data: data.toLowerCase(), time });
      }
      return logs;
    },
  };
}

async function proven(
  chain: RpcChain,
  contract: Address,
  slots: readonly bigint[],
  nodes: Places,
): Promise<Pick<Bundle['accounts'][number], 'proof' | 'words'>> {
  const words: Bundle['accounts'][number]['words'] = [];
  let account = (await chain.proofs(contract, [])).account;
  for (let at = 0; at < slots.length; at += AT_ONCE) {
    const some = slots.slice(at, at + AT_ONCE);
    const proofs = await chain.proofs(contract, some);
    account = proofs.account;
    for (const [i, slot] of some.entries()) {
      const word = digest(`0x${slot.toString(16).padStart(64, '0')}`);
      words.push({ slot: word, proof: nodes.of(proofs.words[i] ?? []) });
    }
  }
  return { proof: nodes.of(account), words };
}

async function confirm(bundle: Bundle, chain: RpcChain, asked: ReadonlyMap<Address, Asked>): Promise<void> {
  const { chain: offline } = openBundle(bundle);
  if (offline.block.hash !== chain.block.hash) {
    const what = `the header that ${chain.host} gives hashes to ${offline.block.hash}, the block's hash is ${chain.block.hash}`;
    throw new SyndicError('PROOF_INVALID', `${what}: is it of that consensus? else ask another node`);
  }
  for (const [contract, { slots }] of asked) {
    const places = [...slots];
    const [proven, told] = [await offline.words(contract, places), await chain.words(contract, places)];
    if (proven.every((word, i) => word === told[i])) continue;
    throw new SyndicError('PROOF_INVALID', `the node says other words of ${contract} than it proves: ask another one`);
  }
}

/** Nodes, each once. */
class Places {
  readonly all: string[] = [];
  readonly #places = new Map<string, number>();

  of(proof: readonly string[]): number[] {
    // Some nodes prove a trie without a key by its node, and some by none.
    return proof
      .filter((node) => node !== EMPTY_NODE)
      .map((node) => {
        const known = this.#places.get(node);
        if (known !== undefined) return known;
        this.#places.set(node, this.all.length);
        return this.all.push(node.toLowerCase()) - 1;
      });
  }
}
