import type { AriAnswer, AriCommands } from '../asterisk/commands.ts';
import { mediaOf } from '../asterisk/leg-commands.ts';
import type { AsteriskEvent } from '../asterisk/translate.ts';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Prompt } from './prompt.ts';

/** A prompt to one of those who talk. */
interface Whispered {
  channelId: string;
  soundId: string;
  prompt: Prompt;
}

export interface WhisperedPrompts {
  /** Says it into what the channel hears, after what is being said to it in this way. The answer is that of the first command. */
  say(application: string, whispered: Whispered): Promise<AriAnswer>;
  /** Takes an event that is about nothing else, and says so; hears of the end of any sound. */
  take(event: AsteriskEvent): boolean;
  /** The channel is one by which something is being said. */
  owns(channelId: string): boolean;
  stop(): void;
}

/** A channel by which prompts are said to another. */
interface Whisper {
  readonly id: string;
  readonly to: string;
  /** Sounds that have not ended, in their order. */
  waiting: { soundId: string; media: string }[];
  entered: boolean;
  limit: Cancel;
}

/** What the StasisStart of such a channel has for its first argument. */
const role = 'prompt';
/** Milliseconds: longer than some prompts one after another. */
const longest = 20_000;

/**
 * Prompts to people in a conversation. A play on a channel takes it out of its bridge until it is over: so the prompt is
 * played on a snoop channel that whispers it to that one alone, and everybody goes on hearing everybody. Such a channel ends
 * with what is said by it, with the channel it whispers to, or after its limit; what a dead controller left of them is ended
 * as any other that listens and is no call's.
 */
export function createWhisperedPrompts(deps: { ari: AriCommands; clock: Clock; logger: Logger }): WhisperedPrompts {
  const { ari, clock, logger } = deps;
  const whispers = new Map<string, Whisper>();

  const begin = (id: string, to: string): Whisper => {
    const limit = clock.after(longest, () => void end(id));
    const whisper: Whisper = { id, to, waiting: [], entered: false, limit };
    whispers.set(id, whisper);
    return whisper;
  };

  const play = async ({ id }: Whisper, { soundId, media }: Whisper['waiting'][number]): Promise<AriAnswer> => {
    const answer = await ari.send('POST', `/channels/${id}/play/${soundId}`, { media });
    if (!answer.ok) {
      logger.warn({ channelId: id, soundId, reason: answer.reason }, 'a prompt could not be whispered');
      soundEnded(soundId);
    }
    return answer;
  };

  const soundEnded = (soundId: string): void => {
    for (const whisper of whispers.values()) {
      const before = whisper.waiting.length;
      whisper.waiting = whisper.waiting.filter((one) => one.soundId !== soundId);
      if (before > 0 && whisper.waiting.length === 0) void end(whisper.id);
    }
  };

  const forget = (id: string): void => {
    whispers.get(id)?.limit();
    whispers.delete(id);
  };

  /** Should Asterisk not do it, the next look at what it holds finds a channel that nobody wants. */
  const end = async (id: string): Promise<void> => {
    forget(id);
    const answer = await ari.send('DELETE', `/channels/${id}`);
    if (!answer.ok && answer.failure !== 'gone') {
      logger.warn({ channelId: id, reason: answer.reason }, 'a whisper could not be hung up');
    }
  };

  const entered = (id: string): void => {
    const whisper = whispers.get(id);
    if (whisper === undefined) return void end(id);
    whisper.entered = true;
    for (const sound of [...whisper.waiting]) void play(whisper, sound);
  };

  return {
    async say(application, { channelId, soundId, prompt }) {
      const sound = { soundId, media: mediaOf([prompt]) };
      const there = [...whispers.values()].find(({ to }) => to === channelId);
      if (there !== undefined) {
        there.waiting.push(sound);
        // Asterisk plays them one after another.
        return there.entered ? play(there, sound) : { ok: true, status: 202, body: null };
      }
      const whisper = begin(soundId, channelId);
      whisper.waiting.push(sound);
      const answer = await ari.send('POST', `/channels/${channelId}/snoop/${whisper.id}`, {
        spy: 'none',
        whisper: 'out',
        app: application,
        appArgs: `${role},${whisper.id}`,
      });
      // Without an answer in time it may be there all the same.
      if (!answer.ok) void end(whisper.id);
      return answer;
    },
    take(event) {
      if (event.type === 'sound-ended') soundEnded(event.soundId);
      else if (event.type === 'entered') {
        if (event.arguments[0] !== role) return false;
        entered(event.channel.id);
        return true;
      } else if ((event.type === 'left' || event.type === 'destroyed') && whispers.has(event.channelId)) {
        forget(event.channelId);
        return true;
      }
      return false;
    },
    owns: (channelId) => whispers.has(channelId),
    stop() {
      for (const { limit } of whispers.values()) limit();
      whispers.clear();
    },
  };
}
