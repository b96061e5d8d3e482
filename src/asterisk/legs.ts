import type { AriAnswer, AriCommands } from './commands.ts';

export interface RingLeg {
  channelId: string;
  /** `PJSIP/account` or `PJSIP/number@trunk`. */
  endpoint: string;
  role: 'operator' | 'agency';
  application: string;
  callId: string;
  callerChannelId: string;
  callerId: string;
  /** Milliseconds. */
  ring: number;
  variables: Record<string, string>;
}

/**
 * Rings a leg that enters through the dialplan, and subscribes its owner to it. A second originate under the same id is
 * refused by Asterisk with 409 while the first lives: that counts as done. `gone` means that the leg was refused at once.
 */
export async function ringLeg(ari: AriCommands, leg: RingLeg): Promise<AriAnswer> {
  const answer = await ari.send(
    'POST',
    `/channels/${leg.channelId}`,
    {
      endpoint: leg.endpoint,
      context: 'siaga-legs',
      extension: leg.role,
      priority: 1,
      callerId: leg.callerId,
      timeout: Math.ceil(leg.ring / 1_000),
    },
    {
      variables: {
        SIAGA_APPLICATION: leg.application,
        SIAGA_CALL: leg.callId,
        SIAGA_LEG: leg.channelId,
        SIAGA_CALLER_CHANNEL: leg.callerChannelId,
        ...leg.variables,
      },
    },
  );
  if (!answer.ok && answer.failure !== 'conflict') return answer;
  const subscribed = await ari.send('POST', `/applications/${leg.application}/subscription`, {
    eventSource: `channel:${leg.channelId}`,
  });
  if (subscribed.ok) return subscribed;
  const gone = subscribed.failure === 'conflict' || subscribed.failure === 'gone';
  return { ...subscribed, failure: gone ? 'gone' : subscribed.failure };
}

/** Name and number as a phone may show them: nothing that could end a header or open another. */
export function callerId(name: string | null, number: string | null): string {
  const shownNumber = (number ?? '').replace(/[^A-Za-z0-9+*#._-]/g, '').slice(0, 40) || 'anonymous';
  const shownName =
    (name ?? '')
      .replace(/[^\p{L}\p{N} .,'+*#-]/gu, '')
      .trim()
      .slice(0, 40) || shownNumber;
  return `"${shownName}" <${shownNumber}>`;
}
