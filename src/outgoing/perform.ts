import type { AriAnswer, AriCommands } from '../asterisk/commands.ts';
import { callerId, ringLeg, outsideLimit } from '../asterisk/legs.ts';
import { pause, type Clock } from '../platform/clock.ts';
import type { OutgoingCall, OutgoingEffect } from './outgoing.ts';

/** The effects that are ARI commands; the others go to the line. */
export type OutgoingCommand = Exclude<OutgoingEffect, { do: 'reserve' } | { do: 'operator-outcome' }>;

export interface OutgoingPerformer {
  /** Sends the command after all earlier ones for the same channel and bridge. */
  perform(call: OutgoingCall, command: OutgoingCommand): void;
}

/** What must come to an end is insisted on, this often. */
const tries = 3;
/** Asterisk lets a phone ring for longer than our own limit, which is the one that decides. */
const ringMargin = 5_000;

/** Carries out on Asterisk what outgoing calls decide; a command that failed comes back as an input. */
export function createOutgoingPerformer(deps: {
  ari: AriCommands;
  clock: Clock;
  failed: (callId: string, command: OutgoingCommand['do'], target: string, reason: string) => void;
}): OutgoingPerformer {
  const { ari, clock } = deps;
  const lanes = new Map<string, Promise<void>>();

  const run = async (call: OutgoingCall, command: OutgoingCommand): Promise<void> => {
    const answer = await insist(command, () => send(ari, call, command));
    if (answer.ok) return;
    if (answer.failure === 'gone' && isEnding(command)) return;
    deps.failed(call.id, command.do, targetOf(command), answer.reason);
  };

  const insist = async (command: OutgoingCommand, act: () => Promise<AriAnswer>): Promise<AriAnswer> => {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await act();
      if (answer.ok || answer.failure === 'gone' || !isEnding(command) || attempt >= tries) return answer;
      await pause(clock, 500);
    }
  };

  return {
    perform(call, command) {
      const keys = command.do === 'join' ? [command.channelId, command.bridgeId] : [targetOf(command)];
      const before = keys.flatMap((key) => lanes.get(key) ?? []);
      const done = Promise.all(before).then(() => run(call, command));
      for (const key of keys) lanes.set(key, done);
      void done.finally(() => {
        for (const key of keys) if (lanes.get(key) === done) lanes.delete(key);
      });
    },
  };
}

function send(ari: AriCommands, call: OutgoingCall, command: OutgoingCommand): Promise<AriAnswer> {
  switch (command.do) {
    case 'mark':
      return ari.send('POST', `/channels/${command.channelId}/variable`, { variable: 'SIAGA_OUTGOING', value: '1' });
    case 'answer':
      return ari.send('POST', `/channels/${command.channelId}/answer`);
    case 'ring-tone':
      return ari.send('POST', `/channels/${command.channelId}/ring`);
    case 'stop-ring-tone':
      return ari.send('DELETE', `/channels/${command.channelId}/ring`);
    case 'play':
      return ari.send('POST', `/channels/${command.channelId}/play/${command.soundId}`, {
        media: `sound:siaga/${command.prompt}`,
      });
    case 'stop-sound':
      return ari.send('DELETE', `/playbacks/${command.soundId}`);
    case 'make-bridge':
      return ari.send('POST', `/bridges/${command.bridgeId}`, { type: 'mixing,dtmf_events', name: call.id });
    case 'join':
      // The operator's keys go through: a hospital's exchange asks for them.
      return ari.send('POST', `/bridges/${command.bridgeId}/addChannel`, { channel: command.channelId });
    case 'destroy-bridge':
      return ari.send('DELETE', `/bridges/${command.bridgeId}`);
    case 'hang-up':
      return ari.send('DELETE', `/channels/${command.channelId}`, { reason: 'normal' });
    case 'ring-operator':
      return ringLeg(ari, {
        ...legOf(call, command),
        endpoint: command.account,
        role: 'operator',
        variables: { SIAGA_OUTGOING: '1' },
      });
    case 'ring-outside':
      return ringLeg(ari, {
        ...legOf(call, command),
        endpoint: 'outside',
        uri: command.uri,
        role: 'outside',
        variables: { SIAGA_OUTGOING: '1', ...outsideLimit(call.timing.duration), ...outsideHeaders(command) },
      });
  }
}

function legOf(call: OutgoingCall, command: { channelId: string; shownNumber: string; ring: number }) {
  const { id: callId, application } = call;
  const { channelId, shownNumber, ring } = command;
  return {
    channelId,
    application,
    callId,
    callerChannelId: null,
    callerId: callerId(null, shownNumber),
    ring: ring + ringMargin,
  };
}

/**
 * Variables that put headers into the INVITE: a call-back says so (RFC 7090), and names call and incident.
 * @throws RangeError for a value with a control character, which would open headers of its own.
 */
export function outsideHeaders({
  callback,
  callInfo,
}: {
  callback: boolean;
  callInfo: string;
}): Record<string, string> {
  if (/[\u0000-\u001f\u007f]/.test(callInfo)) throw new RangeError('Call-Info holds a control character');
  return {
    ...(callback ? { 'PJSIP_HEADER(add,Priority)': 'psap-callback' } : {}),
    ...(callInfo === '' ? {} : { 'PJSIP_HEADER(add,Call-Info)': callInfo }),
  };
}

function isEnding(command: OutgoingCommand): boolean {
  return ['hang-up', 'destroy-bridge', 'stop-sound', 'stop-ring-tone'].includes(command.do);
}

function targetOf(command: OutgoingCommand): string {
  return 'channelId' in command ? command.channelId : command.bridgeId;
}
