import type { AriAnswer, AriCommands } from '../../asterisk/commands.ts';
import { callerId, ringLeg } from '../../asterisk/legs.ts';
import { pause, type Clock } from '../../platform/clock.ts';
import type { WithoutCall, WithoutCallEffect } from './without-call.ts';

/** The effects that are ARI commands; the others go to the queue, the line and the notifications. */
export type WithoutCallCommand = Exclude<
  WithoutCallEffect,
  { do: 'ring-agency' | 'tell' | 'notify-agency' | 'alarm' | 'reserve' | 'operator-outcome' }
>;

/** What must come to an end is insisted on, this often. */
const tries = 3;
/** Asterisk lets a phone ring for longer than our own limit, which is the one that decides. */
const ringMargin = 5_000;
const announcedTimes = 6;

/** Carries out on Asterisk what was decided, for each channel and bridge in order; `answered` hears what came of it. */
export function createWithoutCallPerformer(deps: {
  ari: AriCommands;
  clock: Clock;
  /** Those of the prompts that Asterisk has. */
  sayable: (prompts: readonly string[]) => string[];
  answered: (id: string, command: WithoutCallCommand, answer: AriAnswer) => void;
}): { perform(state: WithoutCall, command: WithoutCallCommand): void } {
  const { clock } = deps;
  const lanes = new Map<string, Promise<void>>();

  const run = async (state: WithoutCall, command: WithoutCallCommand): Promise<void> => {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await send(deps, state, command);
      if (!answer.ok && answer.failure !== 'gone' && isEnding(command) && attempt < tries) {
        await pause(clock, 500);
        continue;
      }
      deps.answered(state.id, command, answer);
      return;
    }
  };

  return {
    perform(state, command) {
      const keys = command.do === 'join' ? [command.channelId, command.bridgeId] : [targetOf(command)];
      const before = keys.flatMap((key) => lanes.get(key) ?? []);
      const done = Promise.all(before).then(() => run(state, command));
      for (const key of keys) lanes.set(key, done);
      void done.finally(() => {
        for (const key of keys) if (lanes.get(key) === done) lanes.delete(key);
      });
    },
  };
}

function send(
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
        media: Array.from({ length: announcedTimes }, () => sayable(command.prompts))
          .flat()
          .map((prompt) => `sound:siaga/${prompt}`)
          .join(','),
      });
    case 'stop-sound':
      return ari.send('DELETE', `/playbacks/${command.soundId}`);
    case 'ring-tone':
      return ari.send('POST', `/channels/${command.channelId}/ring`);
    case 'stop-ring-tone':
      return ari.send('DELETE', `/channels/${command.channelId}/ring`);
    case 'make-bridge':
      return ari.send('POST', `/bridges/${command.bridgeId}`, { type: 'mixing,dtmf_events', name: state.id });
    case 'join':
      return ari.send('POST', `/bridges/${command.bridgeId}/addChannel`, { channel: command.channelId });
    case 'destroy-bridge':
      return ari.send('DELETE', `/bridges/${command.bridgeId}`);
    case 'hang-up':
      return ari.send('DELETE', `/channels/${command.channelId}`, { reason: 'normal' });
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
  }
}

/** Who has accepted is what the operator sees of why his phone rings. */
function agencyNames({ dispatches }: WithoutCall): string | null {
  return dispatches.find(({ state }) => state === 'accepted')?.agencyName ?? null;
}

/** What may have ended already. */
export function isEnding(command: WithoutCallCommand): boolean {
  return ['hang-up', 'destroy-bridge', 'stop-sound', 'stop-ring-tone'].includes(command.do);
}

export function targetOf(command: WithoutCallCommand): string {
  return 'channelId' in command ? command.channelId : command.bridgeId;
}
