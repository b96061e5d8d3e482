import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Logger } from './logger.ts';
import type { Postgres } from './postgres.ts';
import { badRequest, conflict, unprocessable, type Problem } from './problem.ts';
import type { RawReply } from './route.ts';

/** One use of an Idempotency-Key. */
interface KeyedRequest {
  readonly tokenId: string;
  readonly key: string;
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

/** Runs a command once per token and key, and answers its first reply again for 24 hours. */
export type RunOnce = (request: KeyedRequest, run: () => Promise<RawReply>) => Promise<RawReply>;

const row = z.object({
  requestHash: z.string(),
  status: z.number().nullable(),
  body: z.unknown(),
  headers: z.record(z.string(), z.string()).nullable(),
});

/** Claims the key unless it is taken. A key older than a day, or whose process died over it, is free again. */
const claimSql = `
  INSERT INTO idempotency_keys (token_id, key, request_hash) VALUES ($1, $2, $3)
  ON CONFLICT (token_id, key) DO UPDATE
    SET request_hash = excluded.request_hash, status = NULL, body = NULL, headers = NULL, created_at = now()
    WHERE idempotency_keys.created_at < now() - interval '24 hours'
       OR (idempotency_keys.status IS NULL AND idempotency_keys.created_at < now() - interval '1 minute'
           AND idempotency_keys.request_hash = excluded.request_hash)`;

/** Demands that a key is one: 400 otherwise. */
export function requireKey(key: string): void {
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return;
  throw badRequest('idempotency.key-invalid', 'Idempotency-Key is 1 to 255 visible ASCII characters.');
}

/** Another request under a used key. */
export function keyReused(): Problem {
  return unprocessable('idempotency.key-reused', 'This Idempotency-Key was used for another request.');
}

/** Says that the answer is that of an earlier request. */
export const replayed = { 'Idempotency-Replayed': 'true' };

/** Idempotency kept in PostgreSQL; with it away the command fails as its own writes would. */
export function postgresIdempotency(postgres: Postgres, logger: Logger): RunOnce {
  return async (request, run) => {
    requireKey(request.key);
    const hash = createHash('sha256')
      .update(JSON.stringify([request.method, request.path, request.body ?? null]))
      .digest('hex');
    const id = [request.tokenId, request.key];
    if ((await postgres.execute(claimSql, [...id, hash])) === 0) return replay(await find(postgres, id), hash);
    let reply: RawReply;
    try {
      reply = await run();
    } catch (error) {
      // It failed, so it may be tried again under the same key.
      await forget(postgres, id).catch((failure: unknown) =>
        logger.error({ err: failure }, 'idempotency key stays claimed'),
      );
      throw error;
    }
    // The command is done: that its answer could not be kept is no reason to call it failed.
    await keep(postgres, id, reply).catch((error: unknown) =>
      logger.error({ err: error }, 'idempotent answer not kept'),
    );
    return reply;
  };
}

function find(postgres: Postgres, id: string[]): Promise<z.output<typeof row> | undefined> {
  return postgres.first(
    row,
    `SELECT request_hash AS "requestHash", status, body, headers FROM idempotency_keys WHERE token_id = $1 AND key = $2`,
    id,
  );
}

function forget(postgres: Postgres, id: string[]): Promise<number> {
  return postgres.execute('DELETE FROM idempotency_keys WHERE token_id = $1 AND key = $2', id);
}

function keep(postgres: Postgres, id: string[], reply: RawReply): Promise<number> {
  return postgres.execute(
    'UPDATE idempotency_keys SET status = $3, body = $4, headers = $5 WHERE token_id = $1 AND key = $2',
    [...id, reply.status, JSON.stringify(reply.body ?? null), JSON.stringify(reply.headers ?? {})],
  );
}

function replay(found: z.output<typeof row> | undefined, hash: string): RawReply {
  if (found && found.requestHash !== hash) {
    throw keyReused();
  }
  if (found?.status == null) {
    throw conflict('idempotency.in-progress', 'The first request with this Idempotency-Key is still running.');
  }
  return {
    status: found.status,
    body: found.body ?? undefined,
    headers: { ...found.headers, ...replayed },
  };
}

/** Removes keys past their day. */
export async function forgetOldKeys(postgres: Postgres): Promise<number> {
  return postgres.execute(`DELETE FROM idempotency_keys WHERE created_at < now() - interval '24 hours'`);
}
