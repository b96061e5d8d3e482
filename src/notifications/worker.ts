import type { Redis } from 'ioredis';
import type { AriCommands } from '../asterisk/commands.ts';
import type { Config } from '../config.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { createWorker, type JobWorker } from '../platform/queues.ts';
import { closeConnection, createWorkerConnection } from '../platform/redis.ts';
import { carryOut, type CarryOutDeps } from './carry-out.ts';
import { createMailer } from './email.ts';
import { notifyJobSchema, notifyQueueName } from './jobs.ts';

function startNotifyWorker(
  deps: CarryOutDeps & { node: string; connection: Redis; prefix: string; logger: Logger },
): JobWorker {
  const { logger } = deps;
  const run = carryOut(deps);
  return createWorker(
    notifyQueueName(deps.node),
    async ({ data }) => {
      const done = await run(data);
      logger.info({ attemptId: data.attemptId, channel: data.type, result: done.result }, 'notification job done');
      return done;
    },
    { ...deps, schema: notifyJobSchema, concurrency: 50 },
  );
}

/** The worker's side: sends what the controllers of the node put in the queue. */
export function startNotificationWorker(deps: {
  config: Pick<Config, 'SIAGA_NODE' | 'SIAGA_REDIS_URL' | 'SIAGA_QUEUE_PREFIX' | 'SIAGA_SMTP_URL'>;
  application: string;
  ari: AriCommands;
  clock: Clock;
  logger: Logger;
}): { stop: () => Promise<void> } {
  const { config, application, clock, logger } = deps;
  const connection = createWorkerConnection(config.SIAGA_REDIS_URL, { logger, name: `${application}-notify-worker` });
  const worker = startNotifyWorker({
    ...deps,
    node: config.SIAGA_NODE,
    prefix: config.SIAGA_QUEUE_PREFIX,
    connection,
    mailer: config.SIAGA_SMTP_URL === undefined ? null : createMailer(config.SIAGA_SMTP_URL, { clock }),
  });
  return {
    async stop() {
      await worker.close();
      closeConnection(connection);
    },
  };
}
