import type { RecordAudit } from '../audit/audit.ts';
import { callInfoOf, emergencyIdentifiers } from '../calls/emergency-id.ts';
import { e164 } from '../calls/identity.ts';
import type { Plan } from '../dispatch/planner.ts';
import type { WithoutCallWish } from '../dispatch/without-call/start.ts';
import type { Feed } from '../events/feed.ts';
import { placeOf, type DistrictMap } from '../location/districts/district-map.ts';
import type { Principal } from '../platform/auth.ts';
import { newId } from '../platform/ids.ts';
import { nothing } from '../platform/nothing.ts';
import type { Postgres, Sql } from '../platform/postgres.ts';
import type { Route } from '../platform/route.ts';
import type { CallFacts } from '../routing/facts.ts';
import { isConfidential } from '../routing/kind.ts';
import type { Settings } from '../settings/setting.ts';
import { begin, wishFor, type AfterwardsDeps } from './afterwards.ts';
import { incidentNumber } from './incident-number.ts';
import { openIncident, type Incident } from './incident.ts';
import { locationOf } from './report-location.ts';
import { reportRoutes } from './report-routes.ts';
import { insertReport } from './report-store.ts';
import { spelled, type Report, type ReportBody } from './report.ts';
import { addToTimeline } from './store.ts';

export interface ReportDeps extends AfterwardsDeps {
  postgres: Postgres;
  audit: RecordAudit;
  feed: Feed;
  settings: () => Settings;
  districtMap: () => DistrictMap;
  /** Lists who wants to be called back, in this transaction; what it answers is done when that is committed. */
  listCallback: (
    sql: Sql,
    wish: { incidentId: string; number: string; district: string | null; position: Report['position'] },
  ) => Promise<() => void>;
}

/** Reports from registered apps: each becomes an incident, and the rules decide who is rung and told. */
export function startReports(deps: ReportDeps): { readonly routes: Route[] } {
  const { postgres, clock } = deps;

  const report = async (
    body: ReportBody,
    principal: Principal,
    request: { key: string; hash: string },
  ): Promise<string | undefined> => {
    const at = clock.now();
    const incident = incidentOf(body, at, deps);
    const kept = reportOf(body, { incidentId: incident.id, clientId: principal.tokenId, at });
    const plan = deps.planByRules(incident, factsOf(body), at);
    const state = plan === null ? null : deps.withoutCall.prepare(wishOf(incident, kept, plan, deps));
    const after = await postgres.transaction(async (sql) => {
      if (!(await insertReport(sql, incident, kept, request))) return undefined;
      await note(sql, incident, kept);
      if (plan !== null) {
        const place = { callId: null, claimedAt: at, sequence: 0, incidentId: incident.id, at };
        await deps.keepDecision(sql, { ...place, decision: plan.decision });
      }
      // With the report itself: should this process die now, another goes on.
      if (state !== null) await deps.withoutCall.keep(sql, state);
      const subject = `incident/${incident.id}`;
      const { source, drill } = kept;
      await deps.audit(sql, { principal, action: 'reports.create', subject, detail: { source, drill } });
      return kept.wantsCallback ? callBack(sql, incident, kept) : nothing;
    });
    if (after === undefined) return undefined;
    after();
    publish(incident, kept);
    if (state !== null) begin(deps, state);
    return incident.id;
  };

  const note = (sql: Sql, { id, kind, openedAt: at }: Incident, { source, drill, ...rest }: Report): Promise<void> => {
    const detail = { source, by: rest.clientId, kind, drill, wantsCallback: rest.wantsCallback };
    const place = { incidentId: id, callId: null, at, version: 1 };
    return addToTimeline(sql, { ...place, type: 'incident.reported', detail });
  };

  const callBack = (sql: Sql, { id, district }: Incident, { reporterNumber, position }: Report) =>
    deps.listCallback(sql, { incidentId: id, number: reporterNumber ?? '', district, position });

  const publish = ({ id, kind, severity, district }: Incident, { source, wantsCallback, drill }: Report): void => {
    const shown = { number: incidentNumber(id), source, kind, severity, district, wantsCallback, drill };
    // Without a call nobody can tell who may know of it.
    const detail = isConfidential(kind) ? {} : shown;
    deps.feed.publish({ type: 'incident.reported', callId: null, incidentId: id, detail }, clock.now());
  };

  return { routes: reportRoutes({ ...deps, report }) };
}

function incidentOf(body: ReportBody, at: number, deps: Pick<ReportDeps, 'settings' | 'districtMap'>): Incident {
  const { kind, severity = null, position, district } = body;
  const place = position === undefined ? null : placeOf(deps.districtMap(), position, position.radius ?? Number.NaN);
  const named = district === undefined ? null : spelled(district, deps.settings().districts);
  return { ...openIncident(newId(at), at), kind, severity, district: named ?? place?.district ?? null };
}

function reportOf(body: ReportBody, made: { incidentId: string; clientId: string; at: number }): Report {
  const { source, text, reporter, wantsCallback, drill, position = null } = body;
  const { at: receivedAt, ...ids } = made;
  return {
    ...ids,
    receivedAt,
    ...{ source, text, wantsCallback, drill, position },
    reporterName: reporter?.name ?? null,
    reporterNumber: reporter?.number ?? null,
  };
}

/** What a report tells the rules. Nobody has called yet. */
function factsOf({ position, source, drill }: ReportBody): CallFacts {
  const where = position === undefined ? null : { latitude: position.latitude, longitude: position.longitude };
  return { position: where, source, drill, calls: 0 };
}

function wishOf(
  incident: Incident,
  report: Report,
  { decision, dispatches }: Plan,
  deps: Pick<ReportDeps, 'forDrill' | 'settings'>,
): WithoutCallWish {
  const { id, kind, severity, district, openedAt: at, version } = incident;
  const { position, drill } = report;
  const callerNumber = report.reporterNumber === null ? null : (e164(report.reporterNumber) ?? report.reporterNumber);
  const callInfo = callInfoOf(emergencyIdentifiers('', { callId: id, incidentId: id }, deps.settings().domain));
  const about = { id, kind, district, drill, callerNumber, callInfo, location: locationOf(position) };
  const where = position && { latitude: position.latitude, longitude: position.longitude };
  const message = {
    ...{ kind, district, drill, severity, openedAt: at, callerNumber },
    incidentNumber: incidentNumber(id),
    position: where,
    note: null,
  };
  const told = {
    ruleSetVersion: decision.ruleSetVersion,
    incidentVersion: version,
    recipients: decision.tell,
    message,
  };
  return wishFor(deps, about, { dispatches, tell: decision.tell.length === 0 ? null : told, at });
}
