import { keccak256 } from 'ethers/crypto';
import { decodeBase64, encodeBase64 } from 'ethers/utils';
import * as z from 'zod';
import { canonicalBytes } from '../core/canonicalJson.ts';
import { SyndicError } from '../core/errors/SyndicError.ts';
import { addressSchema, decodeDocument, digestSchema, instantSchema } from '../core/schemas.ts';
import { sha256 } from '../core/sha256.ts';
import { type Address, digest, hexToBytes, type StudyId } from '../core/values.ts';
import { blockHash, type Consensus, type Header, hashedFields, readHeader } from './blocks/header.ts';
import type { Artifacts, AuditedChain, ChainLog } from './port.ts';
import { provenAccount, provenWord } from './proofs/account.ts';
import type { ReadNodes } from './proofs/trie.ts';
import { isOfHistory } from './replay.ts';

/** Nodes of proofs, each once; a proof is a list of places in it. */
const proofSchema = z.array(z.int().min(0));
const hexSchema = z.string().regex(/^0x(?:[0-9a-f]{2})*$/);

const logSchema = z.strictObject({
  topics: z.array(digestSchema).min(1).max(4),
  data: hexSchema,
  time: instantSchema,
});

const bundleSchema = z.strictObject({
  schema: z.literal('syndic.bundle/1'),
  chainId: z.int().positive(),
  consensus: z.union([z.literal('ethereum'), z.literal('clique'), z.literal('qbft')]),
  ledger: addressSchema,
  study: digestSchema,
  /** The audited block, and on Clique those built upon it: of each, the fields that its hash is of. */
  headers: z.array(z.record(z.string(), z.string())).min(1),
  nodes: z.array(hexSchema),
  accounts: z.array(
    z.strictObject({
      address: addressSchema,
      proof: proofSchema,
      code: hexSchema,
      words: z.array(z.strictObject({ slot: digestSchema, proof: proofSchema })),
    }),
  ),
  logs: z.array(logSchema),
  /** Documents by their SHA-256, base64. */
  documents: z.record(z.string().regex(/^0x[0-9a-f]{64}$/), z.string()),
});

/**
 * One file that proves a study offline: headers, `eth_getProof`'s proofs of every word that a verdict rests on, code,
 * events, and documents. Models and updates are not in it.
 *
 * Nothing else is in it either. Of one bundle there is one spelling, whatever stands in it is proven, and the verdict
 * rests on all of it: no byte can change unnoticed.
 */
export type Bundle = z.infer<typeof bundleSchema>;

/** RLP of no bytes: the root node of a trie without a key. */
export const EMPTY_NODE = '0x80';

/** Bytes of a bundle that are read at most. */
const MOST = 256 * 1024 * 1024;

export function encodeBundle(bundle: Bundle): Uint8Array {
  return canonicalBytes(bundle);
}

/** Checks the form alone: `openBundle` checks what it proves. @throws SyndicError DOCUMENT_INVALID, TOO_LARGE */
export function decodeBundle(bytes: Uint8Array): Bundle {
  return decodeDocument('bundle', bundleSchema, bytes, MOST);
}

/** A bundle whose proofs hold to its first header; whether that header is the chain's is for `trust.ts` to say. */
export interface OpenedBundle {
  readonly chain: AuditedChain;
  readonly headers: readonly Header[];
  readonly documents: Artifacts;
  readonly ledger: Address;
  readonly study: StudyId;
  readonly consensus: Consensus;
  /** What nobody asked for so far, by name. */
  unread(): string[];
}

/**
 * Proves everything that is in a bundle to the state root of its first header. Whether a verdict rests on all of it is
 * known once there is one: see `verifyBundle`.
 *
 * @throws SyndicError PROOF_INVALID, HEADER_UNKNOWN; DOCUMENT_INVALID when there is something that is not proven, stands
 * twice, or is of no use
 */
export function openBundle(bundle: Bundle): OpenedBundle {
  const { chainId, consensus, ledger, study } = bundle;
  const headers = headersOf(bundle);
  const [header] = headers;
  if (header === undefined) throw invalid('it has no header');
  const logs = logsOf(bundle);
  const documents = documentsOf(bundle);
  const { code, words } = provenState(bundle, header);
  const asked = new Set<string>();
  const ask = <T>(from: ReadonlyMap<string, T>, what: string): T => {
    const found = from.get(what);
    if (found === undefined) {
      throw new SyndicError('PROOF_INVALID', `the bundle proves nothing of ${what}: export it again`);
    }
    asked.add(what);
    return found;
  };
  return {
    ...{ headers, ledger, study, consensus },
    chain: {
      chainId,
      block: { number: header.number, hash: blockHash(header, consensus), time: header.timestamp },
      words: async (contract, slots) => slots.map((slot) => ask(words, wordName(contract, slot))),
      code: async (contract) => ask(code, codeName(contract)),
      logs: async (contract, of) => (contract === ledger && of === study ? logs : []),
    },
    documents: {
      async open(of) {
        if (!documents.has(documentName(of))) return null;
        const bytes = ask(documents, documentName(of));
        const read = async (offset: number, length: number) => bytes.slice(offset, offset + length);
        return { size: bytes.length, read, close: async () => {} };
      },
    },
    unread: () => [code, words, documents].flatMap((all) => [...all.keys()].filter((one) => !asked.has(one))),
  };
}

