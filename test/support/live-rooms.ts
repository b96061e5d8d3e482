import { join } from 'node:path';
import { createAuditKeeper } from '../../src/audit/later.ts';
import { recordAudit } from '../../src/audit/record.ts';
import type { Call } from '../../src/calls/call.ts';
import { monitorRoutes } from '../../src/calls/monitor-routes.ts';
import { callRoutes } from '../../src/calls/routes.ts';
import { createCallRunner, type CallRunner } from '../../src/calls/runner.ts';
import { silentRoutes } from '../../src/calls/silent-routes.ts';
import { talkRoutes } from '../../src/calls/talk-routes.ts';
import { noFollowers } from './followers.ts';
import type { RingJob, RingResult } from '../../src/dispatch/dispatch.ts';
import { createPlanner } from '../../src/dispatch/planner.ts';
import { dispatchRoutes } from '../../src/dispatch/routes.ts';
import { openIncident } from '../../src/incidents/incident.ts';
import { incidentRoutes } from '../../src/incidents/routes.ts';
import { incidentReader } from '../../src/incidents/start.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { derivedId, newId } from '../../src/platform/ids.ts';
import { openJournal } from '../../src/platform/journal.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createPostgres } from '../../src/platform/postgres.ts';
import { keepDecision } from '../../src/records/write-call.ts';
import { defaultSettings } from '../../src/settings/setting.ts';
import { sipOnly } from './agencies.ts';
import { testCall } from './calls.ts';
import { quietWithoutCall } from './quiet-without-call.ts';
import { startRooms, stateFolder, type Rooms } from './rooms.ts';

/** The rooms of calls, incidents and dispatches beside the configuration's, without any Asterisk: nobody rings. */
export interface LiveRooms extends Rooms {
  readonly runner: CallRunner;
  /** A call in which an operator talks, in memory only. */
  open(over?: Partial<Call> & { kind?: string }): Call;
}

/** `ringAgency` has the jobs of agencies that are rung; without it each counts as taken. */
export async function startLiveRooms(
  databaseUrl: string,
  ringAgency: (job: RingJob) => Promise<RingResult> = () => Promise.resolve({ result: 'taken' }),
): Promise<LiveRooms> {
  const clock = systemClock;
  const logger = createLogger('silent');
  const stateDir = await stateFolder();
  const postgres = createPostgres(databaseUrl, { applicationName: 'siaga-test-live', logger, clock, max: 4 });
  const journal = openJournal({ directory: join(stateDir, 'journal'), name: 'siaga-test', clock, logger });
  const nothing = (): void => undefined;
  const runner = createCallRunner({
    clock,
    journal,
    logger,
    held: () => false,
    partners: {
      perform: nothing,
      enterLine: nothing,
      rankInLine: nothing,
      leaveLine: nothing,
      keepOperator: nothing,
      operatorOutcome: nothing,
      lookUpTarget: nothing,
      reserveOperator: nothing,
      notifyAgency: nothing,
      ringAgency,
      failed: nothing,
      recorded: nothing,
    },
  });
  const auditKeeper = createAuditKeeper({ postgres, audit: recordAudit, clock, logger });
  const command = { runner, clock, auditLater: auditKeeper.note };
  const { circleOf, forDispatch, kindOf, timelineOfCall } = incidentReader(postgres);
  const withoutCall = quietWithoutCall({ application: 'siaga-test', postgres, clock });
  const planner = createPlanner({
    clock,
    wayTo: sipOnly,
    agencies: () => rooms.agencies.current(),
    settings: () => defaultSettings,
    decide: (incident, at) => rooms.routing.decide(incident, at),
  });
  const calls = { calls: runner, audit: recordAudit, circleOf, forDispatch, withoutCall };
  const shared = { postgres, clock, ...calls, ...planner, follow: noFollowers };
  const rooms: Rooms = await startRooms(databaseUrl, {
    stateDir,
    extraRoutes: [
      ...callRoutes({ ...command, postgres, readTimeline: timelineOfCall, kindOf, identityLimit: () => 5 }),
      ...talkRoutes({ ...command, lookUp: () => ({ refused: 'number-refused' }) }),
      ...monitorRoutes(command),
      ...silentRoutes(command),
      ...incidentRoutes({
        ...shared,
        logger,
        keepDecision,
        explainStored: (decisions) => rooms.routing.explainStored(decisions),
      }),
      ...dispatchRoutes(shared),
    ],
  });
  let opened = 0;

  return {
    ...rooms,
    runner,
    open({ kind, ...over } = {}) {
      opened += 1;
      const at = clock.now();
      const channelId = `caller-${opened}`;
      const call: Call = {
        ...testCall(),
        id: newId(at),
        channelId,
        arrivedAt: at,
        answeredAt: at,
        caller: { live: true, joined: true, left: false, sound: null },
        incident: { ...openIncident(derivedId('incident', 'test', channelId, at), at), kind: kind ?? null },
        ...over,
      };
      runner.open(call);
      return call;
    },
    async stop() {
      await rooms.stop();
      withoutCall.stop();
      runner.stop();
      await journal.close();
      await auditKeeper.stop();
      await postgres.close();
    },
  };
}
