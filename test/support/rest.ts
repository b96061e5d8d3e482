import { z } from 'zod';
import { awakeMilliseconds } from '../../scripts/sip/awake.mjs';

/** An answer of the API. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: unknown;
  /** The `code` of a problem. */
  readonly code: unknown;
  /** What stands at a place of the body, such as `faults.0.path`. */
  at(path: string): unknown;
  /** One member of each item of a list in the body: `pluck('items', 'id')`. */
  pluck(path: string, member: string): unknown[];
}

const indexable = z.record(z.string(), z.unknown());

function at(value: unknown, path: string): unknown {
  let found = value;
  for (const key of path.split('.')) {
    const parsed = indexable.safeParse(Array.isArray(found) ? Object.fromEntries(found.entries()) : found);
    found = parsed.success ? parsed.data[key] : undefined;
  }
  return found;
}

/** Sends a request with a token and JSON; `limitMs` is how long its answer may take. */
export async function ask(
  server: { readonly base: string },
  token: string | undefined,
  method: string,
  path: string,
  options: { body?: unknown; headers?: Record<string, string>; limitMs?: number } = {},
): Promise<Answer> {
  const response = await fetch(server.base + path, {
    method,
    signal: AbortSignal.timeout(options.limitMs ?? 60_000),
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    },
    ...(options.body === undefined
      ? {}
      : { body: typeof options.body === 'string' ? options.body : JSON.stringify(options.body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  const body: unknown = isJson ? JSON.parse(text) : undefined;
  return {
    status: response.status,
    headers: response.headers,
    text,
    body,
    code: at(body, 'code'),
    at: (path) => at(body, path),
    pluck: (path, member) =>
      z
        .array(z.unknown())
        .parse(at(body, path))
        .map((item) => at(item, member)),
  };
}

/** Waits until `check` holds; fails with what it was waiting for. Time in which this process could not run is not counted. */
export async function until(what: string, check: () => boolean | Promise<boolean>, limitMs = 10_000): Promise<void> {
  const end = awakeMilliseconds() + limitMs;
  while (!(await check())) {
    if (awakeMilliseconds() > end) throw new Error(`waited ${limitMs} ms in vain until ${what}`);
    await timePasses(25);
  }
}

/**
 * Lets so many milliseconds pass, where their passing is what is tested: a message two seconds before its call, a job that
 * takes a while, a line that is cut at one moment or another. What is to have happened by then is awaited with `until`.
 */
export function timePasses(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
