import type { AriAnswer, AriCommands } from '../asterisk/commands.ts';
import { createLanes } from '../asterisk/lanes.ts';
import { lanesOf, mediaOf, sendLegCommand, targetOf } from '../asterisk/leg-commands.ts';
import { callerId, ringLeg, outsideLimit } from '../asterisk/legs.ts';
import { readPacketsReceived } from '../asterisk/translate.ts';
import type { Clock } from '../platform/clock.ts';
import type { AriEffect, RungFor } from './call-effect.ts';
import type { CallInput, CommandFailure } from './call-input.ts';
import type { WhisperedPrompts } from './whispered-prompts.ts';

export interface Performer {
  /** Sends the command after all earlier ones for the same channels and bridge; its outcome comes back as an input. */
  perform(callId: string, application: string, effect: AriEffect): void;
  /** Resolves when every command sent so far has its answer. */
  settled(): Promise<void>;
}

/**
 * What must come to an end is insisted on, this often: a leg would stay up, a greeting would keep the caller from his
 * operator, a bridge would be there for ever. A sound has fewer tries, because the join waits for it.
 */
const tries = new Map<AriEffect['do'], number>([
  ['hang-up', 3],
  ['stop-sound', 2],
  ['destroy-bridge', 3],
  // Unheard, it would leave a caller who cannot speak unnoticed.
  ['detect-talk', 2],
]);

/**
 * Milliseconds without speech after which it has ceased, and how loud speech is at least: the mean of the samples' sizes,
 * of 32,768. Half of Asterisk's own threshold, for who whispers; a line's noise is a tenth of it.
 */
const talkDetection = '2000,128';

/** Fifty seconds or more: longer than an agency's person has for his key, even where an admin gives him much time. */
const announcedTimes = 4;

/** What a phone shows of why it rings, in the operators' language. */
const rungForWords: Readonly<Record<RungFor['what'], string>> = {
  assist: 'BANTUAN',
  listen: 'DENGAR',
  return: 'KEMBALI',
  consult: 'KONSULTASI',
  conference: 'KONFERENSI',
  'hand-over': 'SERAH TERIMA',
};

interface Owner {
  callId: string;
  application: string;
}

