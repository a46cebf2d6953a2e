import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { faultsOf } from '../../core/schemas.ts';
import type { Log } from '../modules.ts';

/** An error as RFC 9457 "problem details", with our stable code beside. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly retryable: boolean;
  readonly details: unknown;
  /** The same in the coordinator's log. */
  readonly request: string;
}

/** Answers with whatever was thrown. What is a fault of ours goes to the log in full and to the caller as a number. */
export function sendProblem(thrown: unknown, request: FastifyRequest, reply: FastifyReply, log: Log): FastifyReply {
  const { error, status } = translate(thrown);
  const facts = { request: request.id, method: request.method, route: request.routeOptions.url, code: error.code };
  if (status >= 500) log.error({ ...facts, error: describe(error.cause ?? error) }, 'request failed');
  else log.debug({ ...facts, detail: error.message }, 'request refused');
  const hidden = error.code === 'INTERNAL';
  const problem: Problem = {
    type: `urn:syndic:error:${error.code}`,
    title: error.code.toLowerCase().replaceAll('_', ' '),
    status,
    detail: hidden ? `a fault of ours; the coordinator's log names it under request ${request.id}` : error.message,
    code: error.code,
    retryable: error.retryable,
    details: hidden ? {} : error.details,
    request: request.id,
  };
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  return reply.code(status).type('application/problem+json').send(JSON.stringify(problem));
}

/** The part of a request that `schema` describes. @throws SyndicError USAGE listing every fault */
export function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const faults = faultsOf(result.error);
  const list = faults.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  throw new SyndicError('USAGE', `the request is malformed: ${list.join('; ')}`, { faults });
}

function translate(thrown: unknown): { error: SyndicError; status: number } {
  if (thrown instanceof SyndicError) return { error: thrown, status: thrown.kind.http };
  if (isHttpError(thrown) && thrown.statusCode >= 400 && thrown.statusCode < 500) {
    const code = thrown.statusCode === 413 ? 'TOO_LARGE' : 'USAGE';
    return { error: new SyndicError(code, thrown.message), status: thrown.statusCode };
  }
  return { error: new SyndicError('INTERNAL', 'a fault of ours', {}, { cause: thrown }), status: 500 };
}

const httpError = z.object({ statusCode: z.number(), message: z.string() });

/** What Fastify throws about a request that it cannot take (not JSON, too long, another media type). */
function isHttpError(thrown: unknown): thrown is z.infer<typeof httpError> {
  return httpError.safeParse(thrown).success;
}

function describe(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}
