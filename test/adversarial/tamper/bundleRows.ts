import { readHeader } from '../../../audit/blocks/header.ts';
import type { Bundle } from '../../../audit/bundle.ts';
import { provenAccount, provenWord } from '../../../audit/proofs/account.ts';
import { valueAt } from '../../../audit/storage/words.ts';
import type { Address, Digest } from '../../../core/values.ts';
import type { Row } from './Row.ts';

/** A bundle that may be written to, and others that a forger has to take pieces from. */
export interface ForgedBundle {
  readonly copy: Writable;
  /** Of the same study a round before, and of another study of the same ledger. */
  readonly earlier: Bundle;
  readonly other: Bundle;
  readonly contracts: { readonly consortium: Address; readonly ledger: Address };
}

type Writable = { -readonly [K in keyof Bundle]: Bundle[K] };
type Account = Bundle['accounts'][number];
export type BundleRow = Row<ForgedBundle>;

const INVALID = { error: 'PROOF_INVALID' } as const;
const OTHER_BLOCK = { error: 'CHAIN_MISMATCH' } as const;
/** Where the ledger has the heads: docs/storage-layout.md. */
const HEADS = 4n;

function accountOf({ accounts }: Bundle, address: Address): Account {
  const found = accounts.find((one) => one.address === address);
  if (found === undefined) throw new RangeError(`the bundle has no account ${address}`);
  return found;
}

function wordOf(account: Account, slot: Digest | number): Account['words'][number] {
  const found = typeof slot === 'number' ? account.words[slot] : account.words.find((one) => one.slot === slot);
  if (found === undefined) throw new RangeError(`the bundle has no word ${slot}`);
  return found;
}

/** The proof of a word that nobody stored; not one that ends at the leaf of `stored`, which would prove that word too. */
function exclusionIn(bundle: Bundle, contract: Address, stored: readonly number[]): number[] {
  const { proof, words } = accountOf(bundle, contract);
  const nodes = (places: readonly number[]) => places.map((place) => bundle.nodes[place] ?? '0x');
  const account = provenAccount(readHeader(bundle.headers[0]).stateRoot, contract, nodes(proof));
  const empty = words.find((word) => {
    if (account === null || word.proof.join() === stored.join()) return false;
    return provenWord(account.storageRoot, BigInt(word.slot), nodes(word.proof)) === 0n;
  });
  if (empty === undefined) throw new RangeError('every word of the bundle is stored');
  return empty.proof;
}

const headOf = (study: Digest): Digest => `0x${valueAt(study, HEADS).toString(16).padStart(64, '0')}` as Digest;

/** Adds nodes of another bundle; the places that they have here. */
function brought(copy: Writable, from: Bundle, proof: readonly number[]): number[] {
  return proof.map((place) => {
    const node = from.nodes[place] ?? '0x';
    // Each stands once.
    const known = copy.nodes.indexOf(node);
    return known >= 0 ? known : copy.nodes.push(node) - 1;
  });
}

function bundled(name: string, expected: BundleRow['expected'], alter: BundleRow['alter']): BundleRow {
  return { name, who: 'bundle', expected, alter };
}

