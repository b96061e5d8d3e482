import type { Request, RequestHandler, Response } from 'express';
import { bearerToken, type TokenCheck } from './auth.ts';
import { principalOf, requestIdOf } from './http-guards.ts';
import type { RunOnce } from './idempotency.ts';
import type { Logger } from './logger.ts';
import type { AuthenticatedContext, RawReply, RequestContext, Route } from './route.ts';

interface RouteDeps {
  readonly logger: Logger;
  readonly runOnce?: RunOnce;
  readonly stopping: AbortSignal;
  readonly authenticate: TokenCheck;
}

/** The Express handler of a declared route. */
export function routeHandler(route: Route, deps: RouteDeps): RequestHandler {
  const byServer = route.idempotency === 'postgres';
  if (byServer && !deps.runOnce) throw new Error(`${route.path} needs runOnce for its Idempotency-Key`);
  return async (request, response) => {
    response.locals['route'] = route.path;
    const raw = { params: request.params, query: request.query, body: bodyOf(request), headers: request.headers };
    const context = contextOf(request, response, deps);
    if (route.kind === 'public') {
      send(response, await route.run(raw, context));
      return;
    }
    if (route.kind === 'page') {
      const { status, html, headers } = await route.run(raw, context);
      response.set(headers).set('Cache-Control', 'no-store').status(status).type('html').send(html);
      return;
    }
    const principal = principalOf(request);
    if (!principal) throw new Error('a route ran before its guard');
    const stillValid = (): boolean => {
      const token = bearerToken(request.headers.authorization);
      return token !== undefined && deps.authenticate(token)?.tokenId === principal.tokenId;
    };
    const authenticated: AuthenticatedContext = { ...context, principal, stillValid };
    if (route.kind === 'stream') {
      await route.run(raw, authenticated, response);
      return;
    }
    const run = (): Promise<RawReply> => route.run(raw, authenticated);
    const key = context.idempotencyKey;
    if (!byServer || !deps.runOnce || key === undefined) {
      send(response, await run());
      return;
    }
    const keyed = { tokenId: principal.tokenId, key, method: route.method, path: request.path, body: raw.body };
    send(response, await deps.runOnce(keyed, run));
  };
}

function bodyOf(request: Request): unknown {
  return request.body;
}

function contextOf(request: Request, response: Response, { logger, stopping }: RouteDeps): RequestContext {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return {
    requestId: requestIdOf(request),
    logger: logger.child({ requestId: request.id }),
    ip: request.ip ?? '',
    ifMatch: request.get('if-match'),
    ifNoneMatch: request.get('if-none-match'),
    idempotencyKey: request.get('idempotency-key'),
    signal: AbortSignal.any([gone.signal, stopping]),
  };
}

function send(response: Response, reply: RawReply): void {
  if (reply.headers) response.set(reply.headers);
  response.set('Cache-Control', 'no-store').status(reply.status);
  if (reply.body === undefined) response.end();
  else response.json(reply.body);
}
