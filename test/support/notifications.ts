import { decideNotification } from '../../src/notifications/decide.ts';
import type { NotificationMessage } from '../../src/notifications/message.ts';
import {
  newNotification,
  type Notification,
  type NotificationEffect,
  type NotificationFact,
  type NotificationInput,
  type NotificationSeed,
} from '../../src/notifications/notification.ts';
import type { Channel } from '../../src/notifications/recipient.ts';

export const channels: Record<'webhook' | 'email' | 'voice', Channel> = {
  webhook: { type: 'webhook', url: 'https://pesan.example/' },
  email: { type: 'email', address: 'sekda@kota.example' },
  voice: { type: 'voice', number: '081234567890' },
};

export const brawl: NotificationMessage = {
  kind: 'brawl',
  severity: 'high',
  district: 'Mandonga',
  incidentNumber: '004711',
  openedAt: Date.UTC(2026, 0, 1, 14, 5),
  position: { latitude: -3.9675, longitude: 122.5947 },
  callerNumber: '+6281298765432',
  drill: false,
  note: null,
};

export function notificationSeed(over: Partial<NotificationSeed> = {}): NotificationSeed {
  return {
    id: 'n',
    incidentId: 'incident',
    callId: null,
    recipientId: 'wali-kota',
    recipientName: 'Wali Kota',
    language: 'id',
    channels: [channels.webhook],
    reason: { by: 'rule', ruleSetVersion: 3, ruleId: 'brawl', incidentVersion: 2 },
    message: brawl,
    dispatchId: null,
    otherwise: [],
    ...over,
  };
}

type Told = NotificationInput extends infer One ? (One extends NotificationInput ? Omit<One, 'at'> : never) : never;

/** A notification that is told one thing after the other; its clock stands still unless a timer is fired. */
export class NotificationStory {
  notification: Notification;
  effects: NotificationEffect[] = [];
  facts: NotificationFact[] = [];
  at = 0;

  constructor(over: Partial<NotificationSeed> = {}) {
    this.notification = newNotification(notificationSeed(over), 0);
  }

  tell(...inputs: Told[]): this {
    this.effects = [];
    this.facts = [];
    for (const input of inputs) {
      const decided = decideNotification(this.notification, { ...input, at: this.at });
      this.notification = decided.notification;
      this.effects.push(...decided.effects);
      this.facts.push(...decided.facts);
    }
    return this;
  }

  /** Moves on to when it is due, and says how long that was. */
  fire(): number {
    const { dueAt } = this.notification;
    if (dueAt === null) throw new Error('it waits for nothing');
    const waited = dueAt - this.at;
    this.at = dueAt;
    this.tell({ type: 'timer' });
    return waited;
  }

  failed = (attemptId: string, again = true, reason = 'broken'): this =>
    this.tell({ type: 'attempt-ended', attemptId, outcome: { result: 'failed', reason, again } });

  /** `send n.1.1`, `stop n.1.1`, `tell-next`, `dispatch-told failed`. */
  get done(): string[] {
    return this.effects.map((effect) => {
      if (effect.do === 'send' || effect.do === 'stop') return `${effect.do} ${effect.attemptId}`;
      return effect.do === 'dispatch-told' ? `${effect.do} ${effect.outcome}` : effect.do;
    });
  }
}
