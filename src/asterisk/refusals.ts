import { createSocket, type Socket } from 'node:dgram';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { readHep, type CapturedMessage } from './hep.ts';

/** An INVITE that Asterisk refused, or never answered, before any dialplan ran: a caller nobody heard of. */
export interface Refusal {
  sipCallId: string;
  /** Null when nothing was answered at all. */
  status: number | null;
  reason: string;
  source: string;
  requestUri: string;
  at: number;
}

interface Invite {
  requestUri: string;
  source: string;
  at: number;
  status: number | null;
  reason: string;
}

/** After the final answer the call has this long to appear; an INVITE without any answer this long to get one. */
const appearsWithin = 2_000;
const answeredWithin = 6_000;
const limit = 5_000;
const bindAgainAfter = 2_000;

/**
 * Follows INVITEs and their answers, and tells of those that were refused without becoming a call. What a caller
 * cancelled (487) and what only asks for a password (401, 407) is none.
 */
export function createRefusals(deps: {
  clock: Clock;
  /** How Asterisk calls itself (pjsip.conf, user_agent). */
  userAgent: string;
  known: (sipCallId: string) => boolean;
  onRefusal: (refusal: Refusal) => void;
}): { inspect: (message: CapturedMessage) => void; sweep: () => void } {
  const { clock } = deps;
  const invites = new Map<string, Invite>();

  const inspect = (message: CapturedMessage): void => {
    const firstLine = message.text.slice(0, message.text.indexOf('\r\n'));
    const callId = header(message.text, 'Call-ID', 'i');
    if (callId === null) return;
    const request = /^INVITE (\S+) SIP\/2\.0$/i.exec(firstLine);
    if (request?.[1] !== undefined) {
      const tag = /;\s*tag=/i.test(header(message.text, 'To', 't') ?? '');
      // Asterisk's own INVITEs, to operators and agencies, come by here as well.
      const own = header(message.text, 'User-Agent') === deps.userAgent;
      // What an operator dials for himself (a PIN, say) is no caller's, and nothing of it is to be in the record.
      const dialled = /^sips?:([^@;]*)@/i.exec(request[1])?.[1] ?? '';
      const desk = /<?sips?:(op|ag)-/i.test(header(message.text, 'From', 'f') ?? '') && dialled !== '112';
      if (own || tag || desk || dialled.startsWith('*') || invites.has(callId) || invites.size >= limit) return;
      const source = `${message.source.address}:${message.source.port}`;
      invites.set(callId, { requestUri: request[1].slice(0, 200), source, at: clock.now(), status: null, reason: '' });
      return;
    }
    const answer = /^SIP\/2\.0 (\d{3}) ?(.*)$/i.exec(firstLine);
    const invite = invites.get(callId);
    if (answer?.[1] === undefined || invite === undefined) return;
    if (!/INVITE$/i.test((header(message.text, 'CSeq') ?? '').trim())) return;
    const status = Number(answer[1]);
    if (status === 401 || status === 407 || status === 487) invites.delete(callId);
    else if (status >= 200 && status < 300) invites.delete(callId);
    else {
      invite.status = status;
      invite.reason = (answer[2] ?? '').slice(0, 100);
      if (status >= 300) invite.at = clock.now();
    }
  };

  const sweep = (): void => {
    const now = clock.now();
    for (const [sipCallId, invite] of invites) {
      const { status } = invite;
      const final = status !== null && status >= 300;
      // A provisional answer means that a dialplan runs, or that the caller is being rung for: a call, in any case.
      if (status !== null && status > 100 && status < 200) invites.delete(sipCallId);
      else if (now - invite.at >= (final ? appearsWithin : answeredWithin)) {
        invites.delete(sipCallId);
        if (deps.known(sipCallId)) continue;
        const { requestUri, source, reason } = invite;
        deps.onRefusal({ sipCallId, status: final ? status : null, reason, source, requestUri, at: now });
      }
    }
  };

  return { inspect, sweep };
}

/** Listens to the copies of SIP messages that Asterisk sends (res_hep). */
export function startRefusalWatch(
  deps: Parameters<typeof createRefusals>[0] & { host: string; port: number; logger: Logger },
): { stop: () => void } {
  const { clock, logger } = deps;
  const refusals = createRefusals(deps);
  let socket: Socket | null = null;
  let cancelRetry: Cancel = () => undefined;
  let reported = false;
  let stopped = false;

  const open = (): void => {
    const current = createSocket('udp4');
    socket = current;
    current.on('message', (packet) => {
      const message = readHep(packet);
      if (message !== null) refusals.inspect(message);
    });
    current.on('listening', () => {
      reported = false;
      logger.info({ port: deps.port }, 'copies of SIP messages come here');
    });
    // A standby has the same port as its leader, and gets it when the leader has ended.
    current.on('error', (error) => {
      current.close();
      if (stopped) return;
      if (!reported) logger.warn({ err: error, port: deps.port }, 'no copies of SIP messages for now; trying again');
      reported = true;
      cancelRetry = clock.after(bindAgainAfter, open);
    });
    current.bind(deps.port, deps.host);
    current.unref();
  };
  open();
  const stopSweep = clock.every(1_000, refusals.sweep);
  return {
    stop() {
      stopped = true;
      cancelRetry();
      stopSweep();
      try {
        socket?.close();
      } catch {
        // closed by its error
      }
    },
  };
}

function header(text: string, name: string, short?: string): string | null {
  const names = short === undefined ? name : `(?:${name}|${short})`;
  return new RegExp(`^${names}[ \\t]*:[ \\t]*(.*)$`, 'im').exec(text)?.[1]?.trim() ?? null;
}
