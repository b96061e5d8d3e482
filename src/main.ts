import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startAccess } from './access/start.ts';
import { startAcd } from './acd/start.ts';
import { startAgencies } from './agencies/start.ts';
import { createAriCommands } from './asterisk/commands.ts';
import { startContactMonitor } from './asterisk/contact-monitor.ts';
import { openEventSocket } from './asterisk/event-socket.ts';
import { createProvisioning } from './asterisk/provisioning.ts';
import { startRefusalWatch } from './asterisk/refusals.ts';
import { recordAudit } from './audit/record.ts';
import { startAudit } from './audit/start.ts';
import { watchGuardian } from './calls/guardian.ts';
import { startCalls } from './calls/start.ts';
import { ConfigError, readConfig } from './config.ts';
import { createRingJobs } from './dispatch/jobs.ts';
import { createPlanner } from './dispatch/planner.ts';
import { startRingWorker } from './dispatch/worker.ts';
import { createFeed } from './events/feed.ts';
import { eventRoutes } from './events/routes.ts';
import { incidentReader, startIncidents } from './incidents/start.ts';
import { systemClock as clock } from './platform/clock.ts';
import { createHttpServer } from './platform/http.ts';
import { postgresIdempotency } from './platform/idempotency.ts';
import { openJournal } from './platform/journal.ts';
import { createLogger } from './platform/logger.ts';
import { createMetrics } from './platform/metrics.ts';
import { createPostgres } from './platform/postgres.ts';
import { createProducerConnection, createWorkerConnection } from './platform/redis.ts';
import { countRings, watchEventSocket } from './process-metrics.ts';
import { startRecords } from './records/start.ts';
import { startRouting } from './routing/start.ts';
import { citySettings } from './settings/city.ts';
import { cityFile, loadCity } from './settings/load-city.ts';
import { callTiming } from './settings/call-timing.ts';
import { startSettings } from './settings/start.ts';
import { stopOnSignal } from './stop.ts';

const config = configOrExit();
const logger = createLogger(config.SIAGA_LOG_LEVEL);
const metrics = createMetrics();
const { SIAGA_NODE: node, SIAGA_STATE_DIR: stateDir, SIAGA_QUEUE_PREFIX: prefix } = config;
const application = `siaga-${node}-${config.SIAGA_RANK}-${process.pid}-${clock.now().toString(36)}`;
const ari = createAriCommands({
  url: config.SIAGA_ARI_URL,
  user: config.SIAGA_ARI_USER,
  password: config.SIAGA_ARI_PASSWORD,
});
const redisDeps = (name: string) => ({ logger, name: `${application}-${name}` });

const stops: [string, () => unknown][] = [];
if (config.SIAGA_ROLE !== 'controller') {
  const connection = createWorkerConnection(config.SIAGA_REDIS_URL, redisDeps('worker'));
  const worker = startRingWorker({ node, connection, prefix, ari, clock, logger });
  stops.push(['worker', () => worker.close()], ['worker connection', () => connection.disconnect()]);
}
if (config.SIAGA_ROLE === 'worker') stopOnSignal({ logger, clock, stops, drain: () => Promise.resolve() });
else await startController();

