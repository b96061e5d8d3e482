import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Principal, Role } from './auth.ts';
import type { Logger } from './logger.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * The parts of a request that a route reads, each with its schema: `params`, `query`, `body`, `headers`.
 * Parts without a schema are not handed over.
 */
type InputShape = Readonly<Record<string, z.ZodType>>;

/** What every handler gets beside its parsed input. */
export interface RequestContext {
  /** Stands in the logs and in a problem's `reference`. */
  readonly requestId: string;
  readonly logger: Logger;
  readonly ip: string;
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly idempotencyKey: string | undefined;
  /** Ends when the client goes away or the server stops. */
  readonly signal: AbortSignal;
}

/** The same with the token's owner: what routes that are not public get. */
export interface AuthenticatedContext extends RequestContext {
  readonly principal: Principal;
  /** False from when the token was revoked: a stream asks again while it goes on. */
  readonly stillValid: () => boolean;
}

/** What came in, before any schema has seen it. */
export interface RawInput {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly headers: unknown;
}

export interface RawReply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

type ResponseShape = Readonly<Record<number, z.ZodType>>;

/** The replies that a route's `response` schemas allow. */
type Reply<R extends ResponseShape> = {
  [S in keyof R & number]: { status: S; body: z.input<R[S]>; headers?: Record<string, string> };
}[keyof R & number];

/**
 * How a route takes an Idempotency-Key. `postgres`: the server replays the first answer for 24 hours, and needs
 * PostgreSQL while a key is sent. `derived`: the handler derives the id of what it makes from the key and finds it again.
 */
type Idempotency = 'postgres' | 'derived';

/**
 * Where it stands who did what a route does: in the audit trail under these actions (`room.verb`), or elsewhere, or nowhere,
 * and why.
 */
export type Audited = readonly [string, ...string[]] | { readonly instead: string };

interface RouteFace {
  readonly method: Method;
  /** In Express's notation: `/v1/calls/:callId`. */
  readonly path: string;
  readonly summary: string;
  readonly roles: readonly Role[] | 'public';
  readonly input: InputShape;
  readonly response: ResponseShape;
  readonly idempotency: Idempotency | undefined;
  /** Undefined for routes that only read. */
  readonly audited: Audited | undefined;
  /** The media type of a body that the route takes as it is, as a Buffer; all others take JSON. */
  readonly takes: string | undefined;
  /** Senders without a token may come as often as those with one. */
  readonly busy: boolean;
  /** How large a JSON body may be, as Express writes it (`8mb`); undefined: as large as most need it. */
  readonly bodyLimit: string | undefined;
}

