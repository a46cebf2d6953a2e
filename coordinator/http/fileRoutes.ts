import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { type Digest, digest } from '../../core/values.ts';
import { mayRead } from './access.ts';
import { type Artifact, findArtifacts } from './artifacts.sql.ts';
import { callerOf } from './authenticate.ts';
import type { Caller } from './caller.ts';
import type { HttpModules } from './options.ts';
import { parse } from './problem.ts';

const fileParams = z.object({
  digest: z
    .string()
    .regex(/^(0x)?[0-9a-f]{64}$/, '64 lower-case hex digits are wanted, with or without 0x')
    .transform((text) => digest(text.startsWith('0x') ? text : `0x${text}`)),
});

/** Files by their SHA-256: models, plans, manifests, statements, receipts, reports; to each caller what is its to read. */
export function fileRoutes(app: FastifyInstance, { db, chain, models }: HttpModules): void {
  app.get('/files/:digest', async (request, reply) => {
    const { digest } = parse(fileParams, request.params);
    const artifact = await readable(callerOf(request), digest);
    const length = await models.size(digest);
    if (length === null) throw notHere(digest);
    reply
      .type(artifact.kind === 'model' || artifact.kind === 'update' ? 'application/octet-stream' : 'application/json')
      .header('content-length', length)
      .header('etag', `"${digest}"`)
      .header('syndic-kind', artifact.kind);
    return reply.send(Readable.from(models.open(digest), { objectMode: false }));
  });

  /** The first meaning of the digest under which the caller may read it. */
  async function readable(caller: Caller, digest: Digest): Promise<Artifact> {
    const artifacts = await findArtifacts(db, digest);
    if (artifacts.length === 0) throw notHere(digest);
    for (const artifact of artifacts) if (await mayRead(chain, caller, artifact)) return artifact;
    throw new SyndicError('FORBIDDEN', `${caller.address} may not read this ${artifacts[0]?.kind ?? 'file'}`, {
      digest,
    });
  }
}

function notHere(digest: Digest): SyndicError {
  return new SyndicError('NOT_FOUND', `no file ${digest} here: it is of no study, or its time of keeping is over`, {
    digest,
  });
}
