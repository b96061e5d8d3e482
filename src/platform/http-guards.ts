import type { Request, RequestHandler } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import { bearerToken, type Principal, type Role, type TokenCheck } from './auth.ts';
import { forbidden, Problem, tooManyRequests } from './problem.ts';
import type { Route } from './route.ts';

/** Requests per minute. */
export interface RateLimits {
  /** Per token: far above what an operator's screen needs. */
  readonly perToken: number;
  /** Per address, for requests without a valid token. */
  readonly perAddress: number;
}

const usual: RateLimits = { perToken: 6_000, perAddress: 60 };

const principals = new WeakMap<Request, Principal>();

/** Whom the request's token speaks for, once the guard has seen it. */
export function principalOf(request: Request): Principal | undefined {
  return principals.get(request);
}

/** The id under which the request stands in the log. */
export function requestIdOf(request: Request): string {
  return typeof request.id === 'string' ? request.id : '';
}

interface Guards {
  /** Throws 401 unless the request has a valid token, and 403 unless it is of one of these roles. */
  readonly authorize: (request: Request, allowed: readonly Role[]) => void;
  /** Limits requests: a valid token by itself, so that a stranger on the same address locks nobody out. */
  readonly limit: RequestHandler;
  /** 401 and 403. */
  readonly forRoute: (route: Route) => RequestHandler[];
}

/** The checks that stand before every route. */
export function guards(check: TokenCheck, limits: Partial<RateLimits>, busy: ReadonlySet<string>): Guards {
  const { perToken, perAddress } = { ...usual, ...limits };
  const identify = (request: Request): Principal | undefined => {
    const token = bearerToken(request.headers.authorization);
    const principal = token === undefined ? undefined : check(token);
    if (principal) principals.set(request, principal);
    return principal;
  };
  const authenticate = (request: Request): Principal => {
    const principal = principals.get(request) ?? identify(request);
    if (principal) return principal;
    throw new Problem({
      status: 401,
      code: 'access.no-token',
      title: 'Unauthorized',
      detail: 'Send a valid token: Authorization: Bearer …',
      headers: { 'WWW-Authenticate': 'Bearer realm="siaga-112"' },
    });
  };
  const authorize = (request: Request, allowed: readonly Role[]): void => {
    const { role } = authenticate(request);
    if (allowed.includes(role)) return;
    throw forbidden('access.role', `This needs one of the roles ${allowed.join(', ')}; the token has ${role}.`);
  };
  const limiter = (perMinute: number, key: (request: Request) => string): RequestHandler =>
    rateLimit({
      windowMs: 60_000,
      limit: perMinute,
      standardHeaders: 'draft-7',
      legacyHeaders: false,
      keyGenerator: key,
      // The addresses are ours to judge (see trustProxy); its start-up checks write to the console.
      validate: false,
      handler: (_request, _response, next) => next(tooManyRequests('request.too-many', 'Slow down.')),
    });
  const known = limiter(perToken, (request) => principals.get(request)?.tokenId ?? '');
  const unknown = limiter(perAddress, (request) => ipKeyGenerator(request.ip ?? ''));
  // Behind a busy path a few senders speak for many phones, and prove who they are in the body.
  const crowded = limiter(perToken, (request) => ipKeyGenerator(request.ip ?? ''));
  const forStranger = (request: Request): RequestHandler =>
    busy.has(request.baseUrl + request.path) ? crowded : unknown;
  return {
    authorize,
    limit: (request, response, next) => (identify(request) ? known : forStranger(request))(request, response, next),
    forRoute(route) {
      const { roles } = route;
      if (roles === 'public') return [];
      return [
        (request, _response, next) => {
          authorize(request, roles);
          next();
        },
      ];
    },
  };
}