/** What a page answers; `headers` beside those that every answer has. */
export interface PageReply {
  readonly status: number;
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A route as the server sees it: its face for OpenAPI, and one of four ways to run it. */
export type Route = RouteFace &
  (
    | { readonly kind: 'reply'; run(raw: RawInput, context: AuthenticatedContext): Promise<RawReply> }
    | { readonly kind: 'public'; run(raw: RawInput, context: RequestContext): Promise<RawReply> }
    | { readonly kind: 'page'; run(raw: RawInput, context: RequestContext): Promise<PageReply> }
    | {
        readonly kind: 'stream';
        run(raw: RawInput, context: AuthenticatedContext, response: ServerResponse): Promise<void>;
      }
  );

/** The schema of an answer without a body (204). */
export const noContent = z.undefined();

/** Whatever changes something says where that is noted. */
type Deed = { readonly method: 'GET' } | { readonly method: Exclude<Method, 'GET'>; readonly audited: Audited };

type Declared<I extends InputShape> = Deed & {
  readonly path: string;
  readonly summary: string;
  readonly input: I;
  readonly bodyLimit?: string;
};

function face(
  route: Declared<InputShape>,
  roles: RouteFace['roles'],
  response: ResponseShape,
  idempotency?: Idempotency,
): RouteFace {
  const { method, path, summary, input, bodyLimit } = route;
  const audited = route.method === 'GET' ? undefined : route.audited;
  const plain = { takes: undefined, busy: false };
  return { method, path, summary, roles, input, response, idempotency, audited, ...plain, bodyLimit };
}

/**
 * Declares a route. The handler gets `params`, `query`, `body` and `headers` as far as `input` has a schema
 * for them, parsed, beside the context; it returns one of the replies that `response` allows, or throws a Problem.
 */
export function defineRoute<const R extends ResponseShape, I extends InputShape>(
  route: Declared<I> & {
    readonly roles: readonly Role[];
    readonly response: R;
    readonly idempotency?: Idempotency;
    readonly handler: (
      request: z.output<z.ZodObject<I>> & AuthenticatedContext,
    ) => Reply<NoInfer<R>> | Promise<Reply<NoInfer<R>>>;
  },
): Route {
  const parse = parserOf(z.object(route.input));
  return {
    ...face(route, route.roles, route.response, route.idempotency),
    kind: 'reply',
    run: async (raw, context) => route.handler({ ...parse(raw), ...context }),
  };
}

/** Declares a route that needs no token. What it answers must be fit for anybody. */
export function definePublicRoute<const R extends ResponseShape, I extends InputShape>(
  route: Declared<I> & {
    readonly response: R;
    readonly takes?: string;
    readonly busy?: boolean;
    readonly handler: (
      request: z.output<z.ZodObject<I>> & RequestContext,
    ) => Reply<NoInfer<R>> | Promise<Reply<NoInfer<R>>>;
  },
): Route {
  const parse = parserOf(z.object(route.input));
  return {
    ...face(route, 'public', route.response),
    takes: route.takes,
    busy: route.busy ?? false,
    kind: 'public',
    run: async (raw, context) => route.handler({ ...parse(raw), ...context }),
  };
}

/** Declares a page for a person without a token, outside `/v1` and the API's description. A form comes as a Buffer. */
export function definePage<I extends InputShape>(
  route: Declared<I> & {
    readonly handler: (request: z.output<z.ZodObject<I>> & RequestContext) => Promise<PageReply>;
  },
): Route {
  const parse = parserOf(z.object(route.input));
  const html = { 200: z.string().meta({ description: 'text/html' }) };
  return {
    ...face(route, 'public', html),
    takes: 'application/x-www-form-urlencoded',
    kind: 'page',
    run: async (raw, context) => route.handler({ ...parse(raw), ...context }),
  };
}

/**
 * Declares a route whose handler writes to the raw response (SSE, recordings). The handler's promise ends with
 * the stream; a Problem thrown before the first byte is answered as usual. `signal` says when to stop.
 */
export function defineStream<I extends InputShape>(
  route: Declared<I> & {
    readonly roles: readonly Role[];
    readonly contentType: string;
    readonly handler: (
      request: z.output<z.ZodObject<I>> & AuthenticatedContext,
      response: ServerResponse,
    ) => Promise<void>;
  },
): Route {
  const parse = parserOf(z.object(route.input));
  return {
    ...face(route, route.roles, { 200: z.string().meta({ description: route.contentType }) }),
    kind: 'stream',
    run: async (raw, context, response) => route.handler({ ...parse(raw), ...context }, response),
  };
}

/** All schemas as one object, so that one parse yields every fault with its path (`body.kind`). */
function parserOf<S extends z.ZodType>(schema: S): (raw: RawInput) => z.output<S> {
  return (raw) => {
    const parsed = schema.safeParse(raw);
    if (parsed.success) return parsed.data;
    throw new InvalidRequest(parsed.error);
  };
}

/** The request does not fit its schema. Apart from ZodError, which elsewhere means that we erred ourselves. */
export class InvalidRequest extends Error {
  readonly faults: readonly { path: string; message: string }[];

  constructor(error: z.ZodError) {
    super('the request does not fit its schema');
    this.name = 'InvalidRequest';
    this.faults = error.issues.map((issue) => ({ path: issue.path.map(String).join('.'), message: issue.message }));
  }
}
