import { join } from 'node:path';
import type { Provisioning } from '../asterisk/provisioning.ts';
import type { RecordAudit } from '../audit/audit.ts';
import type { AuditLater } from '../audit/later.ts';
import type { Clock } from '../platform/clock.ts';
import { diskCopy } from '../platform/disk-copy.ts';
import { startLiveCopy } from '../platform/live-copy.ts';
import type { Logger } from '../platform/logger.ts';
import type { Postgres } from '../platform/postgres.ts';
import type { Route } from '../platform/route.ts';
import type { Settings } from '../settings/setting.ts';
import { createAccounts } from './accounts.ts';
import { deskRoutes } from './desk-routes.ts';
import { peopleInLine, storedPeople, type StoredPeople } from './desk.ts';
import { linePolicy } from './line-policy.ts';
import { createLine, type LineDeps, type WaitingLine } from './mailbox.ts';
import type { OperatorState } from './operator.ts';
import { createPhoneTransports, type Registration } from './phone-transports.ts';
import { pictureOf, tellChanges, type ChallengedCaller, type QueuePicture } from './picture.ts';
import { createPinCheck, type CheckPin } from './pin.ts';
import { queueRoutes, type RankWish } from './queue-routes.ts';
import { operatorRoutes, type OperatorRouteDeps } from './routes.ts';
import { createServiceLog, isChallenged, type RecordedCall } from './service-log.ts';
import { sessionRoutes } from './session-routes.ts';
import { createSessionKeeper, keptLine, type SessionChange } from './sessions.ts';
import type { SipSide } from './softphone.ts';
import { countHandled, handledSince, operatorsChannel, readPeople } from './store.ts';

