import { join } from 'node:path';
import { z } from 'zod';
import { operatorAccount, type Provisioning } from '../asterisk/provisioning.ts';
import type { RecordAudit } from '../audit/audit.ts';
import type { Clock } from '../platform/clock.ts';
import { diskCopy } from '../platform/disk-copy.ts';
import { startLiveCopy } from '../platform/live-copy.ts';
import type { Logger } from '../platform/logger.ts';
import type { Postgres } from '../platform/postgres.ts';
import type { Route } from '../platform/route.ts';
import type { LineTiming } from './decide.ts';
import { createLine, type LineDeps, type WaitingLine } from './mailbox.ts';
import { operatorRoutes } from './routes.ts';
import { operatorsChannel, readOperators, storedOperator, type StoredOperator } from './store.ts';

export interface AcdRoom {
  readonly routes: Route[];
  readonly line: WaitingLine;
  /** Gives Asterisk every account that it may have lost. */
  readonly pushAll: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Operators, their accounts, and the waiting line. */
export async function startAcd(deps: {
  postgres: Postgres;
  provisioning: Provisioning;
  stateDir: string;
  clock: Clock;
  logger: Logger;
  audit: RecordAudit;
  timing: () => LineTiming;
  assigned: LineDeps['assigned'];
  reserved?: LineDeps['reserved'];
  refused?: LineDeps['refused'];
  changed: LineDeps['changed'];
}): Promise<AcdRoom> {
  const { postgres, provisioning, clock, logger } = deps;
  const copy = await startLiveCopy<StoredOperator[]>({
    name: 'operators',
    channel: operatorsChannel,
    postgres,
    clock,
    logger,
    read: () => readOperators(postgres),
    disk: diskCopy(join(deps.stateDir, 'operators.json'), z.array(storedOperator), logger),
    builtIn: [],
  });
  const line = createLine({
    clock,
    logger,
    timing: deps.timing,
    assigned: deps.assigned,
    ...(deps.reserved === undefined ? {} : { reserved: deps.reserved }),
    ...(deps.refused === undefined ? {} : { refused: deps.refused }),
    changed: deps.changed,
  });
  const tellLine = (operators: StoredOperator[]): void => {
    line.operators(operators.map(({ id, name, extension, account }) => ({ id, name, extension, account })));
  };
  tellLine(copy.current());

  const pushed = new Map<string, string>();
  const push = async (operator: StoredOperator): Promise<void> => {
    const callerId = `"112" <${operator.extension}>`;
    await provisioning.put(operatorAccount(operator.account, operator.passwordDigest, callerId));
    pushed.set(operator.account, operator.passwordDigest);
  };
  const pushAll = async (): Promise<void> => {
    for (const operator of copy.current()) {
      if (pushed.get(operator.account) === operator.passwordDigest) continue;
      try {
        await push(operator);
      } catch (error) {
        logger.warn({ err: error, operatorId: operator.id }, "an operator's account could not be given to Asterisk");
        return;
      }
    }
  };
  copy.onChange((operators) => {
    tellLine(operators);
    void pushAll();
  });
  void pushAll();
  const stopPushing = clock.every(10_000, () => void pushAll());

  const withdraw = async (account: string): Promise<void> => {
    pushed.delete(account);
    const types = ['endpoint', 'aor', 'auth'] as const;
    try {
      await provisioning.remove(types.map((type) => ({ type, id: account })));
    } catch (error) {
      logger.warn({ err: error, account }, "a deleted operator's account could not be taken from Asterisk");
    }
  };

  return {
    line,
    pushAll: () => {
      pushed.clear();
      return pushAll();
    },
    routes: operatorRoutes({ postgres, audit: deps.audit, clock, line, reload: copy.reload, push, withdraw }),
    stop: () => {
      stopPushing();
      copy.stop();
      line.stop();
      return Promise.resolve();
    },
  };
}
