import { z } from 'zod';
import type { RecordAudit } from '../audit/audit.ts';
import { roles, type Principal } from '../platform/auth.ts';
import type { Clock } from '../platform/clock.ts';
import { keyReused, replayed, requireKey } from '../platform/idempotency.ts';
import type { Postgres } from '../platform/postgres.ts';
import { badRequest, notFound, tooManyRequests } from '../platform/problem.ts';
import { defineRoute, type Route } from '../platform/route.ts';
import { isoTime } from '../platform/text.ts';
import { incidentNumber } from './incident-number.ts';
import { confidential, mayKnow } from './need-to-know.ts';
import { noteReading } from './read-audit.ts';
import { createReportLimit } from './report-limit.ts';
import { hashOf, reportBody, type ReportBody } from './report.ts';
import { readDispatchStates, readReport, reportByKey } from './report-store.ts';
import { readIncident } from './store.ts';

export interface ReportRouteDeps {
  postgres: Postgres;
  audit: RecordAudit;
  clock: Clock;
  /** Makes the incident and all that follows from it; undefined when the same request was faster. */
  report: (
    body: ReportBody,
    principal: Principal,
    request: { key: string; hash: string },
  ) => Promise<string | undefined>;
}

/** So many reports a minute of one client: many apps have one gateway. */
const perMinute = 60;

const receipt = z.object({
  id: z.string(),
  /** Six digits, for the telephone. */
  number: z.string(),
});

const reportView = z.object({
  incidentId: z.string(),
  number: z.string(),
  receivedAt: z.string(),
  source: z.string(),
  status: z.enum(['open', 'closed']),
  kind: z.string().nullable(),
  severity: z.string().nullable(),
  district: z.string().nullable(),
  text: z.string(),
  reporter: z.object({ name: z.string().nullable(), number: z.string().nullable() }),
  position: z.object({ latitude: z.number(), longitude: z.number(), radius: z.number().nullable() }).nullable(),
  wantsCallback: z.boolean(),
  drill: z.boolean(),
  dispatches: z.array(
    z.object({
      agencyName: z.string(),
      state: z.string(),
      requestedAt: z.string(),
      acceptedAt: z.string().nullable(),
    }),
  ),
});

/** Reports from registered apps and alarm systems. */
export function reportRoutes(deps: ReportRouteDeps): Route[] {
  return [makeRoute(deps), readRoute(deps)];
}

function makeRoute(deps: ReportRouteDeps): Route {
  const limit = createReportLimit(deps.clock, perMinute);
  return defineRoute({
    method: 'POST',
    path: '/v1/incidents',
    audited: ['reports.create'],
    summary: 'Report an incident from a registered app (Idempotency-Key); the rules decide who is rung and told',
    roles: ['client'],
    input: { body: reportBody },
    bodyLimit: '16kb',
    response: { 201: receipt },
    idempotency: 'derived',
    handler: async ({ body, principal, idempotencyKey }) => {
      if (idempotencyKey === undefined) {
        throw badRequest(
          'idempotency.key-missing',
          'A report needs an Idempotency-Key: sent twice it is one incident.',
        );
      }
      requireKey(idempotencyKey);
      const request = { key: idempotencyKey, hash: hashOf(body) };
      const earlier = await repeated(deps, principal, request);
      if (earlier !== undefined) return earlier;
      if (!limit.take(principal.tokenId)) {
        throw tooManyRequests(
          'reports.too-many',
          `More than ${perMinute} reports in a minute. In an emergency call 112.`,
        );
      }
      const id = await deps.report(body, principal, request);
      if (id !== undefined)
        return { status: 201, body: receiptOf(id), headers: { Location: `/v1/incidents/${id}/report` } };
      const faster = await repeated(deps, principal, request);
      if (faster === undefined) throw new Error('a report is there and is not');
      return faster;
    },
  });
}

async function repeated(
  { postgres }: ReportRouteDeps,
  { tokenId }: Principal,
  { key, hash }: { key: string; hash: string },
) {
  const found = await reportByKey(postgres, tokenId, key);
  if (found === undefined) return undefined;
  if (found.requestHash !== hash) throw keyReused();
  return { status: 201, body: receiptOf(found.incidentId), headers: replayed } as const;
}

function receiptOf(id: string): z.output<typeof receipt> {
  return { id, number: incidentNumber(id) };
}

function readRoute({ postgres, audit }: ReportRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/incidents/:incidentId/report',
    summary: 'What an app has reported, and how far it is; a client sees its own reports',
    roles: [...roles, 'client'],
    input: { params: z.object({ incidentId: z.uuid() }) },
    response: { 200: reportView },
    handler: async ({ params: { incidentId }, principal, logger }) => {
      const [report, incident] = [await readReport(postgres, incidentId), await readIncident(postgres, incidentId)];
      const own = report?.clientId === principal.tokenId;
      if (report === undefined || incident === undefined || (principal.role === 'client' && !own)) {
        throw notFound('reports.unknown', `No app has reported the incident ${incidentId}.`);
      }
      if (!own && !mayKnow(principal, incident.circle)) throw confidential();
      const { status, kind, severity, district } = incident.view;
      const subject = `incident/${incidentId}`;
      if (!own) await noteReading(postgres, audit, { principal, logger, subject, kind, live: false });
      const { source, text, wantsCallback, drill, position } = report;
      return {
        status: 200,
        body: {
          incidentId,
          number: incidentNumber(incidentId),
          receivedAt: isoTime(report.receivedAt),
          ...{ source, status, kind, severity, district, text, wantsCallback, drill },
          reporter: { name: report.reporterName, number: report.reporterNumber },
          position: position && { ...position, radius: position.radius ?? null },
          dispatches: await readDispatchStates(postgres, incidentId),
        },
      };
    },
  });
}
