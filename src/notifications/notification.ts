import type { Channel, ChannelType } from './recipient.ts';
import type { NotificationMessage } from './message.ts';

/** One message to one recipient about one incident: plain JSON, the whole of its state. Times are epoch milliseconds. */
export interface Notification {
  readonly id: string;
  readonly incidentId: string;
  /** The live call by which the feed knows who may know of it; null where there is none. */
  readonly callId: string | null;
  readonly recipientId: string;
  readonly recipientName: string;
  readonly language: 'id' | 'en';
  /** As they were when it was asked for; tried in their order. */
  readonly channels: readonly Channel[];
  readonly reason: NotificationReason;
  readonly message: NotificationMessage;
  /** The dispatch of mode `notify` that ends with it; null for all others. */
  readonly dispatchId: string | null;
  /** Who is told instead if this one cannot be, in order. */
  readonly otherwise: readonly string[];
  readonly requestedAt: number;
  /** Orders its owners; with the sequence of their entries it orders their states. */
  claimedAt: number;
  state: NotificationState;
  /** One for each channel tried. */
  deliveries: Delivery[];
  /** When it goes on if it hears nothing before; null once it is over. */
  dueAt: number | null;
  endedAt: number | null;
  /** Why it failed. */
  failure: string | null;
}

export type NotificationState = 'sending' | 'delivered' | 'acknowledged' | 'failed';

/** Why somebody is told. */
export type NotificationReason =
  /** The version of the incident after the change that the rules were asked about: told again when they are asked again. */
  | { by: 'rule'; ruleSetVersion: number; ruleId: string; incidentVersion: number }
  | { by: 'dispatch'; dispatchId: string; agencyId: string }
  | { by: 'sop'; dispatchId: string; clock: string }
  | { by: 'person'; tokenId: string; requestId: string };

/** What became of a message on one channel. */
export interface Delivery {
  /** The same however often it is tried: by it a receiver knows what it has had already. */
  readonly id: string;
  readonly type: ChannelType;
  attempts: Attempt[];
}

export interface Attempt {
  readonly id: string;
  readonly at: number;
  endedAt: number | null;
  /** Lost: nothing was heard of it. */
  result: 'delivered' | 'acknowledged' | 'failed' | 'lost' | null;
  reason: string | null;
}

/** What one try came to. `again`: another may do better. */
export type SendResult =
  { result: 'delivered' } | { result: 'acknowledged' } | { result: 'failed'; reason: string; again: boolean };

/** A try that failed, where another may do better. */
export function failedAgain(reason: string): Extract<SendResult, { result: 'failed' }> {
  return { result: 'failed', reason, again: true };
}

/** Everything a notification can be told; each may come late, twice or never. */
export type NotificationInput = { at: number } & (
  | { type: 'begin' }
  | { type: 'attempt-ended'; attemptId: string; outcome: SendResult }
  /** Another process goes on with it. */
  | { type: 'resumed' }
  | { type: 'timer' }
);

/** How a dispatch of mode `notify` ended: its agency has been told, or could not be. */
export interface DispatchTold {
  readonly dispatchId: string;
  readonly outcome: 'delivered' | 'acknowledged' | 'failed';
  readonly reason: string | null;
}

/** What a decision wants done; each safe to repeat. */
export type NotificationEffect =
  /** In line when the queue has lost an earlier try. */
  | { do: 'send'; attemptId: string; deliveryId: string; channel: Channel; expiresAt: number; inLine: boolean }
  /** What may still be under way is not needed any more: a phone that rings. */
  | { do: 'stop'; attemptId: string }
  /** Whoever comes next is told instead. */
  | { do: 'tell-next'; recipientIds: readonly string[] }
  | ({ do: 'dispatch-told' } & DispatchTold);

/** One line of the incident's timeline; never a number or an address. */
export interface NotificationFact {
  type:
    | 'notification.requested'
    | 'notification.attempt-failed'
    | 'notification.fallback'
    | 'notification.delivered'
    | 'notification.acknowledged'
    | 'notification.failed';
  detail: Record<string, string | number | boolean | null>;
}

/** One journalled decision about a notification. */
export interface NotificationEntry {
  kind: 'notification';
  /** The application of the process that decided. */
  owner: string;
  /** Counts the entries of one owner. */
  sequence: number;
  at: number;
  input: NotificationInput;
  facts: NotificationFact[];
  state: Notification;
}

/** What is asked for. */
export type NotificationSeed = Pick<
  Notification,
  | 'id'
  | 'incidentId'
  | 'callId'
  | 'recipientId'
  | 'recipientName'
  | 'language'
  | 'channels'
  | 'reason'
  | 'message'
  | 'dispatchId'
  | 'otherwise'
>;

export function newNotification(seed: NotificationSeed, at: number): Notification {
  return {
    ...seed,
    requestedAt: at,
    claimedAt: at,
    state: 'sending',
    deliveries: [],
    dueAt: null,
    endedAt: null,
    failure: null,
  };
}
