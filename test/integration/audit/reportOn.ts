import { expect } from '@jest/globals';
import type { Artifacts } from '../../../audit/port.ts';
import { connectRpc, type RpcChain } from '../../../audit/rpc.ts';
import { type Report, verify } from '../../../audit/verify.ts';
import type { ReceiptDocument } from '../../../core/statements/documents.ts';
import type { Digest } from '../../../core/values.ts';
import type { World } from '../chain/world.ts';
import type { Scene } from './Scene.ts';

export interface Changes {
  /** In place of the files' own bytes; null: not there. */
  readonly files?: ReadonlyMap<Digest, Uint8Array | null>;
  readonly chain?: (honest: RpcChain) => Partial<RpcChain>;
  /** That the reader holds itself. */
  readonly receipts?: readonly ReceiptDocument[];
}

/** What the verifier finds of a scene, whose node or files may be changed on the way. */
export async function reportOn(world: World, scene: Scene, changes: Changes = {}): Promise<Report> {
  const chain = await connectRpc(world.rpcUrl);
  try {
    const told = { ...chain, ...changes.chain?.(chain) };
    const of = { ledger: scene.ledger, study: scene.study, artifacts: [filesOf(scene, changes.files)] };
    const report = await verify({ chain: told, ...of, receipts: changes.receipts ?? [] });
    // Whatever is found was found by a check that is counted.
    const [counted, named] = [report.checks, report.findings].map((all) => all.map(({ check }) => check));
    expect(counted).toEqual(expect.arrayContaining(named ?? []));
    return report;
  } finally {
    chain.close();
  }
}

/** A scene's files, some of them changed. */
export function filesOf(scene: Scene, files: Changes['files'] = new Map()): Artifacts {
  return {
    open: async (digest) => {
      const changed = files.get(digest);
      const bytes = changed === undefined ? scene.files.get(digest) : changed;
      if (bytes === undefined || bytes === null) return null;
      const read = async (offset: number, length: number) => bytes.slice(offset, offset + length);
      return { size: bytes.length, read, close: async () => {} };
    },
  };
}

export function faultsOf({ findings }: Report) {
  return findings
    .filter(({ severity }) => severity === 'fault')
    .map(({ code, round, slot, implicated }) => ({ code, round, slot, implicated }));
}
