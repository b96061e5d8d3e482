import { join } from 'node:path';
import { emergencyQueue } from '../../src/acd/queue.ts';
import { linePolicy } from '../../src/acd/line-policy.ts';
import { createLine } from '../../src/acd/mailbox.ts';
import type { AriCommands } from '../../src/asterisk/commands.ts';
import { createAuditKeeper } from '../../src/audit/later.ts';
import { recordAudit } from '../../src/audit/record.ts';
import type { Call } from '../../src/calls/call.ts';
import { startCalls } from '../../src/calls/start.ts';
import type { CallRunner } from '../../src/calls/runner.ts';
import { createPlanner } from '../../src/dispatch/planner.ts';
import { dispatchRoom } from '../../src/dispatch/start.ts';
import { followDispatches } from '../../src/dispatch-followers.ts';
import type { WithoutCallDeps } from '../../src/dispatch/without-call/start.ts';
import { createFeed, type FeedEvent } from '../../src/events/feed.ts';
import { eventRoutes } from '../../src/events/routes.ts';
import { readConfig } from '../../src/config.ts';
import { startReports } from '../../src/incidents/reports.ts';
import { askingAgain } from '../../src/incidents/ask-again.ts';
import { incidentReader, startIncidents } from '../../src/incidents/start.ts';
import { loadDistrictMap } from '../../src/location/districts/district-map-start.ts';
import { startLocation } from '../../src/location/start.ts';
import { systemClock, type Clock } from '../../src/platform/clock.ts';
import { openJournal } from '../../src/platform/journal.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { createPostgres, type Postgres } from '../../src/platform/postgres.ts';
import type { NotifyWish } from '../../src/notifications/tell.ts';
import { aboutStored } from '../../src/notifications/about-incident.ts';
import { inOrder, inTurn } from '../../src/records/in-turn.ts';
import { startRecords } from '../../src/records/start.ts';
import { keepDecision } from '../../src/records/write-call.ts';
import { startTriage, type TriageRoom } from '../../src/triage/start.ts';
import { callTiming } from '../../src/settings/call-timing.ts';
import { defaultSettings, type Settings } from '../../src/settings/setting.ts';
import { sipOnly } from './agencies.ts';
import { deafToLine } from './line-world.ts';
import { quietWithoutCall } from './quiet-without-call.ts';
import { redisUrl } from './redis.ts';
import { until } from './rest.ts';
import { startRooms, stateFolder, type Rooms } from './rooms.ts';

/** A caller as Asterisk tells of him. */
export interface Arrival {
  readonly number?: string | null | undefined;
  readonly imei?: string | undefined;
  /** Of a caller who comes from another process. */
  readonly channelId?: string;
  /** More of the dialplan's variables. */
  readonly variables?: Record<string, string>;
}

/** The rooms of a controller over real PostgreSQL, with an Asterisk that does all it is told and tells nothing. */
export interface ControllerRooms extends Rooms, Pick<ReturnType<typeof followDispatches>, 'noteByPhone'> {
  readonly runner: CallRunner;
  readonly database: Postgres;
  readonly triage: TriageRoom;
  readonly location: ReturnType<typeof startLocation>;
  readonly journalFolder: string;
  /** Everything that was told to screens, in order. */
  readonly events: FeedEvent[];
  /** Whom the clocks of agencies wanted told. */
  readonly told: NotifyWish[];
  /** Moves the time of calls and messages on; nothing is waited for. */
  ahead(milliseconds: number): void;
  now(): number;
  arrive(arrival?: Arrival): Call;
  /** The state of a call as it is now; fails when it is not here any more. */
  call(callId: string): Call;
  /** An operator's phone rings and he answers. */
  talk(callId: string, operatorId: string): Promise<void>;
  hangUp(callId: string): void;
  /** Waits until the call is in PostgreSQL only. */
  gone(callId: string): Promise<void>;
  /** Waits until PostgreSQL has all that was journalled. */
  settled(): Promise<void>;
  /** Ends it like a killed process: what PostgreSQL has not got stays in the journal. */
  kill(): Promise<void>;
}

/** Shorter waits are for PostgreSQL or the disk to answer, which are no faster in tests. */
const forAnswers = 1_000;
const fast: Clock = {
  ...systemClock,
  after: (ms, fn) => systemClock.after(ms < forAnswers ? ms : ms / 10, fn),
  every: (ms, fn) => systemClock.every(ms / 10, fn),
};

let channels = 0;

