/** An error that is answered to the client as problem+json (RFC 9457). */
export class Problem extends Error {
  readonly status: number;
  /** Stable, for programs: `room.what`, e.g. `rules.invalid`. */
  readonly code: string;
  readonly title: string;
  readonly detail: string | undefined;
  /** Further members of the answer, such as a list of faults. */
  readonly extra: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(problem: {
    status: number;
    code: string;
    title: string;
    detail?: string;
    extra?: Record<string, unknown>;
    headers?: Record<string, string>;
    cause?: unknown;
  }) {
    super(`${problem.code}: ${problem.detail ?? problem.title}`, { cause: problem.cause });
    this.name = 'Problem';
    this.status = problem.status;
    this.code = problem.code;
    this.title = problem.title;
    this.detail = problem.detail;
    this.extra = problem.extra ?? {};
    this.headers = problem.headers ?? {};
  }
}

type Make = (code: string, detail?: string, extra?: Record<string, unknown>) => Problem;

function maker(status: number, title: string): Make {
  return (code, detail, extra) =>
    new Problem({ status, code, title, ...(detail === undefined ? {} : { detail }), ...(extra ? { extra } : {}) });
}

/** 400: the request itself is malformed. */
export const badRequest = maker(400, 'Bad request');
/** 401: no token, or one that is not known. */
export const unauthorized = maker(401, 'Unauthorized');
/** 403: the token's role may not do this. */
export const forbidden = maker(403, 'Forbidden');
/** 404: there is no such thing, or none the caller may know of. */
export const notFound = maker(404, 'Not found');
/** 409: it clashes with the state of things. */
export const conflict = maker(409, 'Conflict');
/** 412: If-Match names another version than the current one. */
export const preconditionFailed = maker(412, 'Precondition failed');
/** 422: well-formed, but it cannot be accepted as it is. */
export const unprocessable = maker(422, 'Unprocessable content');
/** 428: the edit needs If-Match. */
export const preconditionRequired = maker(428, 'Precondition required');
/** 429: too many requests. */
export const tooManyRequests = maker(429, 'Too many requests');
/** 503: something this needs is away; trying again later makes sense. */
export const unavailable = maker(503, 'Service unavailable');

/** The body of a problem+json answer. */
export function problemBody(problem: Problem, reference: string): Record<string, unknown> {
  return {
    ...problem.extra,
    type: 'about:blank',
    title: problem.title,
    status: problem.status,
    code: problem.code,
    ...(problem.detail === undefined ? {} : { detail: problem.detail }),
    reference,
  };
}
