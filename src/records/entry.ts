import type { CallEntry } from '../calls/runner.ts';
import type { WithoutCallEntry } from '../dispatch/without-call/without-call.ts';
import type { OperatorState } from '../acd/operator.ts';
import type { CallOrigin } from '../calls/call.ts';
import type { Introduction } from '../location/invite.ts';
import type { NotificationEntry } from '../notifications/notification.ts';
import type { OutgoingEntry } from '../outgoing/outgoing.ts';
import type { ReceivedAml } from '../location/aml/aml-received.ts';

/** Something that needs a person's eye: in the record, in the events, and as a metric. */
export interface AlarmEntry {
  kind: 'alarm';
  id: string;
  at: number;
  code: string;
  detail: Record<string, string | number | boolean | null>;
}

export interface OperatorEntry {
  kind: 'operator';
  operatorId: string;
  at: number;
  state: OperatorState;
  reason: string | null;
  /** Where he is logged in, and the call he is in; absent in what older versions wrote. */
  deskId?: string | null;
  callId?: string | null;
}

/** Somebody logged in, or (with `ended`) out. */
export interface SessionEntry {
  kind: 'operator-session';
  id: string;
  operatorId: string;
  deskId: string;
  beganAt: number;
  ended: { at: number; by: string } | null;
}

/** A call that no controller saw, put together from Asterisk's own event log. Times are epoch milliseconds. */
interface LoggedCallEntry {
  kind: 'logged-call';
  call: LoggedCall;
}

export interface LoggedCall {
  id: string;
  incidentId: string;
  node: string;
  channelId: string;
  sipCallId: string | null;
  arrivedAt: number;
  answeredAt: number | null;
  firstTalkAt: number | null;
  endedAt: number;
  callerNumber: string | null;
  callerName: string | null;
  /** What the INVITE said, as far as the log has it; absent in what older versions wrote. */
  origin?: CallOrigin;
  introduction?: Introduction | null;
  outcome: 'human-path' | 'abandoned';
  reason: string;
}

/** A phone's own location message, which may come before its call. */
interface AmlEntry {
  kind: 'aml';
  aml: ReceivedAml;
}

/** Everything the journal holds. */
export type Entry =
  | CallEntry
  | AlarmEntry
  | OperatorEntry
  | SessionEntry
  | LoggedCallEntry
  | AmlEntry
  | OutgoingEntry
  | NotificationEntry
  | WithoutCallEntry;
