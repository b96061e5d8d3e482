import { join } from 'node:path';
import { queueOf } from './acd/queue.ts';
import { startAcd } from './acd/start.ts';
import { startTrunks } from './agencies/trunks.ts';
import { createPromptList } from './asterisk/prompts.ts';
import { watchQueues } from './asterisk/queues.ts';
import { watchRecording } from './asterisk/recording.ts';
import { listenToAsterisk, provisioningOf } from './asterisk/start.ts';
import type { OwnAri } from './asterisk/subscriptions.ts';
import { asteriskToRooms } from './asterisk-to-rooms.ts';
import { createAuditKeeper } from './audit/later.ts';
import { recordAudit } from './audit/record.ts';
import { watchGuardian } from './calls/guardian.ts';
import { outsideTarget } from './calls/target.ts';
import { startCalls } from './calls/start.ts';
import { startSuccession } from './calls/succession.ts';
import { startCodes } from './codes/start.ts';
import type { Config } from './config.ts';
import { withOthers } from './elsewhere.ts';
import { startConfiguration } from './configuration.ts';
import { attemptResults } from './dispatch/attempt-results.ts';
import { createPlanner } from './dispatch/planner.ts';
import { dispatchRoom, startDispatch } from './dispatch/start.ts';
import { followDispatches } from './dispatch-followers.ts';
import { startEvacuation } from './evacuation/start.ts';
import { createFeed, foundByEach, type Told } from './events/feed.ts';
import { controllerCondition } from './health/controller-health.ts';
import { startHealth } from './health/start.ts';
import { askingAgain } from './incidents/ask-again.ts';
import { incidentReader, startIncidents } from './incidents/start.ts';
import type { Clock } from './platform/clock.ts';
import { watchDisk } from './platform/disk-room.ts';
import { openJournal } from './platform/journal.ts';
import { watchLoad } from './platform/load.ts';
import type { Logger } from './platform/logger.ts';
import type { Metrics } from './platform/metrics.ts';
import { createPauseGuard } from './platform/pause-guard.ts';
import { createPostgres } from './platform/postgres.ts';
import { startClockWatch } from './probes/clock-watch.ts';
import { startProbes } from './probes/start.ts';
import { inOrder, inTurn } from './records/in-turn.ts';
import { startRecords } from './records/start.ts';
import { keepDecision } from './records/write-call.ts';
import { startTriage } from './triage/start.ts';
import { startLocation } from './location/start.ts';
import { startCrewPhone } from './responders/crew-phone.ts';
import { whyNotForCrews } from './responders/responder-number.ts';
import { callTiming } from './settings/call-timing.ts';
import { lineToCalls } from './line-to-calls.ts';
import { startMachines } from './machines.ts';
import { serverOf } from './server.ts';
import type { Stop } from './stop.ts';

/** What a process has before its rooms. */
export interface Process {
  config: Config;
  application: string;
  version: string;
  ari: OwnAri;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
  /** Ends the process at once, and leaves everything in Asterisk as it is. */
  leave: (why: string) => void;
}

