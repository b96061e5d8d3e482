import type { AriAnswer, AriCommands } from './commands.ts';

interface RingLeg {
  channelId: string;
  /** The PJSIP endpoint: the account of an operator's or agency's phone, `agency`, or `outside`. */
  endpoint: string;
  /** SIP URI, where the endpoint has no address of its own. */
  uri?: string;
  role: 'operator' | 'agency' | 'outside' | 'monitor';
  application: string;
  callId: string;
  /** Where the dialplan takes the leg without a controller; null: nowhere, it is hung up. */
  callerChannelId: string | null;
  callerId: string;
  /** Milliseconds. */
  ring: number;
  variables: Record<string, string>;
}

/**
 * Rings a leg that enters through the dialplan. Its owner is subscribed to the endpoint first: so he hears of a leg that
 * is refused at once, with the cause. A second originate under the same id is refused by Asterisk with 409 while the
 * first lives: that counts as done.
 */
export async function ringLeg(ari: AriCommands, leg: RingLeg): Promise<AriAnswer> {
  const subscribed = await ari.send('POST', `/applications/${leg.application}/subscription`, {
    eventSource: `endpoint:PJSIP/${leg.endpoint}`,
  });
  if (!subscribed.ok) {
    // A conflict here says nothing of the leg: to be taken for one that rings, it would be waited for in vain.
    const failure = subscribed.failure === 'conflict' ? 'failed' : subscribed.failure;
    return { ...subscribed, failure, reason: `no subscription to ${leg.endpoint}: ${subscribed.reason}` };
  }
  const answer = await ari.send(
    'POST',
    `/channels/${leg.channelId}`,
    {
      endpoint: leg.uri === undefined ? `PJSIP/${leg.endpoint}` : `PJSIP/${leg.endpoint}/${leg.uri}`,
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
        ...(leg.callerChannelId === null ? {} : { SIAGA_CALLER_CHANNEL: leg.callerChannelId }),
        ...leg.variables,
      },
    },
  );
  return !answer.ok && answer.status === 409 ? { ok: true, status: 409, body: null } : answer;
}

/** How long the dialplan lets a leg to the outside last: longer than our own limit, which decides while we live. */
export function outsideLimit(milliseconds: number): Record<string, string> {
  return { SIAGA_LIMIT: String(Math.ceil(milliseconds / 1_000) + 30) };
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
