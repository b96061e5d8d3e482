import type { AriAnswer, AriCommands } from './commands.ts';

/** What any machine with legs of its own tells Asterisk, one request each. */
export type LegCommand =
  | { do: 'answer'; channelId: string }
  | { do: 'ring-tone'; channelId: string }
  | { do: 'stop-ring-tone'; channelId: string }
  | { do: 'stop-sound'; channelId: string; soundId: string }
  | { do: 'make-bridge'; bridgeId: string }
  | { do: 'join'; bridgeId: string; channelId: string }
  | { do: 'destroy-bridge'; bridgeId: string }
  | { do: 'hang-up'; channelId: string };

/** What must come to an end is insisted on, this often. */
const endTries = 3;
/** What may have ended already. */
const endings: readonly string[] = [
  'hang-up',
  'destroy-bridge',
  'stop-sound',
  'stop-ring-tone',
] satisfies LegCommand['do'][];

/** Asterisk lets a phone ring this many milliseconds longer than our own limit, which is the one that decides. */
export const ringMargin = 5_000;

/** `name`: the bridge's, for who looks at Asterisk. */
export function sendLegCommand(ari: AriCommands, name: string, command: LegCommand): Promise<AriAnswer> {
  switch (command.do) {
    case 'answer':
      return ari.send('POST', `/channels/${command.channelId}/answer`);
    case 'ring-tone':
      return ari.send('POST', `/channels/${command.channelId}/ring`);
    case 'stop-ring-tone':
      return ari.send('DELETE', `/channels/${command.channelId}/ring`);
    case 'stop-sound':
      return ari.send('DELETE', `/playbacks/${command.soundId}`);
    case 'make-bridge':
      // dtmf_events keeps the bridge from handing the media to the endpoints, where no key would be heard.
      return ari.send('POST', `/bridges/${command.bridgeId}`, { type: 'mixing,dtmf_events', name });
    case 'join':
      // Keys go through: a hospital's exchange asks the operator for them.
      return ari.send('POST', `/bridges/${command.bridgeId}/addChannel`, { channel: command.channelId });
    case 'destroy-bridge':
      return ari.send('DELETE', `/bridges/${command.bridgeId}`);
    case 'hang-up':
      return ari.send('DELETE', `/channels/${command.channelId}`, { reason: 'normal' });
  }
}

/** How often a command of a machine is sent at most. */
export function triesOf(command: { do: string }): number {
  return endings.includes(command.do) ? endTries : 1;
}

/** What a failure is told of by. */
export function targetOf(command: { channelId: string } | { bridgeId: string }): string {
  return 'channelId' in command ? command.channelId : command.bridgeId;
}

/** The channel, the bridge, or both. */
export function lanesOf(command: { channelId: string } | { bridgeId: string }): string[] {
  return [...('channelId' in command ? [command.channelId] : []), ...('bridgeId' in command ? [command.bridgeId] : [])];
}

/** Prompts as one play, one after another. */
export function mediaOf(prompts: readonly string[]): string {
  return prompts.map((prompt) => `sound:siaga/${prompt}`).join(',');
}
