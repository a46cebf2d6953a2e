import { statSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { connectNodes } from '../../audit/agreeing.ts';
import { httpArtifacts } from '../../audit/httpArtifacts.ts';
import type { Artifacts } from '../../audit/port.ts';
import type { RpcChain } from '../../audit/rpc.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { decodeReceipt, type ReceiptDocument } from '../../core/statements/documents.ts';
import type { Address } from '../../core/values.ts';
import { readChainFile } from '../chain/chainFile.ts';
import { readInput } from '../files.ts';
import { folderArtifacts } from './folder.ts';

export interface ChainSource {
  /** URLs of nodes, which all have to agree. */
  readonly rpc: readonly string[];
  readonly deployment: string;
}

/** Artifacts, and how they were named: what a thread can open too. */
export interface Place extends Artifacts {
  readonly place: string;
}

/** @param place a folder, or the URL of one */
export function openPlace(place: string): Place {
  return { place, ...(isUrl(place) ? httpArtifacts(new URL(place)) : folderArtifacts(place)) };
}

function isUrl(place: string): boolean {
  return /^https?:\/\//.test(place);
}

export function artifactsOption(): Option {
  return new Option(
    '--artifacts <place>',
    'a folder, or the URL of one, with files named by their SHA-256; may be given several times',
  ).argParser(placeArgument);
}

/** Receipts that the reader holds; each may be given as its worker's journal keeps it. */
export function receiptOption(): Option {
  return new Option(
    '--receipt <file>',
    'a receipt that you hold, to be held against the records; may be given several times',
  ).argParser((file: string, before: readonly string[] = []) => [...before, file]);
}

/** @throws SyndicError DOCUMENT_INVALID naming what is wrong with one */
export async function readReceipts(files: readonly string[] = []): Promise<ReceiptDocument[]> {
  return await Promise.all(files.map(async (file) => decodeReceipt(await readInput(file))));
}

/** `--rpc` and `--deployment`, which a bundle stands in for. */
export function withChainOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--rpc <url>', "JSON-RPC URL of a node of the reader's own choice; several have to agree")
        .env('CHAIN_RPC_URL')
        .argParser(nodesArgument),
    )
    .addOption(
      new Option('--deployment <file>', 'what `consortium deploy` wrote, or an invitation').env('SYNDIC_DEPLOYMENT'),
    );
}

/** @throws SyndicError USAGE when one is missing */
export function chainSource({ rpc, deployment }: Partial<ChainSource>): ChainSource {
  if (rpc !== undefined && deployment !== undefined) return { rpc, deployment };
  throw new SyndicError('USAGE', 'give --rpc URL and --deployment FILE');
}

/** Runs `work` on the chain that a deployment names; what was read of a block that is gone counts for nothing. */
export async function onAuditedChain<T>(
  { rpc, deployment: file }: ChainSource,
  behind: number,
  work: (chain: RpcChain, ledger: Address) => Promise<T>,
): Promise<T> {
  const { deployment } = await readChainFile(file);
  const chain = await connectNodes(rpc, behind);
  try {
    const { chainId, genesis } = chain;
    if (chainId !== deployment.chainId || genesis !== deployment.genesis) {
      const message = `the node serves chain ${chainId} with genesis ${genesis}; the file names chain ${deployment.chainId} with genesis ${deployment.genesis}: give --rpc a node of that chain`;
      throw new SyndicError('CHAIN_MISMATCH', message, { got: chainId, want: deployment.chainId });
    }
    const done = await work(chain, deployment.ledger);
    await chain.recheck();
    return done;
  } finally {
    chain.close();
  }
}

/** One URL or several with commas, as a coordinator's CHAIN_RPC_URL has them. */
function nodesArgument(text: string, before: readonly string[] = []): readonly string[] {
  const urls = text.split(',').map((url) => url.trim());
  if (urls.every((url) => /^https?:\/\//.test(url) && URL.canParse(url))) return [...before, ...urls];
  throw new InvalidArgumentError('give an http or https URL');
}

function placeArgument(text: string, before: readonly Place[] = []): readonly Place[] {
  if (isUrl(text)) {
    if (!URL.canParse(text)) throw new InvalidArgumentError('give a folder, or an http or https URL');
  } else if (!statSync(text, { throwIfNoEntry: false })?.isDirectory()) {
    // Else every document of the study would be told to be missing.
    throw new InvalidArgumentError('there is no such folder');
  }
  return [...before, openPlace(text)];
}
