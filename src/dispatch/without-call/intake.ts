import type { AriCommands } from '../../asterisk/commands.ts';
import type { AsteriskChannel, AsteriskEvent } from '../../asterisk/translate.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { WithoutCallRunner } from './runner.ts';

/** A leg that leaves the application and whose end is not told within this has ended all the same. */
const endToldWithin = 300;

/** Turns Asterisk's events into inputs of the dispatches they concern. Answers false for those of anybody else. */
export function createWithoutCallIntake(deps: {
  application: string;
  ari: AriCommands;
  runner: WithoutCallRunner;
  clock: Clock;
  logger: Logger;
  /** Goes on with what a dead owner has left; false: it is not his, or somebody else was faster. */
  takeOver: (id: string, application: string) => Promise<boolean>;
}): (event: AsteriskEvent) => boolean {
  const { runner, clock, ari, logger } = deps;
  const hangUpCauses = new Map<string, number>();
  const keys = new Map<string, string>();

  const claim = async (channelId: string): Promise<void> => {
    const answer = await ari.send('POST', '/events/claim', { channelId, application: deps.application });
    if (!answer.ok) logger.warn({ channelId, reason: answer.reason }, "an agency's leg could not be claimed");
  };

  /** A leg that was answered, and whose owner does not take it: he is dead. */
  const broadcast = ({ id: channelId, variables }: AsteriskChannel): boolean => {
    const id = variables['SIAGA_CALL'] ?? '';
    const role = variables['SIAGA_ROLE'];
    if (role === 'caller' || role === 'desk' || variables['SIAGA_CALLER_CHANNEL'] !== undefined) return false;
    if (runner.get(id) !== undefined) {
      void claim(channelId);
      return true;
    }
    if (role !== 'agency' && role !== 'operator') return false;
    deps
      .takeOver(id, variables['SIAGA_APPLICATION'] ?? '')
      .then((taken) => (taken ? claim(channelId) : undefined))
      .catch((error: unknown) => logger.debug({ err: error, channelId }, 'whose leg this is cannot be looked up'));
    return false;
  };

  const forget = (channelId: string): void => {
    hangUpCauses.delete(channelId);
    keys.delete(channelId);
  };

  return (event) => {
    const at = clock.now();
    if (event.type === 'replaced') return false;
    if (event.type === 'broadcast') return broadcast(event.channel);
    if (event.type === 'sound-ended') return runner.ownerOf(event.soundId) !== undefined;
    const channelId = event.type === 'entered' ? event.channel.id : event.channelId;
    const owner = runner.ownerOf(channelId);
    if (owner === undefined) return false;
    const gone = (cause: number): void => {
      runner.tell(owner.id, { type: 'leg-gone', at: clock.now(), channelId, cause });
    };
    switch (event.type) {
      case 'entered':
        runner.tell(owner.id, { type: 'leg-entered', at, channelId });
        break;
      case 'state-changed':
        if (event.state === 'Ringing') runner.tell(owner.id, { type: 'leg-ringing', at, channelId });
        break;
      case 'key-pressed': {
        const pressed = `${event.key} ${event.stamp}`;
        if (keys.get(channelId) === pressed) break;
        keys.set(channelId, pressed);
        runner.tell(owner.id, { type: 'key-pressed', at, channelId, key: event.key });
        break;
      }
      case 'hang-up-requested':
        hangUpCauses.set(channelId, event.cause ?? 16);
        break;
      case 'left':
        clock.after(endToldWithin, () => {
          gone(hangUpCauses.get(channelId) ?? 0);
          forget(channelId);
        });
        break;
      case 'destroyed':
        // A leg that is hung up on its way into the bridge ends without a cause of its own.
        gone(event.cause === 0 ? (hangUpCauses.get(channelId) ?? 0) : event.cause);
        clock.after(endToldWithin, () => forget(channelId));
        break;
      case 'joined-bridge':
        runner.tell(owner.id, { type: 'leg-joined', at, channelId });
        break;
      case 'left-bridge':
      case 'held':
      case 'talk-detected':
        break;
    }
    return true;
  };
}
