import { z } from 'zod';
import type { Postgres } from '../../src/platform/postgres.ts';
import type { AuthenticatedContext, RawInput, Route } from '../../src/platform/route.ts';
import { until } from './rest.ts';

/** Counts what routes did, and holds it against the audit trail: whatever a route declares has to stand there. */
export interface Deeds {
  readonly routes: readonly Route[];
  /** Fails when a route that declares it did more than the trail tells of. */
  expectAudited(postgres: Postgres): Promise<void>;
}

export function countDeeds(routes: readonly Route[]): Deeds {
  const deeds = new Map<string, { actions: readonly string[]; times: number }>();
  const counted = routes.map((route): Route => {
    if (route.kind !== 'reply' || route.audited === undefined || 'instead' in route.audited) return route;
    const { audited: actions } = route;
    return {
      ...route,
      async run(raw: RawInput, context: AuthenticatedContext) {
        const reply = await route.run(raw, context);
        const name = `${route.method} ${route.path}`;
        const { times = 0 } = deeds.get(name) ?? {};
        if (reply.headers?.['Idempotency-Replayed'] === undefined) deeds.set(name, { actions, times: times + 1 });
        return reply;
      },
    };
  });
  const row = z.object({ action: z.string(), times: z.coerce.number() });
  const missing = async (postgres: Postgres): Promise<string[]> => {
    const rows = await postgres.rows(row, 'select action, count(*) as times from audit group by action');
    const noted = new Map(rows.map(({ action, times }) => [action, times]));
    return [...deeds]
      .filter(([, { actions, times }]) => actions.reduce((sum, one) => sum + (noted.get(one) ?? 0), 0) < times)
      .map(([name]) => name);
  };
  return {
    routes: counted,
    async expectAudited(postgres) {
      // Some entries come after the answer.
      const audited = async (): Promise<boolean> => (await missing(postgres)).length === 0;
      await until('all is audited', audited).catch(async (error: unknown) => {
        throw new Error(`not audited: ${(await missing(postgres)).join(', ')}`, { cause: error });
      });
    },
  };
}