async function startController(): Promise<void> {
  const postgres = createPostgres(config.SIAGA_DATABASE_URL, { applicationName: application, logger, clock });
  const producer = createProducerConnection(config.SIAGA_REDIS_URL, redisDeps('producer'));
  const events = createWorkerConnection(config.SIAGA_REDIS_URL, redisDeps('events'));
  const provisioning = createProvisioning({
    url: config.SIAGA_ARI_URL,
    user: config.SIAGA_ARI_USER,
    password: config.SIAGA_ARI_PASSWORD,
    logger,
  });
  const directory = join(stateDir, 'journal');
  const journal = openJournal({ directory, name: application, clock, logger });
  const feed = createFeed(clock);
  const common = { postgres, stateDir, clock, logger, audit: recordAudit };

  const city = await loadCity(cityFile(config.SIAGA_CITY));
  const audit = await startAudit({ postgres });
  const access = await startAccess(common);
  const settings = await startSettings({ ...common, seed: citySettings(city) });
  const agencies = await startAgencies({ ...common, seed: city.agencies });
  const routing = await startRouting({
    ...common,
    agencies,
    districts: () => settings.current().districts,
    timeZone: () => settings.current().timeZone,
    seed: city.rules,
  });

  const jobs = createRingJobs({ node, producer, events, prefix, ari, clock, logger, counted: countRings(metrics) });
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
  });
  const guardian = watchGuardian({ ari, clock, logger, connected: () => socket.connected(), alarm: records.alarm });
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
    incidents: incidentReader(postgres),
    line: () => acd.line,
    timing: () => callTiming(settings.current()),
    mayClaim: () => true,
    guardianSeen: guardian.seen,
    ringAgency: (job) => jobs.ring(job),
    recorded: records.recorded,
  });
  const acd = await startAcd({
    ...common,
    provisioning,
    timing: () => ({ wrapUp: settings.current().wrapUpSeconds * 1_000, retry: 3_000 }),
    assigned: (callId, assignment) =>
      calls.runner.tell(callId, { type: 'operator-assigned', at: clock.now(), ...assignment }),
    changed: (operator, state, reason, at) => records.operatorChanged(operator.id, state, reason, at),
  });

  const socket = openEventSocket({
    url: config.SIAGA_ARI_URL,
    user: config.SIAGA_ARI_USER,
    password: config.SIAGA_ARI_PASSWORD,
    application,
    clock,
    logger,
    onEvent: (event) => calls.intake.take(event),
    onConnected: () => void calls.intake.reconcile(),
    onDisconnected: () => records.alarm('asterisk-away', { node }),
    onReplaced: () => records.alarm('application-replaced', { application }),
    onFrame: watchEventSocket(metrics),
  });
  const contacts = startContactMonitor({
    host: config.SIAGA_AMI_HOST,
    port: config.SIAGA_AMI_PORT,
    user: config.SIAGA_AMI_USER,
    password: config.SIAGA_AMI_PASSWORD,
    clock,
    logger,
    provisioning,
    onContact: ({ endpoint, present }) => acd.line.registered(endpoint, present),
  });
  const refusals = startRefusalWatch({
    host: config.SIAGA_HEP_HOST,
    port: config.SIAGA_HEP_PORT,
    clock,
    logger,
    userAgent: 'Siaga 112',
    known: (sipCallId) => calls.intake.took(sipCallId) || records.sawSipCall(sipCallId),
    onRefusal: (refusal) => records.alarm('call-refused-by-asterisk', { ...refusal }),
  });

  const planner = createPlanner({
    clock,
    agencies: agencies.current,
    settings: settings.current,
    decide: routing.decide,
  });
  const server = createHttpServer({
    routes: [
      ...calls.routes,
      ...startIncidents({ postgres, clock, calls: calls.runner, ...planner }).routes,
      ...acd.routes,
      ...agencies.routes,
      ...routing.routes,
      ...settings.routes,
      ...records.routes,
      ...eventRoutes({ feed, clock }),
      ...access.routes,
      ...audit.routes,
    ],
    authenticate: access.check,
    logger,
    metrics,
    clock,
    version: '0.1.0',
    application,
    runOnce: postgresIdempotency(postgres, logger),
    ...(config.SIAGA_TRUST_PROXY === undefined ? {} : { trustProxy: config.SIAGA_TRUST_PROXY }),
    health: () => ({
      ready: socket.connected() && !journal.health().failing,
      parts: {
        asterisk: socket.connected() ? 'up' : 'away',
        ami: contacts.connected() ? 'up' : 'away',
        postgres: postgres.reachable() === false ? 'away' : 'up',
        redis: producer.status === 'ready' ? 'up' : 'away',
        journal: journal.health().failing ? 'failing' : 'up',
        records: records.projector.behind() ? 'behind' : 'up',
      },
    }),
  });
  const port = await server.listen(config.SIAGA_HTTP_HOST, config.SIAGA_HTTP_PORT);
  logger.info({ application, port }, 'Siaga 112 answers');

  stopOnSignal({
    logger,
    clock,
    drain: () => calls.drain(config.SIAGA_STOP_SECONDS * 1_000),
    stops: [
      ['server', () => server.close()],
      ['event socket', () => socket.close()],
      ['contacts', () => contacts.stop()],
      ['refusals', () => refusals.stop()],
      ['guardian', () => guardian.stop()],
      ['calls', () => calls.stop()],
      ['acd', () => acd.stop()],
      ['jobs', () => jobs.close()],
      ...stops,
      ['records', () => records.stop()],
      ['journal', () => journal.close()],
      ['routing', () => routing.stop()],
      ['agencies', () => agencies.stop()],
      ['settings', () => settings.stop()],
      ['access', () => access.stop()],
      ['redis', () => [producer, events].forEach((connection) => connection.disconnect())],
      ['ari', () => ari.close()],
      ['postgres', () => postgres.close()],
    ],
  });
}

function configOrExit() {
  try {
    return readConfig(process.env, (path) => readFileSync(path, 'utf8'));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\nREADME.md lists every setting.\n`);
    process.exit(78);
  }
}
