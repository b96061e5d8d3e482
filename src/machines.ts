import type { Machine } from './asterisk/machine.ts';
import { partiesOutside } from './calls/party.ts';
import { liveCallOf } from './calls/command.ts';
import type { CallEntry, CallRunner } from './calls/runner.ts';
import type { WaitingLine } from './acd/mailbox.ts';
import { toldToCalls } from './dispatch/start.ts';
import type { WithoutCallEntry } from './dispatch/without-call/without-call.ts';
import { startWithoutCall, type WithoutCallDeps, type WithoutCallRoom } from './dispatch/without-call/start.ts';
import { circleOfCall } from './incidents/need-to-know.ts';
import { startReports, type ReportDeps } from './incidents/reports.ts';
import { startNotifications, type NotificationsDeps, type NotificationsRoom } from './notifications/start.ts';
import { reservationsOf } from './outgoing/reservations.ts';
import { startOutgoing, type OutgoingDeps, type OutgoingRoom } from './outgoing/start.ts';
import type { startRecords } from './records/start.ts';
import { keepDecision } from './records/write-call.ts';
import type { Stop } from './stop.ts';
import type { TriageRoom } from './triage/start.ts';

type Records = Awaited<ReturnType<typeof startRecords>>;
type FromHere = 'line' | 'recorded' | 'circleOf' | 'liveCallOf';

/** What the machines need of the other rooms. */
type MachinesDeps = Omit<OutgoingDeps, FromHere | 'callbacks' | 'partiesOutside' | 'refusedInCall'> &
  Omit<NotificationsDeps, FromHere | 'dispatchTold'> &
  Omit<WithoutCallDeps, FromHere | 'notify' | 'notifyAgency' | 'cameOf'> &
  Omit<ReportDeps, FromHere | 'keepDecision' | 'listCallback' | 'withoutCall'> & {
    runner: CallRunner;
    line: WaitingLine;
    triage: Pick<TriageRoom, 'callbacks' | 'listReported'>;
    records: Pick<Records, 'outgoing' | 'notification' | 'withoutCall'>;
    /** Who may know of a stored incident. */
    circleOf: OutgoingDeps['circleOf'];
    /** Results of attempts, for the health of trunks. */
    learn: (entry: CallEntry | WithoutCallEntry) => void;
    publish: (type: string, detail: Record<string, unknown>) => void;
  };

export interface Machines {
  readonly outgoing: OutgoingRoom;
  readonly notifications: NotificationsRoom;
  readonly withoutCall: WithoutCallRoom;
  readonly reports: ReturnType<typeof startReports>;
  /** Those that have channels of their own. */
  readonly all: readonly Machine[];
  readonly stops: Stop[];
}

/** What has channels beside the calls of citizens: calls to the outside, messages by telephone, dispatches without a call. */
export function startMachines(deps: MachinesDeps): Machines {
  const { runner, records, triage } = deps;
  const line = reservationsOf(deps.line);
  const circleOf: OutgoingDeps['circleOf'] = async (incidentId) => {
    const live = liveCallOf(runner, incidentId);
    return live === undefined ? deps.circleOf(incidentId) : circleOfCall(live);
  };
  const outgoing = startOutgoing({
    ...deps,
    line,
    callbacks: triage.callbacks,
    recorded: records.outgoing,
    circleOf,
    partiesOutside: () => runner.all().reduce((count, call) => count + partiesOutside(call), 0),
    refusedInCall: (operatorId, reason) => deps.publish('outgoing.refused', { operatorId, reason }),
  });
  const toCalls = toldToCalls(deps);
  const notifications = startNotifications({
    ...deps,
    liveCallOf: (incidentId) => liveCallOf(runner, incidentId),
    circleOf,
    recorded: records.notification,
    dispatchTold(told) {
      if (!withoutCall.told(told)) toCalls.told(told);
    },
  });
  const withoutCall: WithoutCallRoom = startWithoutCall({
    ...deps,
    ...notifications,
    line,
    recorded(entry) {
      records.withoutCall(entry);
      deps.learn(entry);
    },
  });
  const reports = startReports({ ...deps, keepDecision, listCallback: triage.listReported, withoutCall });
  return {
    outgoing,
    notifications,
    withoutCall,
    reports,
    all: [outgoing, notifications, withoutCall],
    stops: [
      ['outgoing', outgoing.stop],
      ['notifications', notifications.stop],
      ['messages of ended calls', toCalls.stop],
      ['dispatches without a call', withoutCall.stop],
    ],
  };
}
