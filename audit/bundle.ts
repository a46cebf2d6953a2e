import { keccak256 } from 'ethers/crypto';
import { decodeBase64 } from 'ethers/utils';
import * as z from 'zod';
import { canonicalBytes, parseJson } from '../core/canonicalJson.ts';
import { SyndicError } from '../core/errors/SyndicError.ts';
import { addressSchema, checkDocument, digestSchema, instantSchema } from '../core/schemas.ts';
import { type Address, hexToBytes, type StudyId } from '../core/values.ts';
import { blockHash, type Consensus, type Header, readHeader } from './blocks/header.ts';
import type { Artifacts, AuditedChain, ChainLog } from './port.ts';
import { provenAccount, provenWord } from './proofs/account.ts';

/** Nodes of proofs, each once; a proof is a list of places in it. */
const proofSchema = z.array(z.int().min(0));
const hexSchema = z.string().regex(/^0x(?:[0-9a-f]{2})*$/);

const logSchema = z.strictObject({
  topics: z.array(digestSchema).min(1).max(4),
  data: hexSchema,
  transaction: digestSchema,
  block: z.int().min(0),
  time: instantSchema,
});

const bundleSchema = z.strictObject({
  schema: z.literal('syndic.bundle/1'),
  chainId: z.int().positive(),
  consensus: z.union([z.literal('ethereum'), z.literal('clique'), z.literal('qbft')]),
  ledger: addressSchema,
  study: digestSchema,
  /** As `eth_getBlockByNumber` gave them: the audited block first, then those built upon it. */
  headers: z.array(z.record(z.string(), z.unknown())).min(1),
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
 */
export type Bundle = z.infer<typeof bundleSchema>;

/** Bytes of a bundle that are read at most. */
const MOST = 256 * 1024 * 1024;

export function encodeBundle(bundle: Bundle): Uint8Array {
  return canonicalBytes(bundle);
}

/** Checks the form alone: `openBundle` checks what it proves. @throws SyndicError DOCUMENT_INVALID, TOO_LARGE */
export function decodeBundle(bytes: Uint8Array): Bundle {
  return checkDocument('bundle', bundleSchema, parseJson(bytes, MOST));
}

/** A bundle whose proofs hold to its first header; whether that header is the chain's is for `trust.ts` to say. */
export interface OpenedBundle {
  readonly chain: AuditedChain;
  readonly headers: readonly Header[];
  readonly documents: Artifacts;
  readonly ledger: Address;
  readonly study: StudyId;
  readonly consensus: Consensus;
}

/**
 * Proves everything that is in a bundle to the state root of its first header.
 *
 * @throws SyndicError PROOF_INVALID, HEADER_UNKNOWN; DOCUMENT_INVALID when a proof names a node that is not there
 */
export function openBundle(bundle: Bundle): OpenedBundle {
  const { chainId, consensus, ledger, study, nodes, logs, documents } = bundle;
  const headers = bundle.headers.map(readHeader);
  const [header] = headers;
  if (header === undefined) throw new SyndicError('DOCUMENT_INVALID', 'the bundle has no header');
  const proofOf = (places: readonly number[]) =>
    places.map((place) => {
      const node = nodes[place];
      if (node === undefined) throw new SyndicError('DOCUMENT_INVALID', `the bundle has no node ${place}`);
      return node;
    });
  const code = new Map<Address, Uint8Array>();
  const words = new Map<string, bigint>();
  for (const account of bundle.accounts) {
    const proven = provenAccount(header.stateRoot, account.address, proofOf(account.proof));
    if (proven === null || keccak256(account.code) !== proven.codeHash) {
      throw new SyndicError('PROOF_INVALID', `the code of ${account.address} is not the one that is proven`);
    }
    code.set(account.address, hexToBytes(account.code));
    for (const { slot, proof } of account.words) {
      const word = provenWord(proven.storageRoot, BigInt(slot), proofOf(proof));
      words.set(placeOf(account.address, BigInt(slot)), word);
    }
  }
  const block = { number: header.number, hash: blockHash(header, consensus), time: header.timestamp };
  const notThere = (what: string) =>
    new SyndicError('PROOF_INVALID', `the bundle proves nothing of ${what}: export it again`, {});
  return {
    ...{ headers, ledger, study, consensus },
    chain: {
      chainId,
      block,
      words: async (contract, slots) =>
        slots.map((slot) => {
          const word = words.get(placeOf(contract, slot));
          if (word === undefined) throw notThere(`word ${slot.toString(16)} of ${contract}`);
          return word;
        }),
      async code(contract) {
        const found = code.get(contract);
        if (found === undefined) throw notThere(`the code of ${contract}`);
        return found;
      },
      logs: async (contract, of) => (contract === ledger && of === study ? (logs as ChainLog[]) : []),
    },
    documents: documentsOf(documents),
  };
}

function documentsOf(documents: Bundle['documents']): Artifacts {
  return {
    async open(of) {
      const text = documents[of];
      if (text === undefined) return null;
      const bytes = decodeBase64(text);
      const read = async (offset: number, length: number) => bytes.slice(offset, offset + length);
      return { size: bytes.length, read, close: async () => {} };
    },
  };
}

function placeOf(contract: Address, slot: bigint): string {
  return `${contract}/${slot.toString(16)}`;
}
