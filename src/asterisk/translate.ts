import { z } from 'zod';

const channel = z.object({
  id: z.string(),
  name: z.string(),
  state: z.string(),
  protocol_id: z.string().optional(),
  creationtime: z.string().optional(),
  caller: z.object({ name: z.string(), number: z.string() }).partial().optional(),
  connected: z.object({ name: z.string(), number: z.string() }).partial().optional(),
  dialplan: z
    .object({ context: z.string(), exten: z.string(), app_name: z.string(), app_data: z.string() })
    .partial()
    .optional(),
  channelvars: z.record(z.string(), z.string()).optional(),
});

/** A channel as ARI describes it, as far as anything here looks at it. */
export interface AsteriskChannel {
  id: string;
  name: string;
  state: string;
  sipCallId: string | null;
  callerNumber: string | null;
  callerName: string | null;
  /** The dialplan's application that has it: `Stasis`, say, while a controller has it in hand. */
  dialplanApplication: string | null;
  /** Percent-decoded channel variables that the dialplan set. */
  variables: Record<string, string>;
}

/** Asterisk's events as far as anything here acts on them. */
export type AsteriskEvent =
  | { type: 'broadcast'; channel: AsteriskChannel }
  | { type: 'entered'; channel: AsteriskChannel; arguments: string[] }
  | { type: 'left'; channelId: string }
  | { type: 'destroyed'; channelId: string; cause: number; causeText: string }
  | { type: 'hang-up-requested'; channelId: string; cause: number | null }
  | { type: 'state-changed'; channelId: string; state: string }
  | { type: 'joined-bridge'; channelId: string; bridgeId: string }
  | { type: 'left-bridge'; channelId: string; bridgeId: string }
  | { type: 'sound-ended'; soundId: string; failed: boolean }
  /** A key comes twice when both its channel and its endpoint are subscribed to; the stamp tells. */
  | { type: 'key-pressed'; channelId: string; key: string; stamp: string }
  | { type: 'talk-detected'; channelId: string; talking: boolean }
  /** The hold button of a phone. */
  | { type: 'held'; channelId: string; held: boolean }
  | { type: 'replaced' };

type Translated =
  { kind: 'event'; event: AsteriskEvent } | { kind: 'ignored'; type: string } | { kind: 'malformed'; reason: string };

const frame = z.object({ type: z.string() });
/** Of most events it counts which channel they are of: the rest of it, some twenty variables, is not looked at. */
const bare = z.object({ channel: z.object({ id: z.string() }) });
const withState = z.object({ channel: z.object({ id: z.string(), state: z.string() }) });
const withBridge = bare.extend({ bridge: z.object({ id: z.string() }) });
const broadcast = z.object({ channel });
const entered = z.object({ channel, args: z.array(z.string()) });
const destroyed = bare.extend({ cause: z.number(), cause_txt: z.string().optional() });
const hangUpRequested = bare.extend({ cause: z.number().optional() });
const playback = z.object({ playback: z.object({ id: z.string(), state: z.string() }) });
const keyed = bare.extend({ digit: z.string(), timestamp: z.string() });

/**
 * What Asterisk is asked not to tell: nobody acts on it, and with each call it comes twenty times. The rest of what is ignored is
 * rare, and a type that is new is not kept away unseen.
 */
export const notToBeTold: readonly string[] = [
  'BridgeCreated',
  'BridgeDestroyed',
  'ChannelCallerId',
  'ChannelConnectedLine',
  'ChannelCreated',
  'ChannelDialplan',
  'ChannelVarset',
  'Dial',
  'EndpointStateChange',
  'PlaybackStarted',
];

