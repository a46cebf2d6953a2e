import { randomUUID } from 'node:crypto';
import fastify, { type FastifyInstance, type RouteOptions } from 'fastify';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { addressOf } from '../../core/statements/sign.ts';
import { authenticate } from './authenticate.ts';
import { fileRoutes } from './fileRoutes.ts';
import { loginRoutes } from './loginRoutes.ts';
import type { HttpModules, HttpOptions } from './options.ts';
import { sendProblem } from './problem.ts';
import { studyRoutes } from './studyRoutes.ts';

export interface App {
  readonly app: FastifyInstance;
  /** Every route, for a test that none is open by accident. */
  readonly routes: readonly RouteOptions[];
}

/** The routes, not listening yet. @param closing see `studyRoutes` */
export async function createApp(options: HttpOptions, modules: HttpModules, closing: AbortSignal): Promise<App> {
  const app = makeServer(options);
  const routes: RouteOptions[] = [];
  app.addHook('onRoute', (route) => {
    routes.push(route);
  });
  app.decorateRequest('caller', null);
  // Every request needs a session unless its route says otherwise: who adds a route need not think of it.
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    if (request.is404 || request.routeOptions.config.open === true) return;
    request.caller = await authenticate(request, modules.db, modules.clock);
  });
  logResponses(app, modules);
  app.removeContentTypeParser('text/plain');
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply, modules.log));
  app.setNotFoundHandler((request, reply) => {
    const allowed = methodsOf(routes, request.url);
    if (allowed.length > 0) reply.header('allow', allowed.join(', '));
    return sendProblem(nothingHere(request.method, allowed), request, reply, modules.log);
  });
  healthRoutes(app, modules);
  await app.register(
    async (api) => {
      loginRoutes(api, options, modules);
      studyRoutes(api, modules, closing);
      fileRoutes(api, modules);
      infoRoute(api, options);
    },
    { prefix: '/api/v1' },
  );
  await app.ready();
  return { app, routes };
}

/** Methods that the path answers to. */
function methodsOf(routes: readonly RouteOptions[], url: string): string[] {
  const parts = url.split('?', 1)[0]?.split('/') ?? [];
  const here = routes.filter((route) => {
    const pattern = route.url.split('/');
    return pattern.length === parts.length && pattern.every((part, i) => part.startsWith(':') || part === parts[i]);
  });
  return here.flatMap((route) => route.method);
}

function nothingHere(method: string, allowed: readonly string[]): Error {
  if (allowed.length === 0) return new SyndicError('NOT_FOUND', 'nothing is on this path: see the documentation');
  const message = `this path does not answer to ${method}, only to ${allowed.join(', ')}`;
  return Object.assign(new Error(message), { statusCode: 405 });
}

function makeServer({ tls, maxBodyBytes }: HttpOptions): FastifyInstance {
  const common = {
    bodyLimit: maxBodyBytes,
    exposeHeadRoutes: false,
    genReqId: () => randomUUID(),
    logger: false,
    requestTimeout: 60_000,
  };
  if (tls === undefined || tls === null) return fastify(common);
  return fastify({ ...common, https: { ...tls, minVersion: 'TLSv1.3' } });
}

function logResponses(app: FastifyInstance, { log, requests }: HttpModules): void {
  app.addHook('onResponse', async (request, reply) => {
    const facts = {
      request: request.id,
      method: request.method,
      route: request.routeOptions.url,
      status: reply.statusCode,
      milliseconds: Math.round(reply.elapsedTime),
      caller: request.caller?.address,
    };
    log.debug(facts, 'request answered');
    // A caller chooses methods and paths as it likes: what no route is goes by one name.
    const { url: route } = request.is404 ? { url: undefined } : request.routeOptions;
    const method = route === undefined ? 'other' : request.method;
    requests?.requestAnswered(method, route ?? 'none', reply.statusCode, reply.elapsedTime / 1000);
  });
}

function healthRoutes(app: FastifyInstance, { ready }: HttpModules): void {
  app.get('/healthz', { config: { open: true } }, async () => ({ alive: true }));
  app.get('/readyz', { config: { open: true } }, async (_request, reply) => {
    const checks = await ready();
    const all = Object.values(checks).every((check) => check);
    return reply.code(all ? 200 : 503).send({ ready: all, checks });
  });
}

function infoRoute(app: FastifyInstance, options: HttpOptions): void {
  const { chainId, contracts } = options.info;
  const info = { coordinator: options.coordinatorAccount, key: addressOf(options.privateKey), chainId, contracts };
  app.get('/info', async () => info);
}
