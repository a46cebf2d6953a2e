import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { decodeBundle, encodeBundle, openBundle } from '../../../audit/bundle.ts';
import { exportBundle } from '../../../audit/exportBundle.ts';
import type { Artifacts } from '../../../audit/port.ts';
import { connectRpc } from '../../../audit/rpc.ts';
import { basisOf } from '../../../audit/trust.ts';
import { type Report, verify } from '../../../audit/verify.ts';
import { verifyBundle } from '../../../audit/verifyBundle.ts';
import { SyndicError } from '../../../core/errors/SyndicError.ts';
import type { Digest } from '../../../core/values.ts';
import type { Scene } from '../../integration/audit/Scene.ts';
import type { World } from '../../integration/chain/world.ts';
import { alikeOf, type ByteChange, boundaries, byteChanges, changed } from './byteChanges.ts';
import { type History, histories, play } from './histories.ts';

/** How long to look, of one history. */
export interface Effort {
  /** Seed of the changes. */
  readonly seed: number;
  /** Changes of the bundle anywhere in it. */
  readonly anywhere: number;
  /** Changes at the bundle's boundaries; left out: one at each. */
  readonly atBoundaries?: number;
  /** Changes of documents, models and updates in a folder. */
  readonly inFiles: number;
}

/** How often changes were rejected with what. */
export type Tally = Map<string, number>;

/** Every history of `histories` is accepted, and every change of a byte of what proves it is rejected. */
export function verifierProperty(world: () => Promise<World>, effort: Effort, tally: Tally = new Map()) {
  return fc.asyncProperty(histories, async (history) => await checkHistory(await world(), history, effort, tally));
}

/** @throws Error that says which history and which change */
export async function checkHistory(world: World, history: History, effort: Effort, tally: Tally): Promise<void> {
  const scene = await play(world, history);
  const { bundle, hash } = await accepted(world, scene);
  const count = (verdict: string) => void tally.set(verdict, (tally.get(verdict) ?? 0) + 1);
  count('histories accepted');
  const refuse = async (what: string, verdict: Promise<string>, { at, to }: ByteChange) => {
    const got = await verdict;
    count(got);
    if (got === ACCEPTED) throw new Error(`${what} is accepted with byte ${at} changed to ${to}`);
  };

  const edges = boundaries(bundle);
  const wanted = effort.atBoundaries ?? edges.length;
  const chosen =
    effort.atBoundaries === undefined ? edges : fc.sample(fc.constantFrom(...edges), { ...effort, numRuns: wanted });
  for (const [i, at] of chosen.entries()) {
    const change = { at, to: alikeOf(bundle[at] ?? 0, effort.seed + i) };
    await refuse(
      `the bundle, at a boundary (${around(bundle, at)}),`,
      verdictOf(changed(bundle, change), hash),
      change,
    );
  }
  const anywhere = byteChanges(bundle, fc.nat({ max: bundle.length - 1 }));
  await everyChange(anywhere, { ...effort, numRuns: effort.anywhere }, async (change) => {
    await refuse(`the bundle (${around(bundle, change.at)})`, verdictOf(changed(bundle, change), hash), change);
  });
  const { chain } = openBundle(decodeBundle(bundle));
  const of = { chain, ledger: scene.ledger, study: scene.study };
  const inFiles = fc
    .constantFrom(...scene.files)
    .chain(([name, bytes]) =>
      byteChanges(bytes, fc.nat({ max: bytes.length - 1 })).map((change) => ({ name, bytes, change })),
    );
  await everyChange(inFiles, { ...effort, numRuns: effort.inFiles }, async ({ name, bytes, change }) => {
    const files = new Map([...scene.files, [name, changed(bytes, change)]]);
    const { findings } = await verify({ ...of, artifacts: [storeOf(files)] });
    // Damaged, and not merely what nothing could be made of.
    const told = findings.some(({ code }) => code === 'FILE_DAMAGED') ? 'a file: FILE_DAMAGED' : ACCEPTED;
    await refuse(`file ${name}`, Promise.resolve(told), change);
  });
}

const ACCEPTED = 'accepted';

/** A history's bundle, after a node and the bundle both said that there is no fault, and said the same. */
async function accepted(world: World, scene: Scene): Promise<{ readonly bundle: Uint8Array; readonly hash: Digest }> {
  const chain = await connectRpc(world.rpcUrl);
  try {
    const request = { ledger: scene.ledger, study: scene.study, artifacts: [storeOf(scene.files)] };
    const online = await verify({ ...request, chain });
    const exported = await exportBundle(chain, 'ethereum', request);
    const bundle = encodeBundle(exported.bundle);
    const offline = await offlineReport(bundle, chain.block.hash, request.artifacts);
    if (!online.verified || online.unchecked.length > 0) {
      throw new Error(`an honest history is not verified: ${JSON.stringify([online.findings, online.unchecked])}`);
    }
    if (!isDeepStrictEqual(tellingOf(online), tellingOf(offline))) {
      throw new Error(
        `the bundle tells otherwise than the node: ${JSON.stringify([online.findings, offline.findings])}`,
      );
    }
    return { bundle, hash: chain.block.hash };
  } finally {
    chain.close();
  }
}

function tellingOf({ findings, unchecked, checks, contributions, final, block }: Report) {
  return { findings, unchecked, checks, contributions, final, block };
}

async function offlineReport(bytes: Uint8Array, hash: Digest, artifacts: readonly Artifacts[] = []): Promise<Report> {
  const opened = openBundle(decodeBundle(bytes));
  return await verifyBundle(opened, { artifacts, basis: basisOf(opened, { kind: 'block', hash }) });
}

/** With what a bundle is rejected; anything thrown that is no SyndicError goes on. */
async function verdictOf(bytes: Uint8Array, hash: Digest): Promise<string> {
  try {
    const { verified, findings } = await offlineReport(bytes, hash);
    return verified ? ACCEPTED : `a fault: ${findings.find(({ severity }) => severity === 'fault')?.code}`;
  } catch (thrown) {
    if (thrown instanceof SyndicError) return `refused: ${thrown.code}`;
    throw thrown;
  }
}

async function everyChange<T>(
  changes: fc.Arbitrary<T>,
  { seed, numRuns }: { readonly seed: number; readonly numRuns: number },
  check: (change: T) => Promise<void>,
): Promise<void> {
  await fc.assert(fc.asyncProperty(changes, check), { seed, numRuns });
}

function storeOf(files: ReadonlyMap<Digest, Uint8Array>): Artifacts {
  return {
    async open(digest) {
      const bytes = files.get(digest);
      if (bytes === undefined) return null;
      const read = async (offset: number, length: number) => bytes.slice(offset, offset + length);
      return { size: bytes.length, read, close: async () => {} };
    },
  };
}

/** What stands about a place in a text. */
function around(bytes: Uint8Array, at: number): string {
  return JSON.stringify(new TextDecoder().decode(bytes.subarray(Math.max(0, at - 30), at + 10)));
}