function headersOf({ headers, consensus }: Bundle): Header[] {
  // Clique alone is sealed by those who build upon a block.
  if (headers.length > 1 && consensus !== 'clique') {
    throw invalid(`it has ${headers.length} headers, of which ${consensus} needs one`);
  }
  return headers.map((given, i) => {
    const header = readHeader(given);
    const hashed = hashedFields(given);
    const strange = Object.keys(given).find((key) => given[key] !== hashed[key]);
    if (strange === undefined) return header;
    throw invalid(`headers[${i}].${strange} is no part of a block's hash, or spelt otherwise than in lower case`);
  });
}

function provenState(bundle: Bundle, { stateRoot }: Header) {
  const nodes = new ProofNodes(bundle.nodes);
  const read: ReadNodes = new Map();
  const code = new Map<string, Uint8Array>();
  const words = new Map<string, bigint>();
  for (const account of bundle.accounts) {
    const { address } = account;
    const proven = provenAccount(stateRoot, address, nodes.at(account.proof), read);
    if (proven === null || keccak256(account.code) !== proven.codeHash) {
      throw new SyndicError('PROOF_INVALID', `the code of ${address} is not the one that is proven`);
    }
    once(code, codeName(address), hexToBytes(account.code));
    for (const { slot, proof } of account.words) {
      const word = provenWord(proven.storageRoot, BigInt(slot), nodes.at(proof), read);
      once(words, wordName(address, BigInt(slot)), word);
    }
  }
  nodes.end();
  return { code, words };
}

function logsOf({ logs, study }: Bundle): ChainLog[] {
  return logs.map((log, i) => {
    if (!isOfHistory(log, study)) throw invalid(`logs[${i}] is no event of the study's history`);
    return { ...log, transaction: null, block: null };
  });
}

function documentsOf({ documents }: Bundle): Map<string, Uint8Array> {
  const all = new Map<string, Uint8Array>();
  for (const [name, text] of Object.entries(documents)) {
    const bytes = decodeBase64(text);
    // Bits that fill up the last digit, and what is no digit, are no part of the bytes.
    if (encodeBase64(bytes) !== text) throw invalid(`documents.${name} is spelt otherwise than base64 must be`);
    if (sha256(bytes) !== name) throw invalid(`documents.${name} has other bytes than it is named by`);
    all.set(documentName(digest(name)), bytes);
  }
  return all;
}

/** The nodes that proofs are made of: each stands once, and some proof uses it. */
class ProofNodes {
  readonly #nodes: readonly string[];
  readonly #used = new Set<number>();

  constructor(nodes: readonly string[]) {
    if (new Set(nodes).size !== nodes.length) throw invalid('a node of its proofs stands twice');
    // A trie without a key is proven by no node, or by this one: a bundle has the former.
    if (nodes.includes(EMPTY_NODE)) throw invalid('it has the empty node, which proves nothing');
    this.#nodes = nodes;
  }

  at(places: readonly number[]): string[] {
    return places.map((place) => {
      const node = this.#nodes[place];
      if (node === undefined) throw invalid(`a proof names node ${place}, which it has not`);
      this.#used.add(place);
      return node;
    });
  }

  end(): void {
    const idle = this.#nodes.findIndex((_, place) => !this.#used.has(place));
    if (idle >= 0) throw invalid(`nodes[${idle}] is of no proof`);
  }
}

function once<T>(all: Map<string, T>, what: string, value: T): void {
  if (all.has(what)) throw invalid(`${what} stands twice`);
  all.set(what, value);
}

function codeName(contract: Address): string {
  return `the code of ${contract}`;
}

function wordName(contract: Address, slot: bigint): string {
  return `word ${slot.toString(16)} of ${contract}`;
}

function documentName(of: string): string {
  return `document ${of}`;
}

function invalid(what: string): SyndicError {
  return new SyndicError('DOCUMENT_INVALID', `the bundle is none that this release writes: ${what}`);
}
