import { z } from 'zod';
import { roles, writers } from '../platform/auth.ts';
import { decodeCursor, encodeCursor, pageOf, pageQuery } from '../platform/paging.ts';
import { badRequest, conflict } from '../platform/problem.ts';
import { defineRoute, noContent, type Route } from '../platform/route.ts';
import { isoTime } from '../platform/text.ts';
import { sessionsOf, sessionView, timeInStates } from './report-store.ts';
import { mustBeOwn, operatorParams, operatorView, unknownOperator, viewOf, type OperatorRouteDeps } from './routes.ts';
import type { LogInRefusal } from './seats.ts';

/** Logging in and out, and what became of it. */
export function sessionRoutes(deps: OperatorRouteDeps): Route[] {
  return [logInRoute(deps), logOutRoute(deps), sessionsRoute(deps), reportRoute(deps)];
}

const refusals: Record<Exclude<LogInRefusal, 'unknown-operator'>, string> = {
  'unknown-desk': 'There is no such desk.',
  'desk-taken': 'Somebody else is logged in at this desk.',
  engaged: 'He is in a call; a call stays on the phone where it is.',
};

function logInRoute(deps: OperatorRouteDeps): Route {
  const { line, auditLater } = deps;
  return defineRoute({
    method: 'POST',
    path: '/v1/operators/:operatorId/session',
    audited: ['operators.log-in'],
    summary: 'Log an operator in at a desk; where he was he is logged out',
    roles: writers,
    input: { params: operatorParams, body: z.strictObject({ deskId: z.uuid() }) },
    response: { 200: operatorView },
    handler: ({ params: { operatorId }, body: { deskId }, principal }) => {
      mustBeOwn(principal, operatorId);
      const refusal = line.logIn(operatorId, deskId);
      if (refusal === 'unknown-operator') throw unknownOperator(operatorId);
      if (refusal !== null) throw conflict(`operators.${refusal}`, refusals[refusal]);
      const subject = `operator/${operatorId}`;
      auditLater({ principal, action: 'operators.log-in', subject, detail: { deskId } });
      const view = viewOf(line, operatorId);
      if (view === undefined) throw unknownOperator(operatorId);
      return { status: 200, body: view };
    },
  });
}

function logOutRoute(deps: OperatorRouteDeps): Route {
  const { line, auditLater } = deps;
  return defineRoute({
    method: 'DELETE',
    path: '/v1/operators/:operatorId/session',
    audited: ['operators.log-out'],
    summary: 'Log an operator out; in a call, when it ends',
    roles: writers,
    input: { params: operatorParams },
    response: { 204: noContent },
    handler: ({ params: { operatorId }, principal }) => {
      mustBeOwn(principal, operatorId);
      const answer = line.logOut(operatorId);
      if (answer === 'unknown-operator') throw unknownOperator(operatorId);
      if (answer === 'not-logged-in') throw conflict('operators.not-logged-in', 'He is logged in at no desk.');
      auditLater({ principal, action: 'operators.log-out', subject: `operator/${operatorId}` });
      return { status: 204, body: undefined };
    },
  });
}

const position = z.tuple([z.uuid()]);

function sessionsRoute(deps: OperatorRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/operators/:operatorId/sessions',
    summary: 'Where an operator was logged in, newest first',
    roles,
    input: { params: operatorParams, query: pageQuery },
    response: { 200: pageOf(sessionView) },
    handler: async ({ params: { operatorId }, query, principal }) => {
      mustBeOwn(principal, operatorId);
      const before = query.cursor === undefined ? undefined : decodeCursor(position, query.cursor)[0];
      const found = await sessionsOf(deps.postgres, operatorId, { limit: query.limit + 1, before });
      const items = found.slice(0, query.limit);
      const last = items.at(-1);
      const next = found.length > query.limit && last ? encodeCursor([last.id]) : null;
      return { status: 200, body: { items, next } };
    },
  });
}

const longestReport = 366 * 86_400_000;
const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

function reportRoute({ postgres, clock }: OperatorRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/reports/operators',
    summary: 'How many seconds each operator was in each state between two times',
    roles: ['supervisor', 'admin', 'auditor'],
    input: { query: z.object({ from: time, to: time }) },
    response: {
      200: z.object({
        from: z.string(),
        to: z.string(),
        items: z.array(
          z.object({
            operatorId: z.string(),
            /** Null: he was deleted. */
            name: z.string().nullable(),
            extension: z.string().nullable(),
            seconds: z.record(z.string(), z.number()),
          }),
        ),
      }),
    },
    handler: async ({ query: { from, to } }) => {
      if (from >= to || to - from > longestReport) {
        throw badRequest('reports.interval', 'A report is from an earlier to a later time, over 366 days at most.');
      }
      const rows = await timeInStates(postgres, { from, to, now: clock.now() });
      const items = new Map<
        string,
        { operatorId: string; name: string | null; extension: string | null; seconds: Record<string, number> }
      >();
      for (const { operatorId, name, extension, state, seconds } of rows) {
        const item = items.get(operatorId) ?? { operatorId, name, extension, seconds: {} };
        item.seconds[state] = seconds;
        items.set(operatorId, item);
      }
      return { status: 200, body: { from: isoTime(from), to: isoTime(to), items: [...items.values()] } };
    },
  });
}
