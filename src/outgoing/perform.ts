import type { AriAnswer, AriCommands } from '../asterisk/commands.ts';
import { createLanes, type Lanes } from '../asterisk/lanes.ts';
import { lanesOf, mediaOf, ringMargin, sendLegCommand, targetOf, triesOf } from '../asterisk/leg-commands.ts';
import { callerId, ringLeg, outsideLimit } from '../asterisk/legs.ts';
import type { Clock } from '../platform/clock.ts';
import type { OutgoingCall, OutgoingEffect } from './outgoing.ts';

/** The effects that are ARI commands; the others go to the line. */
export type OutgoingCommand = Exclude<OutgoingEffect, { do: 'reserve' } | { do: 'operator-outcome' }>;

/** Carries out on Asterisk what outgoing calls decide; a command that failed comes back as an input. */
export function createOutgoingPerformer(deps: {
  ari: AriCommands;
  clock: Clock;
  /** True while nobody knows what happened during a pause of the process. */
  held: () => boolean;
  failed: (callId: string, command: OutgoingCommand['do'], target: string, reason: string) => void;
}): Lanes<OutgoingCall, OutgoingCommand> {
  return createLanes({
    clock: deps.clock,
    held: deps.held,
    ask: (call: OutgoingCall, command: OutgoingCommand) => send(deps.ari, call, command),
    lanesOf,
    triesOf,
    answered(call, command, answer) {
      if (!answer.ok) deps.failed(call.id, command.do, targetOf(command), answer.reason);
    },
  });
}

async function send(ari: AriCommands, call: OutgoingCall, command: OutgoingCommand): Promise<AriAnswer> {
  switch (command.do) {
    case 'mark':
      return ari.send('POST', `/channels/${command.channelId}/variable`, { variable: 'SIAGA_OUTGOING', value: '1' });
    case 'play':
      return ari.send('POST', `/channels/${command.channelId}/play/${command.soundId}`, {
        media: mediaOf([command.prompt]),
      });
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
    case 'answer':
    case 'ring-tone':
    case 'stop-ring-tone':
    case 'stop-sound':
    case 'make-bridge':
    case 'join':
    case 'destroy-bridge':
    case 'hang-up':
      return sendLegCommand(ari, call.id, command);
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
