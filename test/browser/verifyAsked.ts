import { decodeBundle, openBundle } from '../../audit/bundle.ts';
import { httpArtifacts } from '../../audit/httpArtifacts.ts';
import { connectRpc } from '../../audit/rpc.ts';
import { basisOf } from '../../audit/trust.ts';
import { type Report, verify } from '../../audit/verify.ts';
import { verifyBundle } from '../../audit/verifyBundle.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Address, Digest, StudyId } from '../../core/values.ts';

interface AskedOfBundle {
  readonly models: string;
  readonly bundle: string;
  readonly block: Digest;
}

interface AskedOfNode {
  readonly models: string;
  readonly rpc: string;
  readonly ledger: Address;
  readonly study: StudyId;
}

/** URLs, for a browser's worker reads nothing else. */
export type Asked = AskedOfBundle | AskedOfNode;

/** Verifies what a page asks for; run in Node and in a browser's worker. @returns JSON: the report, or why there is none */
export async function verifyAsked(asked: Asked): Promise<string> {
  const answer = await ('rpc' in asked ? ofNode(asked) : ofBundle(asked)).catch((thrown: unknown) =>
    thrown instanceof SyndicError ? { code: thrown.code, message: thrown.message } : { thrown: String(thrown) },
  );
  return JSON.stringify(answer, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
}

async function ofBundle({ models, bundle, block }: AskedOfBundle): Promise<Report> {
  const file = await fetch(bundle);
  const opened = openBundle(decodeBundle(new Uint8Array(await file.arrayBuffer())));
  const basis = basisOf(opened, { kind: 'block', hash: block });
  return await verifyBundle(opened, { artifacts: [httpArtifacts(new URL(models))], basis });
}

async function ofNode({ models, rpc, ledger, study }: AskedOfNode): Promise<Report> {
  const chain = await connectRpc(rpc);
  try {
    return await verify({ chain, ledger, study, artifacts: [httpArtifacts(new URL(models))] });
  } finally {
    chain.close();
  }
}