export interface AcdRoom {
  readonly routes: Route[];
  readonly line: WaitingLine;
  /** Checks a person's PIN by his extension, without PostgreSQL. */
  readonly checkPin: CheckPin;
  /** A call's record: how callers are served follows from it. */
  readonly recorded: (call: RecordedCall) => void;
  /** A phone was registered, or is not any more. */
  readonly contact: (registration: Registration) => void;
  /** Gives Asterisk every account that it may have lost. */
  readonly pushAll: () => Promise<void>;
  /** Resolves when the line knows who is logged in and paused by the word of other processes. */
  readonly catchUp: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** What is recorded of an operator's state. */
interface OperatorChange {
  operatorId: string;
  at: number;
  state: OperatorState;
  reason: string | null;
  deskId: string | null;
  callId: string | null;
}

export interface AcdDeps {
  postgres: Postgres;
  provisioning: Provisioning;
  stateDir: string;
  clock: Clock;
  logger: Logger;
  audit: RecordAudit;
  auditLater: AuditLater;
  revokeTokensOf: OperatorRouteDeps['revokeTokensOf'];
  settings: () => Settings;
  /** Where phones register. */
  sip: SipSide;
  /** The line's words for calls. */
  assigned: LineDeps['assigned'];
  reserved: LineDeps['reserved'];
  refused: LineDeps['refused'];
  toBackupCentre: LineDeps['toBackupCentre'];
  placed: LineDeps['placed'];
  /** Callers who are asked for a key; the line does not know them yet. */
  challenged: () => ChallengedCaller[];
  /** A person gives a waiting call another place. */
  ranked: (callId: string, wish: RankWish) => boolean;
  changed: (change: OperatorChange) => void;
  sessionChanged: (change: SessionChange) => void;
  alarm: (code: string, detail: Record<string, string>) => void;
  /** Tells the screens. */
  publish: (type: 'queue.changed' | 'queue.alert' | 'operator.unanswered', detail: Record<string, unknown>) => void;
}

/** People, desks with their accounts, and the waiting line. */
export async function startAcd(deps: AcdDeps): Promise<AcdRoom> {
  const { postgres, clock, logger, settings } = deps;
  const copy = await startLiveCopy<StoredPeople>({
    name: 'operators',
    channel: operatorsChannel,
    postgres,
    clock,
    logger,
    read: () => readPeople(postgres),
    disk: diskCopy(join(deps.stateDir, 'people.json'), storedPeople, logger),
    builtIn: { operators: [], desks: [] },
  });
  const people = copy.current;

  // After whatever the line is being told, and once for all that one input changes.
  let due = false;
  const told = (): void => {
    if (due) return;
    due = true;
    queueMicrotask(() => {
      due = false;
      keeper.changed();
      changes.changed();
    });
  };
  const line = createLine({
    clock,
    logger,
    policies: () => linePolicy(settings()),
    assigned: deps.assigned,
    reserved: deps.reserved,
    refused: deps.refused,
    toBackupCentre: deps.toBackupCentre,
    placed: deps.placed,
    changed({ operator, deskId, engaged }, state, reason, at) {
      deps.changed({ operatorId: operator.id, at, state, reason, deskId, callId: engaged?.callId ?? null });
    },
    alert: (alert) => deps.publish('queue.alert', { ...alert }),
    unanswered(operatorId, count) {
      const at = line.snapshot().operators.find(({ operator }) => operator.id === operatorId);
      deps.publish('operator.unanswered', { operatorId, deskId: at?.desk?.id ?? null, count });
    },
    told,
  });
  const service = createServiceLog({
    clock,
    logger,
    timeZone: () => settings().timeZone,
    targets: () => settings().serviceLevels,
    count: (from, to) => countHandled(postgres, from, to),
    read: (since) => handledSince(postgres, since),
  });
  const picture = (): QueuePicture =>
    pictureOf({
      line: line.snapshot(),
      challenged: deps.challenged(),
      service: service.picture(),
      alerts: settings().queueAlerts,
      now: clock.now(),
    });
  const changes = tellChanges({ clock, tell: () => deps.publish('queue.changed', picture()) });
  const accounts = createAccounts({ ...deps, people });
  const keeper = createSessionKeeper({
    ...deps,
    line,
    people,
    disk: diskCopy(join(deps.stateDir, 'line.json'), keptLine, logger),
  });

  const tellLine = (stored: StoredPeople): void => {
    const { operators, desks } = peopleInLine(stored);
    const gone = line.snapshot().operators.filter(({ operator }) => !operators.some(({ id }) => id === operator.id));
    line.desks(desks);
    line.operators(operators);
    // Whoever is deleted in a call is recorded so as well: what he does then is nobody's time any more.
    for (const { operator } of gone) {
      const at = clock.now();
      deps.changed({ operatorId: operator.id, at, state: 'offline', reason: 'deleted', deskId: null, callId: null });
    }
  };
  tellLine(people());
  await keeper.restore();
  copy.onChange((now) => {
    tellLine(now);
    void accounts.pushChanged();
  });
  void accounts.pushChanged();

  const phones = createPhoneTransports({
    wanted(account) {
      const desk = people().desks.find((one) => one.account === account);
      return desk && { deskId: desk.id, transport: desk.transport };
    },
    alarm: deps.alarm,
  });
  const shared = { ...deps, line, people, reload: copy.reload, accounts, phones, picture };
  return {
    line,
    checkPin: createPinCheck({
      clock,
      find: (extension) => people().operators.find((one) => one.extension === extension),
    }),
    recorded(call) {
      if (service.took(call) || isChallenged(call)) changes.changed();
    },
    contact(registration) {
      const { endpoint, inUse } = registration;
      // First: a phone that is seen for the first time is not rung before it is known that it is in use.
      if (inUse !== undefined) line.inUse(endpoint, inUse);
      line.registered(endpoint, registration.present);
      phones.saw(registration);
    },
    pushAll: () => accounts.pushAll(),
    catchUp: () => keeper.catchUp(),
    routes: [...operatorRoutes(shared), ...deskRoutes(shared), ...sessionRoutes(shared), ...queueRoutes(shared)],
    stop: async () => {
      accounts.stop();
      changes.stop();
      service.stop();
      copy.stop();
      line.stop();
      await keeper.stop();
    },
  };
}
