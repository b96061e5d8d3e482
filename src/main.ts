import { readFileSync } from 'node:fs';
import { createAriCommands } from './asterisk/commands.ts';
import { subscribedOnce } from './asterisk/subscriptions.ts';
import { ConfigError, readConfig, type Config } from './config.ts';
import { startController, type Process } from './controller.ts';
import { startDispatchWorker } from './dispatch/start.ts';
import { startHealth } from './health/start.ts';
import { workerCondition } from './health/worker-health.ts';
import { startNotificationWorker } from './notifications/worker.ts';
import { systemClock as clock } from './platform/clock.ts';
import { createHttpServer } from './platform/http.ts';
import { createLogger } from './platform/logger.ts';
import { createMetrics } from './platform/metrics.ts';
import { watchLoad } from './platform/load.ts';
import { stopOnSignal, type Stop } from './stop.ts';

// The only place that constructs what a process stands on; controller.ts puts the rooms in order.
const config = configOrExit();
const logger = createLogger(config.SIAGA_LOG_LEVEL);
// Every process start has a name of its own: whoever adopts its calls connects under it.
const application = `siaga-${config.SIAGA_NODE}-${config.SIAGA_RANK}-${process.pid}-${clock.now().toString(36)}`;
const commands = createAriCommands({
  url: config.SIAGA_ARI_URL,
  user: config.SIAGA_ARI_USER,
  password: config.SIAGA_ARI_PASSWORD,
  clock,
});
const ari = subscribedOnce(commands, application);
const self: Process = {
  config,
  application,
  version: '0.1.0',
  ari,
  clock,
  logger,
  metrics: createMetrics(),
  leave(why) {
    logger.fatal(why);
    // EX_TEMPFAIL: whoever started it starts it anew, under another name.
    process.exit(75);
  },
};

// An unknown error ends the process: what Asterisk holds goes on, and a fresh start reconciles. It must not end unseen.
process.on('uncaughtExceptionMonitor', (error, origin) => logger.fatal({ err: error, origin }, 'the process ends'));

const worker = config.SIAGA_ROLE === 'controller' ? null : startDispatchWorker(self);
const notifier = config.SIAGA_ROLE === 'controller' ? null : startNotificationWorker(self);
const controller = config.SIAGA_ROLE === 'worker' ? null : await startController(self);
const health = controller === null && worker !== null ? await watchHealth(worker) : null;

const stops: Stop[] = [
  ['health', () => health?.stop()],
  ['worker', () => worker?.stop()],
  ['notifier', () => notifier?.stop()],
  ...(controller?.stops ?? []),
  ['ari', () => ari.close()],
];
stopOnSignal({ logger, clock, stops, drain: controller?.drain ?? (() => Promise.resolve()) });

/** A worker alone answers nothing but how it is. */
async function watchHealth(worker: { takesJobs: () => boolean }): Promise<{ stop: () => Promise<void> }> {
  const load = watchLoad({ ...self, waiting: () => ari.underWay() });
  const condition = workerCondition({ ...self, worker, load });
  const { health, begin, stop } = startHealth({ ...self, condition });
  const server = createHttpServer({ ...self, routes: [], authenticate: () => undefined, health });
  await server.listen(config.SIAGA_HTTP_HOST, config.SIAGA_HTTP_PORT);
  load.begin();
  begin();
  logger.info('the worker waits for jobs');
  return {
    stop() {
      for (const end of [stop, condition.stop, load.stop]) end();
      return server.close();
    },
  };
}

function configOrExit(): Config {
  try {
    return readConfig(process.env, (path) => readFileSync(path, 'utf8'));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\nREADME.md lists every setting.\n`);
    process.exit(78);
  }
}
