import type { Settings } from '../settings/setting.ts';

/** How one queue is served. Milliseconds; null: never. */
export interface LinePolicy {
  /** What an operator has to himself after a call. */
  wrapUp: number;
  /** Waited so long, a call rings on every free phone, and on those paused by themselves. */
  ringAll: number | null;
  /** Waited so long, skills and languages do not matter any more. */
  skill: number;
  standby: number | null;
  supervisor: number | null;
  backupCentre: number | null;
  /** Waited so long, a call comes before every other. */
  promote: number;
  /** The caller is told his place and the expected wait. */
  announcePosition: boolean;
}

export interface LineAlertLevel {
  level: 'notice' | 'warning' | 'critical';
  /** Milliseconds that somebody has waited. */
  waiting: number;
}

/** How the line works. */
export interface LinePolicies {
  /** Of 112's own queue, and of one that has none. */
  main: LinePolicy;
  queues: Record<string, LinePolicy>;
  /** Milliseconds a phone that refused is left alone. */
  retry: number;
  /** An operator who lets his phone ring is paused. */
  pauseUnanswered: boolean;
  alerts: LineAlertLevel[];
}

const retry = 3_000;

/** What the settings say of the line: the whole centre's times, with each queue's own over them. */
export function linePolicy(settings: Settings): LinePolicies {
  const policy = (times: Settings['queues'][number]['times']): LinePolicy => ({
    wrapUp: (times.wrapUpSeconds ?? settings.wrapUpSeconds) * 1_000,
    ringAll: milliseconds(times.ringAllSeconds, settings.ringAllSeconds),
    skill: (times.skillSeconds ?? settings.skillSeconds) * 1_000,
    standby: milliseconds(times.standbySeconds, settings.standbySeconds),
    supervisor: milliseconds(times.supervisorSeconds, settings.supervisorSeconds),
    backupCentre:
      settings.backupCentre === null ? null : milliseconds(times.backupCentreSeconds, settings.backupCentreSeconds),
    promote: (times.promoteSeconds ?? settings.promoteSeconds) * 1_000,
    announcePosition: times.announcePosition ?? settings.announcePosition,
  });
  return {
    main: policy({}),
    queues: Object.fromEntries(settings.queues.map((queue) => [queue.id, policy(queue.times)])),
    retry,
    pauseUnanswered: settings.pauseUnanswered,
    alerts: settings.queueAlerts.map(({ level, waitingSeconds }) => ({ level, waiting: waitingSeconds * 1_000 })),
  };
}

/** The policy of a call's queue; one that was deleted meanwhile is served like 112. */
export function policyOf(policies: LinePolicies, queueId: string): LinePolicy {
  return policies.queues[queueId] ?? policies.main;
}

/** Null of the queue's own is "never"; absent is as for the centre. */
function milliseconds(own: number | null | undefined, centre: number | null): number | null {
  const seconds = own === undefined ? centre : own;
  return seconds === null ? null : seconds * 1_000;
}
