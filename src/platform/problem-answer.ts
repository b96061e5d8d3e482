import type { NextFunction, Request, Response } from 'express';
import { isError } from './errors.ts';
import type { Principal } from './auth.ts';
import { principalOf, requestIdOf } from './http-guards.ts';
import type { Logger } from './logger.ts';
import { isUnavailable } from './postgres-errors.ts';
import { badRequest, Problem, problemBody } from './problem.ts';
import { InvalidRequest } from './route.ts';

/** What Express's own body parser throws. */
const bodyFaults: Record<string, { status: number; title: string; code: string; detail: string }> = {
  'entity.too.large': {
    status: 413,
    title: 'Content too large',
    code: 'request.too-large',
    detail: 'The body is larger than this route takes.',
  },
  'entity.parse.failed': {
    status: 400,
    title: 'Bad request',
    code: 'request.malformed-json',
    detail: 'The body is not JSON.',
  },
  'encoding.unsupported': {
    status: 415,
    title: 'Unsupported media type',
    code: 'request.encoding',
    detail: 'The encoding of the body is not supported.',
  },
  'charset.unsupported': {
    status: 415,
    title: 'Unsupported media type',
    code: 'request.charset',
    detail: 'The charset of the body is not supported.',
  },
};

/** Turns whatever was thrown into the problem that the client is told. Undefined: it is our own fault. */
function problemOf(error: unknown): Problem | undefined {
  if (error instanceof Problem) return error;
  if (error instanceof InvalidRequest) {
    const where = error.faults.map((fault) => fault.path).join(', ');
    return badRequest('request.invalid', `These do not fit: ${where}.`, { faults: error.faults });
  }
  if (isUnavailable(error)) {
    return new Problem({
      status: 503,
      code: 'database.unavailable',
      title: 'Service unavailable',
      detail: 'PostgreSQL cannot be reached; calls go on, this change can be made when it is back.',
      headers: { 'Retry-After': '5' },
      cause: error,
    });
  }
  if (!isError(error)) return undefined;
  const fault = 'type' in error && typeof error.type === 'string' ? bodyFaults[error.type] : undefined;
  if (fault) return new Problem(fault);
  const status = 'status' in error && typeof error.status === 'number' ? error.status : 500;
  if (status >= 400 && status < 500) return new Problem({ status, code: 'request.bad', title: 'Bad request' });
  return undefined;
}

/** Hears of a request of somebody whom we know, who may not do what it asks for (403); `path` is without its query. */
export type Refused = (principal: Principal, request: { method: string; path: string; code: string }) => void;

/** Express's error handler: problem+json for everything, with a reference that stands in the log too. */
export function problemAnswer(logger: Logger, refused: Refused = () => undefined) {
  return (error: unknown, request: Request, response: Response, next: NextFunction): void => {
    const reference = requestIdOf(request);
    const known = problemOf(error);
    if (!known)
      logger.error(
        { err: error, reference, route: response.locals['route'] ?? request.path },
        'a request failed by our own fault',
      );
    else if (known.status >= 500) logger.warn({ err: error, reference }, 'a request could not be served');
    const principal = known?.status === 403 ? principalOf(request) : undefined;
    if (known && principal) {
      const [path = ''] = request.originalUrl.split('?');
      refused(principal, { method: request.method, path, code: known.code });
    }
    if (response.headersSent) {
      // Too late for an answer: cut the connection, so that nobody takes a half for a whole.
      next(error);
      return;
    }
    const problem =
      known ??
      new Problem({
        status: 500,
        code: 'internal',
        title: 'Internal error',
        detail: `It is logged under the reference ${reference}.`,
      });
    response
      .status(problem.status)
      .set(problem.headers)
      .type('application/problem+json')
      .send(JSON.stringify(problemBody(problem, reference)));
  };
}
