import { rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import express, { type Express, type Request, type Response } from 'express';
import helmet from 'helmet';
import { pinoHttp } from 'pino-http';
import type { z } from 'zod';
import type { AnswerAnywhere } from './any-controller.ts';
import { bearerToken, roles, type TokenCheck } from './auth.ts';
import type { Clock } from './clock.ts';
import { docsPage, docsStyleHash } from './docs-page.ts';
import { guards, type RateLimits } from './http-guards.ts';
import { routeHandler } from './http-route.ts';
import type { RunOnce } from './idempotency.ts';
import { newId } from './ids.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import { openApiDocument, type healthSchema } from './openapi.ts';
import { problemAnswer, type Refused } from './problem-answer.ts';
import { notFound } from './problem.ts';
import { listenAsOne } from './rest-sockets.ts';
import type { Route } from './route.ts';

/** What /readyz tells. Nothing of any call: anybody may read it. */
export type Health = z.output<typeof healthSchema>;

export interface HttpOptions {
  readonly routes: readonly Route[];
  readonly authenticate: TokenCheck;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly health: () => Health;
  readonly version: string;
  /** The ARI application of this process start. */
  readonly application?: string;
  /** Needed when a route has `idempotency: 'postgres'`. */
  readonly runOnce?: RunOnce;
  readonly refused?: Refused;
  readonly rateLimits?: Partial<RateLimits>;
  /** Behind a reverse proxy: the proxies whose X-Forwarded-For is believed (Express's `trust proxy`). */
  readonly trustProxy?: string;
  /** Forwards what another controller of the node has. */
  readonly anywhere?: AnswerAnywhere;
  /** A stream that only other controllers of the node are given, on the socket for them. */
  readonly forOthers?: {
    readonly path: string;
    readonly stream: (response: ServerResponse, signal: AbortSignal) => Promise<void>;
  };
}

interface HttpServer {
  readonly app: Express;
  /** Resolves with the port; `port` 0 takes a free one. Rejects if it is taken. */
  listen(host: string, port: number): Promise<number>;
  /** Answers other controllers of the node on a Unix socket, which only this user can open. Rejects where there can be none. */
  listenToOthers(path: string): Promise<void>;
  /**
   * Takes no more connections, ends the streams, and waits up to `limitMs` for requests under way. Who leaves calls `toOthers` is dead
   * to them from then on; else he is gone.
   */
  close(limitMs?: number, toOthers?: boolean): Promise<void>;
}

const bodyLimit = '256kb';
const rawLimit = '16kb';
const verbs = { GET: 'get', POST: 'post', PUT: 'put', PATCH: 'patch', DELETE: 'delete' } as const;

/** The HTTP server of a controller. */
export function createHttpServer(options: HttpOptions): HttpServer {
  const { logger, routes } = options;
  const stopping = new AbortController();
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('trust proxy', options.trustProxy ?? false);
  app.use(requestLog(options));
  app.use(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: { defaultSrc: ["'none'"], styleSrc: [docsStyleHash], frameAncestors: ["'none'"] },
      },
    }),
  );
  const busy = new Set(routes.filter((route) => route.busy).map(({ path }) => path));
  const guard = guards(options.authenticate, options.rateLimits ?? {}, busy);
  openPages(app, options);
  app.get('/metrics', (request, response, next) => {
    if (!fromThisMachine(request)) guard.authorize(request, roles);
    options.metrics.registry
      .metrics()
      .then((text) => response.type(options.metrics.registry.contentType).send(text))
      .catch(next);
  });
  const forwarded = new WeakSet<IncomingMessage>();
  const isForwarded = (request: Request): boolean => forwarded.has(request);
  // What is passed on was counted where it came in.
  app.use('/v1', (request, response, next) => (isForwarded(request) ? next() : guard.limit(request, response, next)));
  const pages = new Set(routes.filter(({ kind }) => kind === 'page').map(({ path }) => path));
  for (const path of pages) app.use(path, guard.limit);
  // Who it is comes before the body: behind a route's guards, nobody without a token makes us parse anything.
  const parseJson = express.json({ limit: bodyLimit, strict: false });
  const jsonParserFor = ({ bodyLimit: limit }: Route) =>
    limit === undefined ? parseJson : express.json({ limit, strict: false });
  const takeRaw = express.raw({ limit: rawLimit, type: () => true });
  for (const route of routes) {
    app[verbs[route.method]](
      route.path,
      ...guard.forRoute(route),
      route.takes === undefined ? jsonParserFor(route) : takeRaw,
      routeHandler(route, { ...options, stopping: stopping.signal, isForwarded }),
    );
  }
  app.use(() => {
    throw notFound('request.no-such-route', 'There is nothing under this path and method.');
  });
  app.use(problemAnswer(logger, options.refused));

  const server = createServer(app);
  let ownSocket: string | null = null;
  const forOthers = createServer((request, response) => {
    forwarded.add(request);
    const { forOthers: told } = options;
    if (told === undefined || request.url !== told.path) {
      app(request, response);
      return;
    }
    told.stream(response, stopping.signal).catch((error: unknown) => {
      logger.error({ err: error }, 'another controller is not told what happens');
      response.destroy();
    });
  });
  for (const one of [server, forOthers]) {
    one.keepAliveTimeout = 5_000;
    one.requestTimeout = 30_000;
  }
  return {
    app,
    listen: (host, port) => listen(server, { host, port }),
    async listenToOthers(path) {
      await listenAsOne(path, (half) => listen(forOthers, { path: half }));
      ownSocket = path;
    },
    async close(limitMs = 5_000, toOthers = false) {
      stopping.abort();
      if (ownSocket !== null && !toOthers) await rm(ownSocket, { force: true });
      await Promise.all([server, forOthers].map((one) => close(one, limitMs, options.clock)));
    },
  };
}

