import type { AriAnswer, AriCommands } from '../asterisk/commands.ts';
import type { AsteriskEvent } from '../asterisk/translate.ts';
import type { Cancel, Clock } from '../platform/clock.ts';
import { messageOf } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import { createTurns } from '../platform/turns.ts';
import { decideVoice } from './decide-voice.ts';
import type { NotifyResult } from './jobs.ts';
import { failedAgain, type SendResult } from './notification.ts';
import { newVoiceMessage, type VoiceEffect, type VoiceInput, type VoiceMessage } from './voice-message.ts';

/** Voice messages of this process. */
export interface VoiceMessages {
  /** Rings by `ring`, says the prompts, and waits for the key; resolves with what came of it. */
  say(wish: {
    id: string;
    notificationId: string;
    prompts: readonly string[];
    expiresAt: number;
    ring: () => Promise<NotifyResult>;
  }): Promise<SendResult>;
  stop(id: string): void;
  /** Takes an event of Asterisk that concerns one of them; false: it concerns none. */
  take(event: AsteriskEvent): boolean;
  owns(channelId: string): boolean;
  close(): void;
}

interface Mailbox {
  message: VoiceMessage;
  resolve: (outcome: SendResult) => void;
  cancel: Cancel;
  commands: Promise<void>;
}

/** The trunk to the outside has not many lines, and operators need it. */
const atOnce = 4;
const waiting = 200;
/** One that is over stays so long: a phone that enters late is hung up. */
const lingers = 60_000;

export function createVoiceMessages(deps: { ari: AriCommands; clock: Clock; logger: Logger }): VoiceMessages {
  const { ari, clock, logger } = deps;
  const mailboxes = new Map<string, Mailbox>();
  const turns = createTurns(atOnce, waiting);

  const tell = (id: string, input: VoiceInput): boolean => {
    const mailbox = mailboxes.get(id);
    if (mailbox === undefined) return false;
    const { message, effects } = decideVoice(mailbox.message, input);
    mailbox.message = message;
    for (const effect of effects) carryOut(mailbox, effect);
    mailbox.cancel();
    const { dueAt } = message;
    if (dueAt !== null) {
      mailbox.cancel = clock.after(Math.max(0, dueAt - clock.now()), () =>
        tell(id, { type: 'timer', at: clock.now() }),
      );
    }
    if (message.state === 'ended') clock.after(lingers, () => mailboxes.delete(id));
    return true;
  };

  const carryOut = (mailbox: Mailbox, effect: VoiceEffect): void => {
    if (effect.do === 'outcome') return mailbox.resolve(effect.outcome);
    const { id } = mailbox.message;
    // One after the other: a sound is not stopped before it was begun.
    mailbox.commands = mailbox.commands.then(async () => {
      const answer = await send(ari, id, effect);
      if (answer.ok) return;
      if (answer.failure === 'gone') {
        if (effect.do === 'play') tell(id, { type: 'leg-gone', at: clock.now(), cause: 0 });
        return;
      }
      logger.warn({ attemptId: id, command: effect.do, reason: answer.reason }, 'a command for a voice message failed');
      // Nobody would say that it has ended.
      if (effect.do === 'play') tell(id, { type: 'sound-ended', at: clock.now(), soundId: effect.soundId });
    });
  };

  const ring = async (id: string, ringing: () => Promise<NotifyResult>): Promise<void> => {
    const result = await ringing().catch((error: unknown) => failedAgain(messageOf(error)));
    if (result.result === 'failed') tell(id, { type: 'not-rung', at: clock.now(), reason: result.reason });
  };

  return {
    async say({ id, notificationId, prompts, expiresAt, ring: ringing }) {
      if (turns.full()) return failedAgain('too many voice messages wait');
      const stop = new AbortController();
      const cancelWait = clock.after(Math.max(0, expiresAt - clock.now()), () => stop.abort());
      const mine = await turns.take(stop.signal);
      cancelWait();
      if (!mine) return failedAgain('it waited too long for a line');
      try {
        return await new Promise<SendResult>((resolve) => {
          const message = newVoiceMessage({ id, notificationId, prompts }, clock.now());
          mailboxes.set(id, { message, resolve, cancel: () => undefined, commands: Promise.resolve() });
          tell(id, { type: 'timer', at: clock.now() });
          void ring(id, ringing);
        });
      } finally {
        turns.give();
      }
    },
    stop: (id) => void tell(id, { type: 'stop', at: clock.now() }),
    owns: (channelId) => mailboxes.has(channelId),
    take(event) {
      const at = clock.now();
      switch (event.type) {
        case 'sound-ended':
          return tell(event.soundId.replace(/[.]s\d+$/, ''), { type: 'sound-ended', at, soundId: event.soundId });
        case 'entered':
          return tell(event.channel.id, { type: 'leg-entered', at });
        case 'key-pressed':
          return tell(event.channelId, { type: 'key-pressed', at, key: event.key });
        case 'destroyed':
          return tell(event.channelId, { type: 'leg-gone', at, cause: event.cause });
        case 'broadcast':
          return mailboxes.has(event.channel.id);
        case 'left':
        case 'hang-up-requested':
        case 'state-changed':
        case 'joined-bridge':
        case 'left-bridge':
        case 'talk-detected':
        case 'held':
          return mailboxes.has(event.channelId);
        case 'replaced':
          return false;
      }
    },
    close() {
      for (const { cancel } of mailboxes.values()) cancel();
    },
  };
}

function send(ari: AriCommands, id: string, effect: Exclude<VoiceEffect, { do: 'outcome' }>): Promise<AriAnswer> {
  switch (effect.do) {
    case 'play':
      return ari.send('POST', `/channels/${id}/play/${effect.soundId}`, {
        media: effect.prompts.map((prompt) => `sound:siaga/${prompt}`).join(','),
      });
    case 'stop-sound':
      return ari.send('DELETE', `/playbacks/${effect.soundId}`);
    case 'hang-up':
      return ari.send('DELETE', `/channels/${id}`, { reason: 'normal' });
  }
}
