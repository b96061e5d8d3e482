import { pause, type Cancel, type Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { AriAnswer, AriCommands } from './commands.ts';
import type { KeyedCall, KeyedEffect, KeyedInput } from './keyed-call.ts';
import type { AsteriskEvent } from './translate.ts';

export interface KeyedChannels<Call, Input> {
  /** A channel is here from now on. */
  readonly open: (call: Call, input: Input) => void;
  readonly tell: (channelId: string, input: Input | KeyedInput) => void;
  readonly size: () => number;
  readonly owns: (channelId: string) => boolean;
  /** Takes an event of a channel that is here; false for all others, and for those that others have to hear as well. */
  readonly take: (event: AsteriskEvent) => boolean;
  readonly stop: () => Promise<void>;
}

interface Here<Call> {
  call: Call;
  timer: Cancel | null;
  /** The last command: the next one waits for its answer. */
  lane: Promise<void>;
  lastKey: string;
}

/** Runs a pure decision for each channel of a room's own, which is no call's. */
export function createKeyedChannels<Call extends KeyedCall, Input, Work>(deps: {
  readonly ari: AriCommands;
  readonly clock: Clock;
  readonly logger: Logger;
  /** One letter between a channel's id and the number of a sound: whose sounds they are. */
  readonly mark: string;
  readonly decide: (call: Call, input: Input | KeyedInput) => { call: Call; effects: KeyedEffect<Work>[] };
  /** What comes of it is told as an input. Never rejects. */
  readonly carryOut: (call: Call, work: Work) => Promise<void>;
  /** Another room has to hear what happens on this channel, too. */
  readonly shared: (call: Call) => boolean;
}): KeyedChannels<Call, Input> {
  const { ari, clock, logger } = deps;
  const here = new Map<string, Here<Call>>();
  const soundOf = new RegExp(`^(.+)\\.${deps.mark}\\d+$`);

  const tell = (channelId: string, input: Input | KeyedInput): void => {
    const one = here.get(channelId);
    if (one === undefined) return;
    const decision = deps.decide(one.call, input);
    one.call = decision.call;
    for (const effect of decision.effects) one.lane = one.lane.then(() => perform(decision.call, effect));
    one.timer?.();
    one.timer = null;
    if (one.call.stage === 'over') here.delete(channelId);
    else {
      const due = Math.min(one.call.stageEndsAt, one.call.endsAt);
      one.timer = clock.after(Math.max(0, due - clock.now()), () =>
        tell(channelId, { type: 'timer', at: clock.now() }),
      );
    }
  };

  /** Never rejects. */
  const perform = async (call: Call, effect: KeyedEffect<Work>): Promise<void> => {
    const { channelId } = call;
    switch (effect.do) {
      case 'answer':
        failed(channelId, await ari.send('POST', `/channels/${channelId}/answer`));
        return;
      case 'play': {
        const path = `/channels/${channelId}/play/${effect.soundId}`;
        const answer = await ari.send('POST', path, { media: `sound:siaga/${effect.prompt}` });
        if (!answer.ok) tell(channelId, { type: 'sound-ended', at: clock.now(), soundId: effect.soundId });
        failed(channelId, answer);
        return;
      }
      case 'stop-sound':
        // One that has just ended cannot be stopped.
        await ari.send('DELETE', `/playbacks/${effect.soundId}`);
        return;
      case 'hang-up':
        return insist(channelId, () => ari.send('DELETE', `/channels/${channelId}`, { reason: 'normal' }));
      case 'hand-on': {
        const { context, extension } = effect;
        const where = { context, extension, priority: 1 };
        return insist(channelId, () => ari.send('POST', `/channels/${channelId}/continue`, where));
      }
      case 'carry-out':
        // The lane is free meanwhile: the phone may be told that it takes too long.
        void deps.carryOut(call, effect.work);
        return;
    }
  };

  const failed = (channelId: string, answer: AriAnswer): void => {
    if (answer.ok) return;
    if (answer.failure === 'gone') tell(channelId, { type: 'gone', at: clock.now() });
    else logger.warn({ channelId, reason: answer.reason }, 'a phone on which somebody keys could not be served');
  };

  const insist = async (channelId: string, command: () => Promise<AriAnswer>): Promise<void> => {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await command();
      if (answer.ok || answer.failure === 'gone') return;
      if (attempt >= 5) {
        // The dialplan's own limit ends it.
        logger.warn({ channelId, reason: answer.reason }, 'a phone on which somebody keyed could not be let go');
        return;
      }
      await pause(clock, 500);
    }
  };

  const keyPressed = (one: Here<Call>, event: Extract<AsteriskEvent, { type: 'key-pressed' }>): void => {
    const stamp = `${event.key} ${event.stamp}`;
    if (one.lastKey === stamp) return;
    one.lastKey = stamp;
    tell(event.channelId, { type: 'key-pressed', at: clock.now(), key: event.key });
  };

  return {
    open(call, input) {
      if (here.has(call.channelId)) return;
      here.set(call.channelId, { call, timer: null, lane: Promise.resolve(), lastKey: '' });
      tell(call.channelId, input);
    },
    tell,
    size: () => here.size,
    owns: (channelId) => here.has(channelId),
    take(event) {
      if (event.type === 'broadcast' || event.type === 'replaced' || event.type === 'entered') return false;
      if (event.type === 'sound-ended') {
        const channelId = soundOf.exec(event.soundId)?.[1];
        if (channelId === undefined) return false;
        tell(channelId, { type: 'sound-ended', at: clock.now(), soundId: event.soundId });
        return true;
      }
      const one = here.get(event.channelId);
      if (one === undefined) return false;
      if (event.type === 'key-pressed') keyPressed(one, event);
      if (event.type === 'left' || event.type === 'destroyed') tell(event.channelId, { type: 'gone', at: clock.now() });
      return !deps.shared(one.call);
    },
    async stop() {
      const left = [...here.keys()];
      for (const { timer } of here.values()) timer?.();
      here.clear();
      await Promise.all(left.map((id) => ari.send('DELETE', `/channels/${id}`)));
    },
  };
}