export const bundleRows: readonly BundleRow[] = [
  bundled('has another chain’s header', OTHER_BLOCK, ({ copy }) => {
    copy.headers[0] = { ...copy.headers[0], parentHash: `0x${'11'.repeat(32)}` };
  }),
  bundled('has a header of another time', OTHER_BLOCK, ({ copy }) => {
    copy.headers[0] = { ...copy.headers[0], timestamp: '0x65000000' };
  }),
  bundled('has a header with another state root', INVALID, ({ copy }) => {
    copy.headers[0] = { ...copy.headers[0], stateRoot: `0x${'22'.repeat(32)}` };
  }),
  bundled('has an older block’s header over this one’s proofs', INVALID, ({ copy, earlier }) => {
    copy.headers = [...earlier.headers];
  }),
  bundled('is whole, and of an older block than its reader trusts', OTHER_BLOCK, ({ copy, earlier }) => {
    Object.assign(copy, structuredClone(earlier));
  }),
  bundled('has a header with a field that nobody knows', { error: 'HEADER_UNKNOWN' }, ({ copy }) => {
    copy.headers[0] = { ...copy.headers[0], verdictRoot: `0x${'33'.repeat(32)}` };
  }),
  bundled('says that another consensus made its block', { error: 'HEADER_UNKNOWN' }, ({ copy }) => {
    copy.consensus = 'clique';
  }),
  bundled('proves an older block’s word', INVALID, ({ copy, earlier, contracts: { ledger } }) => {
    const head = headOf(copy.study as Digest);
    const proof = wordOf(accountOf(earlier, ledger), head).proof;
    wordOf(accountOf(copy, ledger), head).proof = brought(copy, earlier, proof);
  }),
  bundled('proves an older block’s account', INVALID, ({ copy, earlier, contracts: { ledger } }) => {
    accountOf(copy, ledger).proof = brought(copy, earlier, accountOf(earlier, ledger).proof);
  }),
  bundled('proves another study’s word', INVALID, ({ copy, other, contracts: { ledger } }) => {
    const proof = wordOf(accountOf(other, ledger), headOf(other.study as Digest)).proof;
    wordOf(accountOf(copy, ledger), headOf(copy.study as Digest)).proof = brought(copy, other, proof);
    tidy(copy);
  }),
  bundled('swaps the proofs of two words', INVALID, ({ copy, contracts: { ledger } }) => {
    const [a, b] = [wordOf(accountOf(copy, ledger), 0), wordOf(accountOf(copy, ledger), 1)];
    [a.proof, b.proof] = [b.proof, a.proof];
  }),
  bundled('swaps the places of two words', INVALID, ({ copy, contracts: { ledger } }) => {
    const [a, b] = [wordOf(accountOf(copy, ledger), 0), wordOf(accountOf(copy, ledger), 1)];
    [a.slot, b.slot] = [b.slot, a.slot];
  }),
  bundled(
    'proves a word of another contract’s table of keys',
    INVALID,
    ({ copy, contracts: { consortium, ledger } }) => {
      wordOf(accountOf(copy, consortium), 0).proof = wordOf(accountOf(copy, ledger), 0).proof;
    },
  ),
  bundled('proves that a stored word is not there', INVALID, ({ copy, contracts: { ledger } }) => {
    const word = wordOf(accountOf(copy, ledger), headOf(copy.study as Digest));
    word.proof = exclusionIn(copy, ledger, word.proof);
    tidy(copy);
  }),
  bundled('cuts a word’s proof short', INVALID, ({ copy, contracts: { ledger } }) => {
    const word = wordOf(accountOf(copy, ledger), headOf(copy.study as Digest));
    word.proof = word.proof.slice(0, -1);
  }),
  bundled('proves a word by nothing', INVALID, ({ copy, contracts: { ledger } }) => {
    wordOf(accountOf(copy, ledger), headOf(copy.study as Digest)).proof = [];
  }),
  bundled('appends a node to a word’s proof', INVALID, ({ copy, contracts: { ledger } }) => {
    const word = wordOf(accountOf(copy, ledger), headOf(copy.study as Digest));
    word.proof = [...word.proof, 0];
  }),
  bundled('names a node that is not there', { error: 'DOCUMENT_INVALID' }, ({ copy, contracts: { ledger } }) => {
    wordOf(accountOf(copy, ledger), 0).proof = [copy.nodes.length];
  }),
  bundled('swaps the proofs of two accounts', INVALID, ({ copy, contracts: { consortium, ledger } }) => {
    const [a, b] = [accountOf(copy, consortium), accountOf(copy, ledger)];
    [a.proof, b.proof] = [b.proof, a.proof];
  }),
  bundled('has another contract’s code', INVALID, ({ copy, contracts: { consortium, ledger } }) => {
    accountOf(copy, ledger).code = accountOf(copy, consortium).code;
  }),
  bundled('has one bit of a contract’s code changed', INVALID, ({ copy, contracts: { ledger } }) => {
    const account = accountOf(copy, ledger);
    account.code = `${account.code.slice(0, -1)}${account.code.endsWith('0') ? '1' : '0'}`;
  }),
  bundled('leaves a word out', INVALID, ({ copy, contracts: { ledger } }) => {
    accountOf(copy, ledger).words.shift();
    tidy(copy);
  }),
  bundled('leaves a contract out', INVALID, ({ copy, contracts: { consortium } }) => {
    copy.accounts = copy.accounts.filter(({ address }) => address !== consortium);
    tidy(copy);
  }),
  bundled('names another study of the same ledger', INVALID, ({ copy, other }) => {
    copy.study = other.study;
    copy.logs = structuredClone(other.logs);
  }),
  bundled('names another chain', INVALID, ({ copy }) => {
    copy.chainId += 1;
  }),
  bundled('has no events', { error: 'CHAIN_UNAVAILABLE' }, ({ copy }) => {
    copy.logs = [];
  }),
  bundled(
    'has another study’s events, told of this one',
    [{ code: 'HISTORY_MISMATCH' }, { code: 'HISTORY_MISMATCH', round: 1 }, { code: 'ROUND_GAP', round: 2 }],
    ({ copy, other }) => {
      copy.logs = other.logs.map((log) => ({ ...log, topics: log.topics.with(1, copy.study as Digest) }));
    },
  ),
  bundled(
    'has the events of the round before alone',
    [{ code: 'HISTORY_MISMATCH' }, { code: 'ROUND_GAP', round: 2 }],
    ({ copy, earlier }) => {
      copy.logs = structuredClone(earlier.logs);
    },
  ),
  bundled('leaves a document out', [{ code: 'DOCUMENT_MISSING' }], ({ copy }) => {
    const [named = ''] = Object.keys(copy.documents).filter((of) => of === planOf(copy));
    delete copy.documents[named];
  }),
  bundled('has other bytes under a document’s name', { error: 'DOCUMENT_INVALID' }, ({ copy }) => {
    copy.documents[planOf(copy)] = 'e30=';
  }),
];

/** Drops the nodes that no proof names any more: one left over would give the alteration away. */
function tidy(copy: { nodes: string[]; accounts: Bundle['accounts'] }): void {
  const proofs = copy.accounts.flatMap(({ proof, words }) => [proof, ...words.map((word) => word.proof)]);
  const kept = [...new Set(proofs.flat())].sort((a, b) => a - b);
  const places = new Map(kept.map((place, i) => [place, i]));
  copy.nodes = kept.map((place) => copy.nodes[place] ?? '0x');
  for (const proof of proofs) proof.splice(0, proof.length, ...proof.map((place) => places.get(place) ?? 0));
}

/** The plan's digest, as the opening event has it. */
function planOf({ logs }: Bundle): string {
  return `0x${logs[0]?.data.slice(2, 66)}`;
}
