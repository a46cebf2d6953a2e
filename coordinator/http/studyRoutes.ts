import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { canonicalBytes } from '../../core/canonicalJson.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { addressSchema, digestSchema, signatureSchema } from '../../core/schemas.ts';
import type { StudyId } from '../../core/values.ts';
import { requireRole, requireStudyReader } from './access.ts';
import { studyExists } from './artifacts.sql.ts';
import { callerOf } from './authenticate.ts';
import { eventsAfter } from './eventsAfter.ts';
import type { HttpModules } from './options.ts';
import { parse } from './problem.ts';

const orderBody = z.strictObject({
  /** The normalised plan: its RFC 8785 bytes in base64, or the document itself. */
  plan: z.union([z.base64().min(1), z.record(z.string(), z.json())]),
  initialModel: digestSchema,
  coordinator: addressSchema,
  minIncluded: z.int().min(2).max(0xffff),
  salt: digestSchema,
  signature: signatureSchema,
});
const studyParams = z.object({ id: digestSchema });
const eventsQuery = z.strictObject({
  after: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
  /** Seconds to wait for an event when there is none yet. */
  wait: z.coerce.number().int().min(0).max(25).default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(500),
});
const abortBody = z.strictObject({ reason: z.string().trim().min(1).max(1000) });
const emptyBody = z.strictObject({}).nullish();

/** @param closing aborts when the server stops, so that nobody waits for events any longer */
export function studyRoutes(app: FastifyInstance, modules: HttpModules, closing: AbortSignal): void {
  const { db, chain, studies } = modules;

  app.get('/studies', async () => ({ studies: await studies.list() }));

  app.post('/studies', async (request, reply) => {
    const caller = callerOf(request);
    requireRole(caller, 'operator');
    const { plan, ...order } = parse(orderBody, request.body);
    const bytes = typeof plan === 'string' ? new Uint8Array(Buffer.from(plan, 'base64')) : canonicalBytes(plan);
    const id = await studies.open({ ...order, plan: bytes, operator: caller.address });
    return reply.code(201).header('location', `/api/v1/studies/${id}`).send({ id });
  });

  app.get('/studies/:id', async (request) => {
    const { id } = parse(studyParams, request.params);
    await requireStudyReader(chain, callerOf(request), id);
    return await studies.show(id);
  });

  app.get('/studies/:id/events', async (request, reply) => {
    const { id } = parse(studyParams, request.params);
    const query = parse(eventsQuery, request.query);
    await requireStudyReader(chain, callerOf(request), id);
    await requireStudy(id);
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const events = await eventsAfter(studies, id, query, AbortSignal.any([gone.signal, closing]));
    return { events, last: events.at(-1)?.id ?? query.after };
  });

  for (const verb of ['start', 'pause', 'resume'] as const) {
    app.post(`/studies/:id/${verb}`, async (request, reply) => {
      const { id } = parse(studyParams, request.params);
      parse(emptyBody, request.body);
      const caller = callerOf(request);
      requireRole(caller, 'operator');
      await studies[verb](id, caller.address);
      return reply.code(202).send({ id });
    });
  }

  app.post('/studies/:id/abort', async (request, reply) => {
    const { id } = parse(studyParams, request.params);
    const { reason } = parse(abortBody, request.body);
    const caller = callerOf(request);
    requireRole(caller, 'operator');
    await studies.abort(id, caller.address, reason);
    return reply.code(202).send({ id });
  });

  async function requireStudy(id: StudyId): Promise<void> {
    if (!(await studyExists(db, id)))
      throw new SyndicError('NOT_FOUND', `no study ${id} here: see the list of studies`);
  }
}
