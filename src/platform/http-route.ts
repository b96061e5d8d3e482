import type { Request, RequestHandler, Response } from 'express';
import type { AnswerAnywhere } from './any-controller.ts';
import { bearerToken, type TokenCheck } from './auth.ts';
import { afterwardsHeader, answeredHeader, clientHeader } from './forward.ts';
import { principalOf, requestIdOf } from './http-guards.ts';
import type { RunOnce } from './idempotency.ts';
import type { Logger } from './logger.ts';
import type { AuthenticatedContext, RawInput, RawReply, RequestContext, Route } from './route.ts';
import { subjectOf } from './whose.ts';

interface RouteDeps {
  readonly logger: Logger;
  readonly runOnce?: RunOnce;
  readonly stopping: AbortSignal;
  readonly authenticate: TokenCheck;
  readonly anywhere?: AnswerAnywhere;
  /** Another controller of the node has passed the request on. */
  readonly isForwarded: (request: Request) => boolean;
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
    const once = (): Promise<RawReply> => {
      const key = context.idempotencyKey;
      if (!byServer || !deps.runOnce || key === undefined) return run();
      const keyed = { tokenId: principal.tokenId, key, method: route.method, path: request.path, body: raw.body };
      return deps.runOnce(keyed, run);
    };
    const own = (): Promise<RawReply> => {
      // Set before it begins: the problem that it may throw is its answer as well.
      if (deps.isForwarded(request)) response.set(answeredHeader, '1');
      return once();
    };
    send(response, await whereItIs(route, request, raw, deps, context.ip, own));
  };
}

/** Its answer by whichever controller of the node has what it is about. */
function whereItIs(
  route: Route,
  request: Request,
  raw: RawInput,
  { anywhere, isForwarded }: RouteDeps,
  ip: string,
  own: () => Promise<RawReply>,
): Promise<RawReply> {
  const subject = anywhere === undefined ? null : subjectOf(route, request.params, raw.query);
  if (anywhere === undefined || subject === null) return own();
  const { originalUrl: path, headers } = request;
  const { method } = route;
  const forwarded = isForwarded(request);
  const evenAfterwards = forwarded && request.get(afterwardsHeader) !== undefined;
  return anywhere({ subject, method, path, headers, body: raw.body, ip, forwarded, evenAfterwards }, own);
}

function bodyOf(request: Request): unknown {
  return request.body;
}

function contextOf(request: Request, response: Response, { logger, stopping, isForwarded }: RouteDeps): RequestContext {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return {
    requestId: requestIdOf(request),
    logger: logger.child({ requestId: request.id }),
    ip: (isForwarded(request) ? request.get(clientHeader) : request.ip) ?? '',
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
