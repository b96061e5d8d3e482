import { Pool, type Dispatcher } from 'undici';
import { z } from 'zod';
import type { Clock } from '../platform/clock.ts';

/** Why Asterisk did not do it: the thing is gone (404), is not in a state for it (409, 422), silence, or anything else. */
type AriFailure = {
  ok: false;
  failure: 'gone' | 'conflict' | 'timeout' | 'failed';
  status: number | null;
  reason: string;
};
export type AriAnswer = { ok: true; status: number; body: unknown } | AriFailure;

export interface AriCommands {
  send(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, query?: Query, body?: object): Promise<AriAnswer>;
  close(): Promise<void>;
}

/** Commands as the process that sends them sees them. */
export interface AriPool extends AriCommands {
  /** How many have no answer yet, those that wait for a place in the pool among them. */
  underWay(): number;
}

type Query = Record<string, string | number | boolean | undefined>;

/** Asterisk drops an idle connection after 60 s (http.conf); ours are dropped first. */
const keepAlive = 10_000;
const answerLimit = 2_000;

/**
 * ARI commands over a pool of kept-alive connections: one slow command delays no other call. Never throws for what
 * Asterisk answers or fails to answer; each command has two seconds.
 */
export function createAriCommands(options: {
  url: string;
  user: string;
  password: string;
  clock: Clock;
  connections?: number;
}): AriPool {
  const pool = new Pool(options.url, {
    connections: options.connections ?? 32,
    keepAliveTimeout: keepAlive,
    keepAliveMaxTimeout: keepAlive,
    connect: { timeout: 1_000 },
    headersTimeout: answerLimit,
    bodyTimeout: answerLimit,
  });
  const authorization = `Basic ${Buffer.from(`${options.user}:${options.password}`).toString('base64')}`;

  let underWay = 0;
  return {
    underWay: () => underWay,
    async send(method, path, query, body) {
      const request: Dispatcher.DispatchOptions = {
        method,
        path: `/ari${path}${queryString(query)}`,
        headers: body === undefined ? { authorization } : { authorization, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      };
      underWay += 1;
      try {
        const { status, text } = await ask(pool, request, options.clock);
        if (status < 300) return { ok: true, status, body: json(text) };
        return { ok: false, failure: failureOf(status), status, reason: message(text) };
      } catch (error) {
        const name = error instanceof Error ? error.name : '';
        const late = /Timeout/.test(name);
        const reason = error instanceof Error ? error.message : String(error);
        return { ok: false, failure: late ? 'timeout' : 'failed', status: null, reason };
      } finally {
        underWay -= 1;
      }
    },
    close: () => pool.close(),
  };
}

/**
 * One request. A place in the pool is waited for as well: the limit is for the whole, and undici's own are coarse. Not
 * `pool.request`, whose stream and signal cost more than all else in an answer of a few bytes.
 */
function ask(pool: Pool, request: Dispatcher.DispatchOptions, clock: Clock): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    let started: Dispatcher.DispatchController | null = null;
    let late: Error | null = null;
    let status = 0;
    const chunks: Buffer[] = [];
    const cancel = clock.after(answerLimit, () => {
      late = new Error('no answer within the limit');
      late.name = 'TimeoutError';
      reject(late);
      started?.abort(late);
    });
    pool.dispatch(request, {
      onRequestStart(controller) {
        started = controller;
        if (late !== null) controller.abort(late);
      },
      onResponseStart(_controller, statusCode) {
        status = statusCode;
      },
      onResponseData(_controller, chunk) {
        chunks.push(chunk);
      },
      onResponseEnd() {
        cancel();
        resolve({ status, text: Buffer.concat(chunks).toString() });
      },
      onResponseError(_controller, error) {
        cancel();
        reject(error);
      },
    });
  });
}

function failureOf(status: number): 'gone' | 'conflict' | 'failed' {
  if (status === 404) return 'gone';
  return status === 409 || status === 422 ? 'conflict' : 'failed';
}

function queryString(query: Query = {}): string {
  const parts = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parts.set(name, String(value));
  const text = parts.toString();
  return text === '' ? '' : `?${text}`;
}

function json(text: string): unknown {
  if (text === '') return null;
  const parsed: unknown = JSON.parse(text);
  return parsed;
}

const said = z.object({ message: z.string() });

function message(text: string): string {
  try {
    return said.parse(JSON.parse(text)).message;
  } catch {
    return text.slice(0, 200);
  }
}
