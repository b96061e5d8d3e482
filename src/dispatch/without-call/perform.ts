import type { AriAnswer, AriCommands } from '../../asterisk/commands.ts';
import { createLanes, type Lanes } from '../../asterisk/lanes.ts';
import { lanesOf, mediaOf, ringMargin, sendLegCommand, triesOf } from '../../asterisk/leg-commands.ts';
import { callerId, ringLeg } from '../../asterisk/legs.ts';
import type { Clock } from '../../platform/clock.ts';
import type { WithoutCall, WithoutCallEffect } from './without-call.ts';

/** The effects that are ARI commands; the others go to the queue, the line and the notifications. */
export type WithoutCallCommand = Exclude<
  WithoutCallEffect,
  { do: 'ring-agency' | 'tell' | 'notify-agency' | 'alarm' | 'reserve' | 'operator-outcome' }
>;

const announcedTimes = 6;

/** Carries out on Asterisk what was decided, for each channel and bridge in order; `answered` hears what came of it. */
export function createWithoutCallPerformer(deps: {
  ari: AriCommands;
  clock: Clock;
  /** True while nobody knows what happened during a pause of the process. */
  held: () => boolean;
  /** Those of the prompts that Asterisk has. */
  sayable: (prompts: readonly string[]) => string[];
  answered: (state: WithoutCall, command: WithoutCallCommand, answer: AriAnswer) => void;
}): Lanes<WithoutCall, WithoutCallCommand> {
  return createLanes({
    ...deps,
    ask: (state: WithoutCall, command: WithoutCallCommand) => send(deps, state, command),
    lanesOf,
    triesOf,
  });
}

async function send(
  { ari, sayable }: { ari: AriCommands; sayable: (prompts: readonly string[]) => string[] },
  state: WithoutCall,
  command: WithoutCallCommand,
): Promise<AriAnswer> {
  switch (command.do) {
    case 'follow':
      return ari.send('POST', `/applications/${state.application}/subscription`, {
        eventSource: `channel:${command.channelId}`,
      });
    case 'announce':
      return ari.send('POST', `/channels/${command.channelId}/play/${command.soundId}`, {
        media: mediaOf(Array.from({ length: announcedTimes }, () => sayable(command.prompts)).flat()),
      });
    case 'ring-operator':
      return ringLeg(ari, {
        channelId: command.channelId,
        endpoint: command.account,
        role: 'operator',
        application: state.application,
        callId: state.id,
        callerChannelId: null,
        callerId: callerId(agencyNames(state), command.shownNumber),
        ring: command.ring + ringMargin,
        variables: { SIAGA_OUTGOING: '1' },
      });
    case 'ring-tone':
    case 'stop-ring-tone':
    case 'stop-sound':
    case 'make-bridge':
    case 'join':
    case 'destroy-bridge':
    case 'hang-up':
      return sendLegCommand(ari, state.id, command);
  }
}

/** Who has accepted is what the operator sees of why his phone rings. */
function agencyNames({ dispatches }: WithoutCall): string | null {
  return dispatches.find(({ state }) => state === 'accepted')?.agencyName ?? null;
}