export async function startController(
  databaseUrl: string,
  options: {
    amlKey?: string;
    settings?: Partial<Settings>;
    stateDir?: string;
    application?: string;
    city?: string;
    withoutCall?: Partial<WithoutCallDeps>;
  } = {},
): Promise<ControllerRooms> {
  const [logger, metrics] = [createLogger('silent'), createMetrics()];
  const stateDir = options.stateDir ?? (await stateFolder());
  const { application = `siaga-test-${(channels += 1)}` } = options;
  const directory = join(stateDir, 'journal');
  let shift = 0;
  const clock: Clock = { ...fast, now: () => systemClock.now() + shift };
  const postgres = createPostgres(databaseUrl, { applicationName: application, logger, clock: systemClock, max: 4 });
  const journal = openJournal({ directory, name: application, clock: systemClock, logger, reserveBytes: 0 });
  const auditKeeper = createAuditKeeper({ postgres, audit: recordAudit, clock: systemClock, logger });
  const feed = createFeed({ clock, callOf: (callId) => calls.runner.get(callId) });
  const events: FeedEvent[] = [];
  feed.subscribe((event) => events.push(event));
  const settings = (): Settings => ({ ...rooms.settings.current(), ...options.settings });
  const map = await loadDistrictMap('pekanbaru');
  let ready = false;
  const triage = await startTriage({
    postgres,
    stateDir,
    clock,
    logger,
    audit: recordAudit,
    feed,
    settings: () => (ready ? settings() : { ...defaultSettings, ...options.settings }),
    runner: () => calls.runner,
    closeIncident: (...reviewed) => incidents.closeReviewed(...reviewed),
    alarm: (code, detail) => records.alarm(code, detail),
    node: application,
    application,
    redisUrl: redisUrl(),
    queuePrefix: application,
  });
  const told: NotifyWish[] = [];
  const followers = followDispatches({
    config: readConfig(
      {
        SIAGA_NODE: application,
        SIAGA_DATABASE_URL: databaseUrl,
        SIAGA_REDIS_URL: redisUrl(),
        SIAGA_QUEUE_PREFIX: application,
        SIAGA_ARI_URL: 'http://127.0.0.1:1',
        SIAGA_ARI_USER: 'nobody',
        SIAGA_ARI_PASSWORD: 'nobody at all',
        SIAGA_AMI_USER: 'nobody',
        SIAGA_AMI_PASSWORD: 'nobody at all',
        SIAGA_STATE_DIR: stateDir,
      },
      () => '',
    ),
    application,
    postgres,
    stateDir,
    clock,
    logger,
    audit: recordAudit,
    feed,
    settings,
    agencies: () => rooms.agencies.current(),
    recipients: () => rooms.recipients.current(),
    runner: () => calls.runner,
    notifications: () => ({
      notify: (wish) => void told.push(wish),
      async about(incidentId) {
        const message = await aboutStored(postgres, incidentId);
        return message && { message, callId: null };
      },
    }),
    dispatches: () => dispatches,
  });
  const records = await startRecords({
    postgres,
    journal,
    directory,
    celFile: null,
    node: 'node',
    clock: fast,
    logger,
    metrics,
    feed,
    ownsChannel: () => false,
    projected: (callId, sequence) => calls.projected(callId, sequence),
    introduce: (origin, ids) => location.introduce(origin, ids),
    alsoWrite: inTurn(triage.alsoWrite, followers.alsoWrite),
  });
  const reader = incidentReader(postgres);
  const location = startLocation({
    city: options.city ?? 'nowhere',
    postgres,
    postgresForLookups: postgres,
    clock,
    logger,
    settings,
    map: () => map,
    runner: () => calls.runner,
    amlKey: options.amlKey,
    keepAml: records.keepAml,
    findStored: reader.callOf,
    addedLater: records.locatedLater,
    alarm: records.alarm,
  });
  const obedient: AriCommands = {
    send: () => Promise.resolve({ ok: true, status: 200, body: null }),
    close: () => Promise.resolve(),
  };
  const line = createLine({
    clock,
    logger,
    policies: () => linePolicy(settings()),
    ...deafToLine,
  });
  const planner = createPlanner({
    clock,
    wayTo: sipOnly,
    agencies: () => rooms.agencies.current(),
    settings,
    decide: (incident, at) => rooms.routing.decide(incident, at),
  });
  const askAgain = askingAgain({ clock, logger, ...planner, ...reader, runner: () => calls.runner });
  const calls = startCalls({
    node: 'node',
    application,
    claimDelay: 0,
    ari: obedient,
    desks: { take: () => false },
    succession: { came: () => false, heard: () => [], knows: () => false },
    clock,
    logger,
    journal,
    metrics,
    postgres,
    incidents: reader,
    line: () => ({ ...line, staffed: () => true }),
    queueOf: () => ({ queue: emergencyQueue, timing: callTiming(settings()) }),
    auditLater: auditKeeper.note,
    guard: {
      held: () => false,
      keepsUp: () => true,
      heard: () => undefined,
      begin: () => undefined,
      stop: () => undefined,
    },
    connected: () => false,
    introduce: location.introduce,
    lookUp: location.lookUp,
    identityLimit: () => settings().identityLimit,
    notifyAgency: () => undefined,
    sayable: (prompts) => [...prompts],
    ringAgency: () => Promise.resolve({ result: 'taken' }),
    nuisanceOf: triage.nuisanceOf,
    earlierOf: triage.earlierOf,
    recorded(entry) {
      for (const room of [records, triage]) room.recorded(entry);
      for (const room of [followers, askAgain]) room.heardOf(entry);
    },
    alarm: records.alarm,
    ownedElsewhere: () => false,
  });
  const shared = { postgres, clock, calls: calls.runner, audit: recordAudit, ...reader, ...planner };
  const quiet = { application, postgres, clock: fast, recorded: records.withoutCall };
  const withoutCall = quietWithoutCall({ ...quiet, ...options.withoutCall });
  const reports = startReports({
    ...shared,
    logger,
    feed,
    settings,
    districtMap: () => map,
    keepDecision,
    listCallback: triage.listReported,
    withoutCall,
  });
  const dispatches = dispatchRoom({ ...shared, withoutCall, follow: followers.follow });
  const changedLater = inOrder(triage.incidentChanged, followers.incidentChanged);
  const incidents = startIncidents({
    ...shared,
    logger,
    keepDecision,
    withoutCall,
    changedLater,
    explainStored: (decisions) => rooms.routing.explainStored(decisions),
  });
  const inner = [calls, location, incidents, reports, dispatches, followers, triage, records].flatMap(
    (room) => room.routes,
  );
  const rooms: Rooms = await startRooms(databaseUrl, {
    stateDir,
    ...(options.city === undefined ? {} : { city: options.city }),
    extraRoutes: [...inner, ...eventRoutes({ feed, clock })],
  });

  ready = true;

  const end = async (wait: boolean): Promise<void> => {
    await rooms.stop();
    calls.stop();
    withoutCall.stop();
    await location.stop();
    line.stop();
    if (wait) await records.stop();
    else await records.projector.stop();
    for (const room of [triage, followers]) await room.stop();
    await journal.close();
    await auditKeeper.stop();
    await postgres.close();
  };
  const { runner } = calls;
  const callOf = (callId: string): Call => {
    const call = runner.get(callId);
    if (call === undefined) throw new Error(`the call ${callId} is not here`);
    return call;
  };

  return {
    ...rooms,
    runner,
    database: postgres,
    triage,
    journalFolder: directory,
    events,
    told,
    noteByPhone: followers.noteByPhone,
    location,
    ahead: (milliseconds) => void (shift += milliseconds),
    now: () => clock.now(),
    arrive({ number = null, imei, channelId, variables = {} } = {}) {
      channels += 1;
      const id = channelId ?? `node-${Math.floor(clock.now() / 1_000)}.${channels}`;
      const contact = imei === undefined ? {} : { SIAGA_CONTACT: `<sip:x>;+sip.instance="<urn:gsma:imei:${imei}>"` };
      calls.intake.arrive({
        id,
        name: `PJSIP/carrier-1-${channels}`,
        state: channelId === undefined ? 'Ring' : 'Up',
        sipCallId: id,
        callerNumber: number,
        callerName: null,
        dialplanApplication: null,
        variables: { SIAGA_ROLE: 'caller', SIAGA_CARRIER: 'carrier-1', ...contact, ...variables },
      });
      const call = runner.ownerOf(id);
      if (call === undefined) throw new Error('the call was not taken');
      return call;
    },
    call: callOf,
    async talk(callId, operatorId) {
      const assignmentId = `as-${(channels += 1)}`;
      runner.tell(callId, { type: 'operator-assigned', at: clock.now(), assignmentId, operatorId, account: 'op' });
      const channelId = callOf(callId).operator?.channelId ?? '';
      runner.tell(callId, { type: 'leg-entered', at: clock.now(), channelId });
      await until('they talk', () => callOf(callId).stage === 'talking');
    },
    hangUp: (callId) => void runner.tell(callId, { type: 'caller-gone', at: clock.now(), cause: 16 }),
    gone: (callId) => until('the call is in PostgreSQL only', () => runner.get(callId) === undefined, 60_000),
    async settled() {
      if (!(await records.projector.drained(60_000))) throw new Error('PostgreSQL has not got all');
    },
    kill: () => end(false),
    stop: () => end(true),
  };
}
