import type { CallEffect } from '../../src/calls/call-effect.ts';
import type { CommandFailure } from '../../src/calls/call-input.ts';
import { partyPurposes } from '../../src/calls/party.ts';
import type { World } from './call-laws.ts';
import { joined, type Told } from './calls.ts';
import { reserved, someParty } from './talk-world.ts';

const failures: CommandFailure[] = ['gone', 'conflict', 'timeout', 'failed'];

/** What follows when Asterisk, the jobs and the people do what an effect wants. */
export function obeyed(world: World, effect: CallEffect): Told[] {
  switch (effect.do) {
    case 'answer':
      return [{ type: 'caller-up' }];
    case 'play':
    case 'whisper':
      return [{ type: 'sound-ended', soundId: effect.soundId }];
    case 'join':
      return [joined(effect.channelId, effect.bridgeId)];
    case 'hang-up':
      return [{ type: 'leg-gone', channelId: effect.channelId, cause: 16 }];
    case 'return-to-dialplan':
      return [{ type: 'caller-left' }];
    case 'snoop':
      return [{ type: 'leg-entered', channelId: effect.channelId }];
    case 'reserve-operator':
      return [reserved(world, effect.requestId, world.told)];
    case 'look-up-target':
      return [someParty(world, partyPurposes.indexOf(effect.purpose), world.told)];
    case 'ring-supervisor':
    case 'ring-outside':
    case 'ring-operator':
      return [
        { type: 'leg-ringing', channelId: effect.channelId },
        { type: 'leg-entered', channelId: effect.channelId },
      ];
    case 'ring-agency': {
      const { channelId } = effect.job;
      return [
        { type: 'ring-result', attemptId: channelId, ring: { result: 'taken' } },
        { type: 'leg-ringing', channelId },
        { type: 'leg-entered', channelId },
        { type: 'key-pressed', channelId, key: '1' },
      ];
    }
    case 'notify':
      return [{ type: 'notified', dispatchId: effect.dispatchId, outcome: 'delivered', reason: null }];
    case 'count-packets':
      return [{ type: 'packets-counted', channelId: effect.channelId, received: 0 }];
    case 'announce':
    case 'leave-bridge':
    case 'mute':
    case 'unmute':
    case 'deafen':
    case 'let-hear':
    case 'detect-talk':
    case 'stop-sound':
    case 'music':
    case 'make-bridge':
    case 'destroy-bridge':
    case 'enter-line':
    case 'rank-in-line':
    case 'leave-line':
    case 'keep-operator':
    case 'operator-outcome':
    case 'tie-to-caller':
      return [];
  }
}

/** A command that fails. */
export function failed(effect: CallEffect | undefined, n: number): Told[] {
  if (effect === undefined) return [];
  const failure = failures[n % failures.length] ?? 'failed';
  const command = effect.do;
  if (effect.do === 'join') {
    const target = effect.channelId;
    return [
      { type: 'command-failed', command, target, failure, ...(n % 2 === 0 ? {} : { bridgeId: effect.bridgeId }) },
    ];
  }
  const target = 'channelId' in effect ? effect.channelId : 'bridgeId' in effect ? effect.bridgeId : '';
  return [{ type: 'command-failed', command, target, failure }];
}