/** Every event type that is acted on, with how it is read; all others are ignored. */
const readers: Record<string, (raw: unknown) => AsteriskEvent> = {
  CallBroadcast: (raw) => ({ type: 'broadcast', channel: asChannel(broadcast.parse(raw).channel) }),
  StasisStart: (raw) => {
    const event = entered.parse(raw);
    return { type: 'entered', channel: asChannel(event.channel), arguments: event.args };
  },
  StasisEnd: (raw) => ({ type: 'left', channelId: bare.parse(raw).channel.id }),
  ChannelDestroyed: (raw) => {
    const event = destroyed.parse(raw);
    return { type: 'destroyed', channelId: event.channel.id, cause: event.cause, causeText: event.cause_txt ?? '' };
  },
  ChannelHangupRequest: (raw) => {
    const event = hangUpRequested.parse(raw);
    return { type: 'hang-up-requested', channelId: event.channel.id, cause: event.cause ?? null };
  },
  ChannelStateChange: (raw) => {
    const event = withState.parse(raw);
    return { type: 'state-changed', channelId: event.channel.id, state: event.channel.state };
  },
  ChannelEnteredBridge: (raw) => {
    const event = withBridge.parse(raw);
    return { type: 'joined-bridge', channelId: event.channel.id, bridgeId: event.bridge.id };
  },
  ChannelLeftBridge: (raw) => {
    const event = withBridge.parse(raw);
    return { type: 'left-bridge', channelId: event.channel.id, bridgeId: event.bridge.id };
  },
  PlaybackFinished: (raw) => {
    const event = playback.parse(raw);
    return { type: 'sound-ended', soundId: event.playback.id, failed: event.playback.state === 'failed' };
  },
  ChannelDtmfReceived: (raw) => {
    const event = keyed.parse(raw);
    return { type: 'key-pressed', channelId: event.channel.id, key: event.digit, stamp: event.timestamp };
  },
  ChannelTalkingStarted: (raw) => ({ type: 'talk-detected', channelId: bare.parse(raw).channel.id, talking: true }),
  ChannelTalkingFinished: (raw) => ({ type: 'talk-detected', channelId: bare.parse(raw).channel.id, talking: false }),
  ChannelHold: (raw) => ({ type: 'held', channelId: bare.parse(raw).channel.id, held: true }),
  ChannelUnhold: (raw) => ({ type: 'held', channelId: bare.parse(raw).channel.id, held: false }),
  ApplicationReplaced: () => ({ type: 'replaced' }),
};

/** Reads one frame of the event socket. Never throws: what cannot be read is said, and what is not acted on is ignored. */
export function translate(text: string): Translated {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return { kind: 'malformed', reason: 'not JSON' };
  }
  const head = frame.safeParse(raw);
  if (!head.success) return { kind: 'malformed', reason: 'no type' };
  const read = Object.hasOwn(readers, head.data.type) ? readers[head.data.type] : undefined;
  if (read === undefined) return { kind: 'ignored', type: head.data.type };
  try {
    return { kind: 'event', event: read(raw) };
  } catch (error) {
    return { kind: 'malformed', reason: `${head.data.type}: ${error instanceof Error ? error.message : 'unreadable'}` };
  }
}

/** The channels of ARI's answer to GET /channels; one that is odd is left out, and spoils no other. */
export function readChannels(body: unknown): AsteriskChannel[] {
  const list = z.array(z.unknown()).safeParse(body);
  return (list.success ? list.data : []).flatMap((item) => {
    const parsed = channel.safeParse(item);
    return parsed.success ? [asChannel(parsed.data)] : [];
  });
}

const rtpStatistics = z.object({ rxcount: z.number() });

/** Packets that came, of ARI's answer to GET /channels/{id}/rtp_statistics; null if it says nothing of them. */
export function readPacketsReceived(body: unknown): number | null {
  return rtpStatistics.safeParse(body).data?.rxcount ?? null;
}

function asChannel(raw: z.infer<typeof channel>): AsteriskChannel {
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(raw.channelvars ?? {}))
    if (value !== '') variables[name] = decodeVariable(value);
  return {
    id: raw.id,
    name: raw.name,
    state: raw.state,
    sipCallId: nonEmpty(raw.protocol_id),
    callerNumber: nonEmpty(raw.caller?.number),
    callerName: nonEmpty(raw.caller?.name),
    dialplanApplication: nonEmpty(raw.dialplan?.app_name),
    variables,
  };
}

/** A character is four bytes at most, each `%XX`: what a cut has left of one is no longer than this. */
const longestRest = 11;

/**
 * A value that the dialplan has percent-encoded. One that was cut in the middle of a character loses what is left of it; of
 * bytes that are no UTF-8 each becomes the replacement character, and the rest can be read.
 */
export function decodeVariable(value: string): string {
  for (let rest = 0; rest <= longestRest && rest < value.length; rest += 1) {
    try {
      return decodeURIComponent(value.slice(0, value.length - rest));
    } catch {
      continue; // one character shorter, perhaps
    }
  }
  const bytes = value.replace(
    /%([0-9A-Fa-f]{2})|[\s\S]/gu,
    (one, hex?: string) => hex ?? Buffer.from(one).toString('hex'),
  );
  return Buffer.from(bytes, 'hex').toString('utf8');
}

function nonEmpty(value: string | undefined): string | null {
  return value === undefined || value === '' ? null : value;
}