function requestLog({ logger, clock, metrics }: HttpOptions) {
  const log = pinoHttp<Request, Response>({
    logger,
    genReqId: () => newId(clock.now()),
    autoLogging: { ignore: (request) => /^\/(healthz|readyz|metrics)$/.test(request.path) },
    // Neither the query nor a header nor a link of a page: they may hold numbers and tokens.
    serializers: {
      req: (request: { id: unknown; method: unknown; url: unknown }) => ({
        id: request.id,
        method: request.method,
        path: withoutLink(String(request.url).split('?')[0] ?? ''),
      }),
      res: (response: { statusCode: unknown }) => ({ statusCode: response.statusCode }),
    },
    customLogLevel: (_request, response, error) => (error || response.statusCode >= 500 ? 'warn' : 'debug'),
    customProps: (request) => {
      // Before a route has matched there are no params, whatever the type says.
      const params: Record<string, unknown> = { ...request.params };
      return {
        ...(typeof params['callId'] === 'string' ? { callId: params['callId'] } : {}),
        ...(typeof params['incidentId'] === 'string' ? { incidentId: params['incidentId'] } : {}),
      };
    },
  });
  return (request: Request, response: Response, next: () => void): void => {
    const from = clock.monotonic();
    response.once('close', () => {
      const route: unknown = response.locals['route'];
      metrics.httpDuration.observe(
        { route: typeof route === 'string' ? route : 'none', method: request.method, status: response.statusCode },
        (clock.monotonic() - from) / 1_000,
      );
    });
    log(request, response, next);
  };
}

/** What anybody may read: none of it holds personal data. */
function openPages(app: Express, options: HttpOptions): void {
  const described = options.routes.filter(({ kind }) => kind !== 'page');
  const document = JSON.stringify(openApiDocument(described, options.version));
  const page = docsPage(described);
  app.get('/healthz', (_request, response) => {
    response.json({ status: 'ok', version: options.version, application: options.application ?? null });
  });
  app.get('/readyz', (_request, response) => {
    const health = options.health();
    response.status(health.ready ? 200 : 503).json(health);
  });
  app.get('/openapi.json', (_request, response) => {
    response.type('application/json').send(document);
  });
  app.get('/docs', (_request, response) => {
    response.type('text/html').send(page);
  });
}

/** Asked from this machine itself, and not for somebody else by a proxy that runs here. */
function fromThisMachine(request: Request): boolean {
  const address = request.socket.remoteAddress ?? '';
  const loopback = address === '::1' || /^(::ffff:)?127\./.test(address);
  const forwarded = request.headers['x-forwarded-for'] ?? request.headers.forwarded;
  return loopback && forwarded === undefined && bearerToken(request.headers.authorization) === undefined;
}

/** A page's path is its key, however it is written: paths match in any case, and a request may name the whole address. */
function withoutLink(path: string): string {
  return path.replace(/\/r\/.*/i, '/r/…');
}

function listen(server: Server, where: { host: string; port: number } | { path: string }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

function close(server: Server, limitMs: number, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(limitMs, () => server.closeAllConnections());
    server.close(() => {
      cancel();
      resolve();
    });
    server.closeIdleConnections();
  });
}