/** Carries out a call's effects on Asterisk. */
export function createPerformer(deps: {
  ari: AriCommands;
  clock: Clock;
  /** True while nobody knows what happened during a pause of the process. */
  held: () => boolean;
  tell: (callId: string, input: CallInput) => void;
  /** Null: there is no such operator. */
  extensionOf: (operatorId: string) => string | null;
  /** Those of the prompts that Asterisk has. */
  sayable: (prompts: readonly string[]) => string[];
  whispered: Pick<WhisperedPrompts, 'say'>;
}): Performer {
  const { ari, clock, tell } = deps;
  // The joins of each call that have no answer yet.
  const moves = new Map<string, Set<Promise<void>>>();

  const send = async ({ callId, application }: Owner, effect: AriEffect): Promise<AriAnswer> => {
    switch (effect.do) {
      case 'play': {
        const media = mediaOf([effect.prompt, ...(effect.then ?? [])]);
        return ari.send('POST', `/channels/${effect.channelId}/play/${effect.soundId}`, { media });
      }
      case 'whisper':
        return deps.whispered.say(application, effect);
      case 'announce': {
        const once = deps.sayable(effect.prompts);
        const media = mediaOf(Array.from({ length: announcedTimes }, () => once).flat());
        return ari.send('POST', `/channels/${effect.channelId}/play/${effect.soundId}`, { media });
      }
      case 'stop-sound':
        return effect.music
          ? ari.send('DELETE', `/channels/${effect.channelId}/moh`)
          : sendLegCommand(ari, callId, effect);
      case 'music':
        return ari.send('POST', `/channels/${effect.channelId}/moh`);
      case 'detect-talk':
        return ari.send('POST', `/channels/${effect.channelId}/variable`, {
          variable: 'TALK_DETECT(set)',
          value: talkDetection,
        });
      case 'count-packets':
        return ari.send('GET', `/channels/${effect.channelId}/rtp_statistics`);
      case 'join': {
        if (effect.muted === true) {
          const direction = effect.deaf === true ? 'both' : 'in';
          const muted = await ari.send('POST', `/channels/${effect.channelId}/mute`, { direction });
          // Whoever is not to be heard does not come in before that holds. Gone is what a join says with 400.
          if (!muted.ok) return muted.failure === 'gone' ? { ...muted, status: 400 } : muted;
        }
        return ari.send('POST', `/bridges/${effect.bridgeId}/addChannel`, {
          channel: effect.channelId,
          absorbDTMF: effect.absorbKeys,
        });
      }
      case 'leave-bridge':
        return ari.send('POST', `/bridges/${effect.bridgeId}/removeChannel`, { channel: effect.channelId });
      case 'mute':
        return ari.send('POST', `/channels/${effect.channelId}/mute`, { direction: 'in' });
      case 'unmute':
        return ari.send('DELETE', `/channels/${effect.channelId}/mute`, { direction: 'in' });
      case 'deafen':
        return ari.send('POST', `/channels/${effect.channelId}/mute`, { direction: 'out' });
      case 'let-hear':
        return ari.send('DELETE', `/channels/${effect.channelId}/mute`, { direction: 'out' });
      case 'hang-up':
        return ari.send('DELETE', `/channels/${effect.channelId}`, hangUpReason(effect.cause));
      case 'return-to-dialplan':
        return ari.send('POST', `/channels/${effect.channelId}/continue`, {
          context: 'human-path',
          extension: 's',
          priority: 1,
        });
      case 'ring-operator':
        return ringLeg(ari, {
          channelId: effect.channelId,
          endpoint: effect.account,
          role: 'operator',
          application,
          callId,
          callerChannelId: effect.callerChannelId,
          callerId: callerId(
            effect.rungFor === undefined ? effect.callerName : nameOf(effect.rungFor),
            effect.callerNumber,
          ),
          ring: effect.ring,
          variables: {},
        });
      case 'ring-supervisor':
        return ringLeg(ari, {
          channelId: effect.channelId,
          endpoint: effect.account,
          role: 'monitor',
          application,
          callId,
          callerChannelId: null,
          callerId: callerId(nameOf(effect.rungFor), effect.callerNumber),
          ring: effect.ring,
          variables: { SIAGA_ROLE: 'monitor' },
        });
      case 'snoop':
        return ari.send('POST', `/channels/${effect.snooped}/snoop/${effect.channelId}`, {
          spy: 'both',
          whisper: effect.whisper ? 'out' : 'none',
          app: application,
          appArgs: `snoop,${callId},${effect.channelId}`,
        });
      case 'tie-to-caller':
        return ari.send('POST', `/channels/${effect.channelId}/variable`, {
          variable: 'SIAGA_CALLER_CHANNEL',
          value: effect.callerChannelId ?? '',
        });
      case 'ring-outside':
        return ringLeg(ari, {
          channelId: effect.channelId,
          endpoint: 'outside',
          uri: effect.uri,
          role: 'outside',
          application,
          callId,
          callerChannelId: effect.callerChannelId,
          callerId: callerId(null, effect.callerNumber),
          ring: effect.ring,
          // Without a controller, one who has no caller ends as a call to the outside does.
          variables: { SIAGA_OUTGOING: '1', ...outsideLimit(effect.limitMilliseconds) },
        });
      case 'answer':
      case 'make-bridge':
      case 'destroy-bridge':
        return sendLegCommand(ari, callId, effect);
    }
  };

  const nameOf = ({ what, operatorId }: RungFor): string => {
    const extension = operatorId === null ? null : deps.extensionOf(operatorId);
    return extension === null ? rungForWords[what] : `${rungForWords[what]} ${extension}`;
  };

  /** That packets could not be counted is no failure of the call: mostly the channel has just gone. */
  const counted = (callId: string, channelId: string, answer: AriAnswer): void => {
    const received = answer.ok ? readPacketsReceived(answer.body) : null;
    tell(callId, { type: 'packets-counted', at: clock.now(), channelId, received });
  };

  const answered = ({ callId }: Owner, effect: AriEffect, answer: AriAnswer): void => {
    if (effect.do === 'count-packets') return counted(callId, effect.channelId, answer);
    const at = clock.now();
    if (!answer.ok) {
      tell(callId, {
        type: 'command-failed',
        at,
        command: effect.do,
        target: targetOf(effect),
        failure: failureOf(effect, answer),
        ...(effect.do === 'join' ? { bridgeId: effect.bridgeId } : {}),
      });
    } else if (effect.do === 'join') {
      tell(callId, { type: 'leg-joined', at, channelId: effect.channelId, bridgeId: effect.bridgeId });
    }
  };

  const lanes = createLanes({
    clock,
    held: deps.held,
    ask: send,
    lanesOf: lanesOfEffect,
    triesOf: (effect) => tries.get(effect.do) ?? 1,
    answered,
  });

  return {
    perform(callId, application, effect) {
      // A bridge that is destroyed while a leg goes from it to another takes the leg out of that one too: nobody is heard.
      const also = effect.do === 'destroy-bridge' ? [...(moves.get(callId) ?? [])] : [];
      const done = lanes.perform({ callId, application }, effect, also);
      if (effect.do !== 'join') return;
      moves.set(callId, (moves.get(callId) ?? new Set()).add(done));
      void done.finally(() => {
        if (moves.get(callId)?.delete(done) === true && moves.get(callId)?.size === 0) moves.delete(callId);
      });
    },
    settled: () => lanes.settled(),
  };
}

function hangUpReason(
  cause: Extract<AriEffect, { do: 'hang-up' }>['cause'],
): { reason: string } | { reason_code: number } {
  if (cause === 'answered-elsewhere') return { reason_code: 26 };
  return { reason: cause === 'normal' ? 'normal' : 'no_answer' };
}

function lanesOfEffect(effect: AriEffect): string[] {
  // The others for the caller do not wait for a look at him.
  if (effect.do === 'detect-talk' || effect.do === 'count-packets') return [`${effect.channelId} ${effect.do}`];
  // Nothing waits for it.
  if (effect.do === 'tie-to-caller') return [`${effect.channelId} tie`];
  return lanesOf(effect);
}

/** addChannel and removeChannel answer 400 for a channel and 404 for a bridge that does not exist. */
function failureOf(effect: AriEffect, answer: Extract<AriAnswer, { ok: false }>): CommandFailure {
  if (effect.do !== 'join' && effect.do !== 'leave-bridge') return answer.failure;
  if (answer.status === 400) return 'gone';
  // Of a bridge that is not there he is out.
  if (effect.do === 'leave-bridge' && answer.failure === 'gone') return 'conflict';
  if (answer.status === 422) return 'conflict';
  return answer.failure === 'timeout' ? 'timeout' : 'failed';
}
