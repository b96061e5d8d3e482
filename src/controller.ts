import { join } from 'node:path';
import { startAcd } from './acd/start.ts';
import type { AriCommands } from './asterisk/commands.ts';
import { listenToAsterisk, provisioningOf } from './asterisk/start.ts';
import { recordAudit } from './audit/record.ts';
import { watchGuardian } from './calls/guardian.ts';
import { watchOrphans } from './calls/orphans.ts';
import { startCalls } from './calls/start.ts';
import type { Config } from './config.ts';
import { startConfiguration } from './configuration.ts';
import { createPlanner } from './dispatch/planner.ts';
import { dispatchRoom, startDispatch } from './dispatch/start.ts';
import { createFeed } from './events/feed.ts';
import { eventRoutes } from './events/routes.ts';
import { incidentReader, startIncidents } from './incidents/start.ts';
import { watchClock, type Clock } from './platform/clock.ts';
import { createHttpServer } from './platform/http.ts';
import { postgresIdempotency } from './platform/idempotency.ts';
import { journalTouches } from './platform/journal-reader.ts';
import { openJournal } from './platform/journal.ts';
import type { Logger } from './platform/logger.ts';
import type { Metrics } from './platform/metrics.ts';
import { createPauseGuard } from './platform/pause-guard.ts';
import { createPostgres } from './platform/postgres.ts';
import { startRecords } from './records/start.ts';
import { startLocation } from './location/start.ts';
import { callTiming } from './settings/call-timing.ts';
import type { Stop } from './stop.ts';

/** What a process has before its rooms. */
export interface Process {
  config: Config;
  application: string;
  version: string;
  ari: AriCommands;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
}

