import type { AriCommands } from '../asterisk/commands.ts';
import type { AsteriskChannel, AsteriskEvent } from '../asterisk/translate.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { OutgoingRunner } from './runner.ts';

/** A leg that leaves the application and whose end is not told within this has ended all the same. */
const endToldWithin = 300;

/** Turns Asterisk's events into inputs of the outgoing calls they concern. Answers false for those of anybody else. */
export function createOutgoingIntake(deps: {
  application: string;
  ari: AriCommands;
  runner: OutgoingRunner;
  clock: Clock;
  logger: Logger;
}): (event: AsteriskEvent) => boolean {
  const { runner, clock, ari, logger } = deps;
  const hangUpCauses = new Map<string, number>();

  const claim = async (channelId: string): Promise<void> => {
    const answer = await ari.send('POST', '/events/claim', { channelId, application: deps.application });
    if (!answer.ok) logger.warn({ channelId, reason: answer.reason }, 'a leg to the outside could not be claimed');
  };

  /** A leg whose owner was taken for dead. */
  const broadcast = ({ id, variables }: AsteriskChannel): boolean => {
    if (variables['SIAGA_ROLE'] === 'caller' || runner.get(variables['SIAGA_CALL'] ?? '') === undefined) return false;
    void claim(id);
    return true;
  };

  return (event) => {
    const at = clock.now();
    if (event.type === 'replaced') return false;
    if (event.type === 'broadcast') return broadcast(event.channel);
    if (event.type === 'sound-ended') {
      const id = event.soundId.split('.s')[0] ?? '';
      return runner.tell(id, { type: 'sound-ended', at, soundId: event.soundId });
    }
    const channelId = event.type === 'entered' ? event.channel.id : event.channelId;
    const call = runner.ownerOf(channelId);
    if (call === undefined) return false;
    const gone = (cause: number) => runner.tell(call.id, { type: 'leg-gone', at: clock.now(), channelId, cause });
    switch (event.type) {
      case 'entered':
        runner.tell(call.id, { type: 'leg-entered', at, channelId });
        break;
      case 'state-changed':
        if (event.state === 'Ringing') runner.tell(call.id, { type: 'leg-ringing', at, channelId });
        break;
      case 'hang-up-requested':
        hangUpCauses.set(channelId, event.cause ?? 16);
        break;
      case 'left': {
        clock.after(endToldWithin, () => {
          gone(hangUpCauses.get(channelId) ?? 0);
          hangUpCauses.delete(channelId);
        });
        break;
      }
      case 'destroyed':
        // A leg that is hung up on its way into the bridge ends without a cause of its own.
        gone(event.cause === 0 ? (hangUpCauses.get(channelId) ?? 0) : event.cause);
        clock.after(endToldWithin, () => hangUpCauses.delete(channelId));
        break;
      case 'joined-bridge':
      case 'left-bridge':
      case 'key-pressed':
      case 'held':
      case 'talk-detected':
        break;
    }
    return true;
  };
}
