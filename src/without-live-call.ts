import type { WaitingLine } from './acd/mailbox.ts';
import { startWithoutCall, type WithoutCallDeps, type WithoutCallRoom } from './dispatch/without-call/start.ts';
import { startReports, type ReportDeps } from './incidents/reports.ts';
import type { NotificationsRoom } from './notifications/start.ts';
import { reservationsOf } from './outgoing/reservations.ts';
import { keepDecision } from './records/write-call.ts';
import type { TriageRoom } from './triage/start.ts';

/** What can be done for an incident that has no live call: agencies are dispatched, and apps report. */
export function startWithoutLiveCall(
  deps: Omit<WithoutCallDeps, 'line' | 'notify' | 'notifyAgency' | 'cameOf'> &
    Omit<ReportDeps, 'keepDecision' | 'listCallback' | 'withoutCall'> & {
      acd: { readonly line: WaitingLine };
      notifications: Pick<NotificationsRoom, 'notify' | 'notifyAgency' | 'cameOf'>;
      triage: Pick<TriageRoom, 'listReported'>;
    },
): { withoutCall: WithoutCallRoom; reports: ReturnType<typeof startReports> } {
  const withoutCall = startWithoutCall({ ...deps, ...deps.notifications, line: reservationsOf(deps.acd.line) });
  return {
    withoutCall,
    reports: startReports({ ...deps, keepDecision, listCallback: deps.triage.listReported, withoutCall }),
  };
}