/** Puts the rooms of a controller in order. Returns how they stop, in order, and how the calls end before. */
export async function startController(process: Process): Promise<{ stops: Stop[]; drain: () => Promise<void> }> {
  const { config, application, ari, clock, logger } = process;
  const { SIAGA_NODE: node, SIAGA_STATE_DIR: stateDir, SIAGA_RANK: rank } = config;
  const connections = { applicationName: application, logger, clock };
  const postgres = createPostgres(config.SIAGA_DATABASE_URL, connections);
  // Several queries for each call: with a slow server they would take every connection from the records.
  const postgresForLookups = createPostgres(config.SIAGA_DATABASE_URL, { ...connections, max: 4 });
  const provisioning = provisioningOf(config, ari);
  const directory = join(stateDir, 'journal');
  const journal = openJournal({ directory, name: application, clock, logger });
  let isLed = (): boolean => false;
  const feed = createFeed({
    clock,
    name: application,
    callOf: (callId) => calls.runner.get(callId),
    isLed: () => isLed(),
  });
  const auditKeeper = createAuditKeeper({ postgres, audit: recordAudit, clock, logger });
  const auditLater = auditKeeper.note;
  const common = { postgres, stateDir, clock, logger, audit: recordAudit, auditLater };

  const publish = (type: string, detail: Record<string, unknown>, told: Told = 'one'): void =>
    feed.publish({ type, callId: null, incidentId: null, detail }, clock.now(), told);
  const found = (type: string, detail: Record<string, unknown>): void => publish(type, detail, 'each');
  const configuration = await startConfiguration(
    {
      ...common,
      refuses: (_patch, settings) => evacuation.refuses(settings) ?? whyNotForCrews(settings),
      trunkState: (trunkId) => trunks.stateOf(trunkId),
    },
    config.SIAGA_CITY,
  );
  const planner = createPlanner({ ...configuration, clock, wayTo: (trunk) => trunks.wayTo(trunk) });
  const prompts = createPromptList(process);
  const dispatch = startDispatch(process);
  const triage = await startTriage({
    ...common,
    settings: configuration.settings,
    feed,
    runner: () => calls.runner,
    closeIncident: (...reviewed) => incidents.closeReviewed(...reviewed),
    alarm: (code, detail) => records.alarm(code, detail),
    node,
    application,
    redisUrl: config.SIAGA_REDIS_URL,
    queuePrefix: config.SIAGA_QUEUE_PREFIX,
  });
  const followers = followDispatches({
    ...process,
    ...common,
    ...configuration,
    feed: foundByEach(feed),
    runner: () => calls.runner,
    notifications: () => machines.notifications,
    dispatches: () => dispatches,
  });
  const records = await startRecords({
    ...process,
    postgres,
    journal,
    directory,
    celFile: config.SIAGA_CEL_FILE ?? null,
    node,
    feed,
    ownsChannel: (id) => calls.intake.took(id) && calls.runner.ownerOf(id)?.outcome !== 'returned',
    projected: (callId, sequence) => calls.projected(callId, sequence),
    introduce: (origin, ids) => location.introduce(origin, ids),
    alsoWrite: inTurn(triage.alsoWrite, followers.alsoWrite),
  });
  const { alarm } = records;
  const trunks = await startTrunks({ ...process, ...common, ...configuration, provisioning, publish: found, alarm });
  const reader = incidentReader(postgres);
  const askAgain = askingAgain({ ...process, ...planner, ...reader, runner: () => calls.runner });
  const guard = createPauseGuard(clock);
  const load = watchLoad({ ...process, waiting: () => ari.underWay() });
  const claimsWhile = { ...guard, keepsUp: () => guard.keepsUp() && !load.overloaded() };
  const location = startLocation({
    ...common,
    city: config.SIAGA_CITY,
    postgresForLookups,
    settings: configuration.settings,
    map: configuration.districtMap,
    runner: () => calls.runner,
    amlKey: config.SIAGA_AML_KEY,
    keepAml: records.keepAml,
    findStored: reader.callOf,
    addedLater: records.locatedLater,
    alarm: records.alarm,
  });
  const codes = startCodes({
    ari,
    clock,
    logger,
    actions: {
      line: () => acd.line,
      checkPin: (extension, pin) => acd.checkPin(extension, pin),
      outgoing: (dialled) => machines.outgoing.dialled(dialled),
      ghost: (principal) => incidents.closeAsGhost(principal),
      audit: auditLater,
      told: (detail) => publish('desk.code', detail),
    },
  });
  const learn = (entry: Parameters<typeof attemptResults>[0]): void => {
    for (const { trunkId, result } of attemptResults(entry)) trunks.attempted(trunkId, result);
  };
  const calls = startCalls({
    ...process,
    desks: { take: (event) => codes.take(event) || crewPhone.take(event) },
    node,
    claimDelay: rank * 150,
    journal,
    postgres,
    incidents: reader,
    line: () => acd.line,
    queueOf: (dialled) => {
      const settings = configuration.settings();
      const queue = queueOf(dialled, settings.queues);
      return { queue, timing: callTiming(settings, queue.id) };
    },
    guard: claimsWhile,
    auditLater,
    connected: () => asterisk.connected(),
    introduce: location.introduce,
    lookUp: location.lookUp,
    identityLimit: () => configuration.settings().identityLimit,
    outside(number, by) {
      const found = machines.outgoing.resolveNumber(by, number);
      return outsideTarget(found, number, configuration.settings().outgoingMinutes * 60_000);
    },
    ringAgency: dispatch.ring,
    notifyAgency: (asked) => machines.notifications.notifyAgency(asked),
    sayable: prompts.sayable,
    nuisanceOf: triage.nuisanceOf,
    earlierOf: triage.earlierOf,
    recorded(entry) {
      records.recorded(entry);
      triage.recorded(entry);
      acd.recorded(entry);
      learn(entry);
      for (const room of [machines.outgoing, machines.notifications, followers, askAgain]) room.heardOf(entry);
    },
    succession: {
      came: (channel) => succession.came(channel),
      heard: () => succession.heard(),
      knows: (channelId) => succession.knows(channelId),
    },
    ownedElsewhere: (channelId) => [probes, ...machines.all].some((one) => one.owns(channelId)),
    alarm: records.alarm,
  });
  const acd = await startAcd({
    ...common,
    provisioning,
    alarm: records.alarm,
    settings: configuration.settings,
    revokeTokensOf: configuration.revokeTokensOf,
    sip: { host: config.SIAGA_SIP_HOST, port: config.SIAGA_SIP_PORT, tlsPort: config.SIAGA_SIP_TLS_PORT },
    ...lineToCalls({
      clock,
      planner,
      runner: () => calls.runner,
      machines: () => [machines.outgoing, machines.withoutCall],
    }),
    changed: records.operatorChanged,
    sessionChanged: records.sessionChanged,
    publish: (type, detail) => publish(type, detail, 'line'),
  });
  // Its first beat asks for Asterisk's socket: nothing may be awaited in between.
  const inControl = (): boolean => asterisk.hears() && guard.keepsUp() && !guard.held();
  const guardian = watchGuardian({ ...process, inControl, alarm: records.alarm });
  /** What a machine of its own needs beside calls. */
  const machine = {
    ...process,
    postgres,
    settings: configuration.settings,
    held: guard.held,
    connected: (): boolean => asterisk.connected(),
    synced: () => journal.synced(),
    alarm: records.alarm,
  };
  const evacuation = startEvacuation({
    ...common,
    ...machine,
    node,
    operatorAt: (account) => acd.line.atDesk(account)?.operator ?? null,
    told: found,
  });
  const crewPhone = startCrewPhone({ ...common, ...machine, ...followers });
  for (const room of [evacuation, trunks, crewPhone]) configuration.onSettings(room.look);
  const machines = startMachines({
    ...process,
    ...machine,
    ...common,
    ...configuration,
    ...planner,
    ...prompts,
    ...followers,
    ...reader,
    runner: calls.runner,
    line: acd.line,
    triage,
    records,
    leads: rank === 0,
    ringAgency: dispatch.ring,
    learn,
    publish,
    feed,
  });
  const probes = startProbes({ ...process, ...machine, ...configuration, node, rank });
  const { outgoing, notifications, withoutCall, reports } = machines;
  const asterisk = listenToAsterisk({
    ...process,
    ...asteriskToRooms({
      ...{ calls, machines: { all: [probes, ...machines.all] }, codes, acd, trunks, prompts, guardian, records },
      ...{ leave: process.leave, succession: { look: () => succession.look() } },
      watchers: [evacuation, crewPhone],
    }),
    onPong: guard.heard,
    alarm: records.alarm,
  });

  const succession = await startSuccession({
    ...machine,
    ...{ node, rank, stateDir, runner: calls.runner, sockets: asterisk.ofDead },
    arrive: (channel) => calls.intake.arrive(channel),
    taken: (call) => calls.intake.goesOn(call),
    ofDead: records.ofDead,
    catchUp: acd.catchUp,
    live: calls.live,
    leave: process.leave,
    isOurs: (id) => calls.runner.ownerOf(id) !== undefined || [probes, ...machines.all].some((one) => one.owns(id)),
  });
  const clocks = startClockWatch({ ...process, ...machine, redisUrl: config.SIAGA_REDIS_URL });

  const shared = { postgres, clock, calls: calls.runner, audit: recordAudit, ...reader, ...planner, withoutCall };
  const dispatches = dispatchRoom({ ...shared, follow: followers.follow });
  const changedLater = inOrder(triage.incidentChanged, followers.incidentChanged);
  const { explainStored } = configuration;
  const incidents = startIncidents({ ...shared, logger, keepDecision, explainStored, changedLater });
  const ofIncidents = [calls, location, incidents, reports, dispatches, followers, outgoing, notifications];
  const rooms = [probes, ...ofIncidents, triage, acd, evacuation, trunks, configuration, records];
  const disk = watchDisk({ ...process, directory, lowBelow: config.SIAGA_DISK_LOW_MEGABYTES * 1_000_000 });
  const queues = watchQueues({ ...process, file: config.SIAGA_ASTERISK_QUEUES_FILE });
  const recording = watchRecording({ ...process, file: config.SIAGA_RECORDING_FILE });
  const watched = { asterisk, queues, recording, postgres, dispatch, journal, records, disk, guard, load, probes };
  const { health, ...modes } = startHealth({
    ...process,
    condition: controllerCondition(watched),
    publish: found,
    began(mode) {
      if (mode === 'asterisk-behind') records.alarm(mode, { ...queues.longest() });
      if (mode === 'recordings-stopped') records.alarm(mode, { ...recording.stopped() });
    },
  });
  const { isOver } = records;
  const others = withOthers({
    ...process,
    ...calls,
    ...machines,
    isOver,
    held: guard.held,
    stateDir,
    rank,
    feed,
    messages: location,
  });
  const parts = { rooms, feed, postgres, auditLater, health, ...others.http };
  const server = serverOf({ ...process, ...parts, check: configuration.check });
  const port = await server.listen(config.SIAGA_HTTP_HOST, config.SIAGA_HTTP_PORT);
  ({ isLed } = others);
  await others.begin((path) => server.listenToOthers(path));
  // Last: whoever claims a call must be able to see it through.
  guard.begin();
  load.begin();
  calls.begin();
  succession.begin();
  asterisk.open();
  modes.begin();
  logger.info({ application, port }, 'Siaga 112 answers');

  return {
    drain: () => calls.drain(config.SIAGA_STOP_SECONDS * 1_000),
    stops: [
      ['other controllers', others.stop],
      // Its calls go on until the others take them: from here on they are told that nobody answers, not that nobody has them.
      ['server', () => server.close(5_000, calls.live() > 0)],
      ['health', modes.stop],
      ['disk', disk.stop],
      ['queues', queues.stop],
      ['recording', recording.stop],
      ['asterisk', () => asterisk.stop()],
      ['guardian', guardian.stop],
      ['pause guard', guard.stop],
      ['load', load.stop],
      ['succession', succession.stop],
      ['socket for others', () => (calls.live() > 0 ? undefined : others.forget())],
      ['clock watch', clocks.stop],
      ['probes', probes.stop],
      ['calls', calls.stop],
      ['codes', codes.stop],
      ['crews on the telephone', crewPhone.stop],
      ['evacuation', evacuation.stop],
      ...machines.stops,
      ['dispatch followers', followers.stop],
      ['location', location.stop],
      ['acd', acd.stop],
      ['dispatch', dispatch.stop],
      ['trunks', trunks.stop],
      ['records', records.stop],
      ['triage', triage.stop],
      ['journal', () => journal.close()],
      ['configuration', configuration.stop],
      ['audit', () => auditKeeper.stop()],
      ['postgres', () => Promise.all([postgres.close(), postgresForLookups.close()])],
    ],
  };
}