/** Puts the rooms of a controller in order. Returns how they stop, in order, and how the calls end before. */
export async function startController(process: Process): Promise<{ stops: Stop[]; drain: () => Promise<void> }> {
  const { config, application, ari, clock, logger, metrics } = process;
  const { SIAGA_NODE: node, SIAGA_STATE_DIR: stateDir } = config;
  const connections = { applicationName: application, logger, clock };
  const postgres = createPostgres(config.SIAGA_DATABASE_URL, connections);
  // Several queries for each call: with a slow server they would take every connection from the records.
  const postgresForLookups = createPostgres(config.SIAGA_DATABASE_URL, { ...connections, max: 4 });
  const provisioning = provisioningOf(config, ari);
  const directory = join(stateDir, 'journal');
  const journal = openJournal({ directory, name: application, clock, logger });
  const feed = createFeed({ clock, callOf: (callId) => calls.runner.get(callId) });
  const common = { postgres, stateDir, clock, logger, audit: recordAudit };

  const configuration = await startConfiguration(common, config.SIAGA_CITY);
  const dispatch = startDispatch(process);
  const records = await startRecords({
    postgres,
    journal,
    directory,
    celFile: config.SIAGA_CEL_FILE ?? null,
    node,
    clock,
    logger,
    metrics,
    feed,
    ownsChannel: (id) => calls.intake.took(id) && calls.runner.ownerOf(id)?.outcome !== 'returned',
    projected: (callId, sequence) => calls.projected(callId, sequence),
    introduce: (origin, ids) => location.introduce(origin, ids),
  });
  const reader = incidentReader(postgres);
  const guard = createPauseGuard(clock);
  const inControl = (): boolean => asterisk.hears() && guard.keepsUp() && !guard.held();
  const location = startLocation({
    city: config.SIAGA_CITY,
    postgres,
    postgresForLookups,
    clock,
    logger,
    settings: configuration.settings,
    map: configuration.districtMap,
    runner: () => calls.runner,
    amlKey: config.SIAGA_AML_KEY,
    keepAml: records.keepAml,
    findStored: reader.callOf,
    addedLater: records.locatedLater,
    alarm: records.alarm,
  });
  const guardian = watchGuardian({ ...process, inControl, alarm: records.alarm });
  const calls = startCalls({
    node,
    application,
    claimDelay: config.SIAGA_RANK * 150,
    ari,
    clock,
    logger,
    journal,
    metrics,
    postgres,
    incidents: reader,
    line: () => acd.line,
    timing: () => callTiming(configuration.settings()),
    guard,
    connected: () => asterisk.connected(),
    introduce: location.introduce,
    lookUp: location.lookUp,
    identityLimit: () => configuration.settings().identityLimit,
    ringAgency: dispatch.ring,
    recorded: records.recorded,
    alarm: records.alarm,
  });
  const acd = await startAcd({
    ...common,
    provisioning,
    timing: () => ({ wrapUp: configuration.settings().wrapUpSeconds * 1_000, retry: 3_000 }),
    assigned: (callId, assignment) =>
      calls.runner.tell(callId, { type: 'operator-assigned', at: clock.now(), ...assignment }),
    reserved: (callId, reservation) =>
      calls.runner.tell(callId, { type: 'operator-reserved', at: clock.now(), ...reservation }),
    refused: (callId, requestId, reason) =>
      calls.runner.tell(callId, { type: 'reservation-refused', at: clock.now(), requestId, reason }),
    changed: (operator, state, reason, at) => records.operatorChanged(operator.id, state, reason, at),
  });
  const asterisk = listenToAsterisk({
    ...process,
    onEvent: (event) => calls.intake.take(event),
    onConnected: () => {
      guardian.beat();
      calls.reconcile();
      void acd.pushAll();
    },
    onPong: guard.heard,
    onContact: ({ endpoint, present }) => acd.line.registered(endpoint, present),
    onRefusal: (refusal) => records.alarm('call-refused-by-asterisk', { ...refusal }),
    knownSipCall: (sipCallId) => calls.intake.took(sipCallId) || records.sawSipCall(sipCallId),
    alarm: records.alarm,
  });

  const orphans = watchOrphans({
    ...process,
    node,
    rank: config.SIAGA_RANK,
    connected: () => asterisk.connected(),
    journalTouchedAt: () => journalTouches(directory),
    alarm: records.alarm,
  });
  const stopClockWatch = watchClock(clock, Date.now, (milliseconds) => records.alarm('clock-set', { milliseconds }));

  const planner = createPlanner({ ...configuration, clock });
  const shared = { postgres, clock, calls: calls.runner, audit: recordAudit, circleOf: reader.circleOf, ...planner };
  const rooms = [calls, location, startIncidents(shared), dispatchRoom(shared), acd, configuration, records];
  const server = createHttpServer({
    ...process,
    routes: [...rooms.flatMap((room) => room.routes), ...eventRoutes({ feed, clock })],
    authenticate: configuration.check,
    runOnce: postgresIdempotency(postgres, logger),
    ...(config.SIAGA_TRUST_PROXY === undefined ? {} : { trustProxy: config.SIAGA_TRUST_PROXY }),
    health: () => ({
      ready: asterisk.connected() && !journal.health().failing,
      parts: {
        asterisk: asterisk.connected() ? 'up' : 'away',
        ami: asterisk.registrationsFollowed() ? 'up' : 'away',
        postgres: postgres.reachable() === false ? 'away' : 'up',
        redis: dispatch.redisUp() ? 'up' : 'away',
        journal: journal.health().failing ? 'failing' : 'up',
        records: records.projector.behind() ? 'behind' : 'up',
      },
    }),
  });
  const port = await server.listen(config.SIAGA_HTTP_HOST, config.SIAGA_HTTP_PORT);
  // Last: whoever claims a call must be able to see it through.
  asterisk.open();
  logger.info({ application, port }, 'Siaga 112 answers');

  return {
    drain: () => calls.drain(config.SIAGA_STOP_SECONDS * 1_000),
    stops: [
      ['server', () => server.close()],
      ['asterisk', () => asterisk.stop()],
      ['guardian', guardian.stop],
      ['pause guard', guard.stop],
      ['orphans', orphans.stop],
      ['clock watch', stopClockWatch],
      ['calls', calls.stop],
      ['location', location.stop],
      ['acd', acd.stop],
      ['dispatch', dispatch.stop],
      ['records', records.stop],
      ['journal', () => journal.close()],
      ['configuration', configuration.stop],
      ['postgres', () => Promise.all([postgres.close(), postgresForLookups.close()])],
    ],
  };
}
