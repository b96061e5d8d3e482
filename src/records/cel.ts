import { z } from 'zod';
import { derivedId } from '../platform/ids.ts';
import { epochOf } from '../platform/uniqueid.ts';
import { decodeVariable } from '../asterisk/translate.ts';
import type { CallOrigin } from '../calls/call.ts';
import { originOf } from '../calls/origin.ts';
import type { LoggedCall } from './entry.ts';

const line = z.object({
  eventtype: z.string(),
  eventtime: z.string(),
  name: z.string(),
  num: z.string(),
  context: z.string(),
  channame: z.string(),
  appname: z.string(),
  uniqueid: z.string(),
  linkedid: z.string(),
  userdeftype: z.string(),
  eventextra: z.string(),
});

/** One event of Asterisk's channel event log. */
export interface CelEvent {
  type: string;
  at: number;
  name: string;
  number: string;
  context: string;
  channelName: string;
  channelId: string;
  linkedId: string;
  extra: Record<string, unknown>;
}

/** Reads one line of the log; null for one that is torn or something else. */
export function readCelLine(text: string): CelEvent | null {
  try {
    const event = line.parse(JSON.parse(text));
    return {
      type: event.userdeftype === '' ? event.eventtype : event.userdeftype,
      at: Math.round(Number(event.eventtime) * 1_000),
      name: event.name,
      number: event.num,
      context: event.context,
      channelName: event.channame,
      channelId: event.uniqueid,
      linkedId: event.linkedid,
      extra: event.eventextra === '' ? {} : z.record(z.string(), z.unknown()).parse(JSON.parse(event.eventextra)),
    };
  } catch {
    return null;
  }
}

interface Gathered {
  arrivedAt: number;
  answeredAt: number | null;
  talkedAt: number | null;
  sipCallId: string | null;
  callerName: string;
  callerNumber: string;
  /** It came while the centre was evacuated, and was offered to another one first. */
  evacuated: boolean;
  /** The variables that the dialplan noted, decoded. */
  variables: Record<string, string>;
  /** Where in the log it begins. */
  start: number;
}

/**
 * Gathers the events of 112 calls by their caller's channel, and hands each call over when its channel has ended. Bounded:
 * calls that never end in the log are given up when there are too many.
 */
export function createCelGatherer(options: {
  node: string;
  onEnded: (call: LoggedCall, start: number) => void;
  limit?: number;
}): {
  take: (event: CelEvent, start?: number) => void;
  /** Where the oldest call begins that has not ended yet; null when none is open. */
  oldest: () => number | null;
  /** SIP Call-IDs seen lately: calls that reached the dialplan. */
  sawSipCall: (sipCallId: string) => boolean;
} {
  const calls = new Map<string, Gathered>();
  const seen = new Set<string>();
  const limit = options.limit ?? 5_000;

  const noteSipCall = (sipCallId: string): void => {
    seen.add(sipCallId);
    const oldest = seen.size > limit ? seen.values().next().value : undefined;
    if (oldest !== undefined) seen.delete(oldest);
  };

  return {
    sawSipCall: (sipCallId) => seen.has(sipCallId),
    oldest: () => (calls.size === 0 ? null : Math.min(...[...calls.values()].map(({ start }) => start))),
    take(event, start = 0) {
      const known = calls.get(event.channelId);
      if (known === undefined) {
        const isCaller = event.channelName.startsWith('PJSIP/carrier-') && event.channelId === event.linkedId;
        // An operator who dials 112 calls the centre like anybody; what else he dials is no 112 call.
        if (event.type !== 'SIAGA_CALL' && !(isCaller && event.type === 'CHAN_START')) return;
        const oldest = calls.size >= limit ? calls.keys().next().value : undefined;
        if (oldest !== undefined) calls.delete(oldest);
      }
      const call = known ?? {
        arrivedAt: event.at,
        answeredAt: null,
        talkedAt: null,
        sipCallId: null,
        callerName: event.name,
        callerNumber: event.number,
        evacuated: false,
        variables: carrierOf(event.channelName),
        start,
      };
      calls.set(event.channelId, call);
      if (event.number !== '') call.callerNumber = event.number;
      if (event.name !== '') call.callerName = event.name;
      switch (event.type) {
        case 'SIAGA_CALL':
          call.sipCallId = typeof event.extra['extra'] === 'string' ? event.extra['extra'] : null;
          if (call.sipCallId !== null) noteSipCall(call.sipCallId);
          return;
        case 'SIAGA_CREW':
        case 'SIAGA_PROBE':
          // A made-up call, or a crew that reports: no 112 call, unless the dialplan says SIAGA_CALL of it later.
          if (typeof event.extra['extra'] === 'string') noteSipCall(event.extra['extra']);
          calls.delete(event.channelId);
          return;
        case 'SIAGA_NOTED':
          note(call.variables, event.extra['extra']);
          return;
        case 'SIAGA_EVACUATED':
          call.evacuated = true;
          return;
        case 'ANSWER':
          call.answeredAt ??= event.at;
          return;
        case 'BRIDGE_ENTER':
          call.talkedAt ??= event.at;
          return;
        case 'CHAN_END':
          calls.delete(event.channelId);
          options.onEnded(asCall(event, call, options.node), call.start);
          return;
      }
    },
  };
}

function asCall(event: CelEvent, call: Gathered, node: string): LoggedCall {
  const talked = call.talkedAt !== null;
  return {
    id: derivedId('call', node, event.channelId, epochOf(event.channelId)),
    incidentId: derivedId('incident', node, event.channelId, epochOf(event.channelId)),
    node,
    channelId: event.channelId,
    sipCallId: call.sipCallId,
    arrivedAt: call.arrivedAt,
    answeredAt: call.answeredAt,
    firstTalkAt: call.talkedAt,
    endedAt: event.at,
    callerNumber: call.callerNumber === '' ? null : call.callerNumber,
    callerName: call.callerName === '' ? null : call.callerName,
    origin: originOfLogged(call),
    outcome: talked ? 'human-path' : 'abandoned',
    reason: reasonOf(talked, call.evacuated),
  };
}

function reasonOf(talked: boolean, evacuated: boolean): string {
  if (evacuated) return talked ? 'evacuated' : 'evacuated; hung up before anybody answered';
  return talked ? 'answered without a controller' : 'hung up before anybody answered; no controller saw it';
}

function originOfLogged({ variables, sipCallId, callerNumber, callerName }: Gathered): CallOrigin {
  const number = callerNumber === '' ? null : callerNumber;
  return originOf({ sipCallId, callerNumber: number, callerName: callerName === '' ? null : callerName, variables });
}

/** `NAME=value`, the value percent-encoded and cut by the dialplan. */
function note(variables: Record<string, string>, text: unknown): void {
  const [, name, value] = /^(SIAGA_[A-Z_]+)=(.+)$/.exec(typeof text === 'string' ? text : '') ?? [];
  if (name !== undefined && value !== undefined) variables[name] = decodeVariable(value);
}

/** The carrier's endpoint stands in the channel's name. */
function carrierOf(channelName: string): Record<string, string> {
  if (channelName.startsWith('PJSIP/op-')) return { SIAGA_CARRIER: 'desk' };
  if (channelName.startsWith('PJSIP/ag-')) return { SIAGA_CARRIER: 'agency' };
  const carrier = /^PJSIP\/carrier-(.+)-[0-9a-f]{8}$/.exec(channelName)?.[1];
  return carrier === undefined ? {} : { SIAGA_CARRIER: carrier };
}
