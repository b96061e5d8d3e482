import type { AriAnswer, AriCommands } from '../asterisk/commands.ts';
import type { AsteriskChannel, AsteriskEvent } from '../asterisk/translate.ts';
import { pause, type Cancel, type Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { carryOut, type CodeActions } from './carry-out.ts';
import { readDialled } from './codes.ts';
import { decideDesk, newDeskCall, type DeskCall, type DeskEffect, type DeskInput } from './decide-desk.ts';

export interface CodesRoom {
  /** Takes an event that concerns a phone on which somebody dials; false for all others. */
  readonly take: (event: AsteriskEvent) => boolean;
  readonly stop: () => Promise<void>;
}

interface Desk {
  call: DeskCall;
  timer: Cancel | null;
  /** The last command: the next one waits for its answer. */
  lane: Promise<void>;
  lastKey: string;
}

/** Phones that dial at the same time; more than a centre has desks. */
const most = 500;

/** What operators dial on their phones, from the claim to the hang-up. The channels are this room's own, and no call's. */
export function startCodes(deps: { ari: AriCommands; clock: Clock; logger: Logger; actions: CodeActions }): CodesRoom {
  const { ari, clock, logger, actions } = deps;
  const desks = new Map<string, Desk>();

  const enter = (channel: AsteriskChannel): void => {
    const { id, name, variables } = channel;
    const account = accountOf(name);
    if (desks.has(id)) return;
    if (account === undefined || desks.size >= most) {
      logger.warn({ channelId: id, desks: desks.size }, 'what was dialled on a phone is not looked at');
      void ari.send('DELETE', `/channels/${id}`);
      return;
    }
    const at = clock.now();
    const call = newDeskCall(id, account, readDialled(variables['SIAGA_DIALLED'] ?? ''), at);
    desks.set(id, { call, timer: null, lane: Promise.resolve(), lastKey: '' });
    tell(id, { type: 'entered', at });
  };

  const tell = (channelId: string, input: DeskInput): void => {
    const desk = desks.get(channelId);
    if (desk === undefined) return;
    const decision = decideDesk(desk.call, input);
    desk.call = decision.call;
    for (const effect of decision.effects) {
      desk.lane = desk.lane.then(() => perform(decision.call, effect));
    }
    desk.timer?.();
    desk.timer = null;
    if (desk.call.stage === 'over') desks.delete(channelId);
    else {
      const due = Math.min(desk.call.stageEndsAt, desk.call.endsAt);
      desk.timer = clock.after(Math.max(0, due - clock.now()), () =>
        tell(channelId, { type: 'timer', at: clock.now() }),
      );
    }
  };

  /** Never rejects. */
  const perform = async (call: DeskCall, effect: DeskEffect): Promise<void> => {
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
        return hangUp(channelId);
      case 'carry-out':
        // The lane is free meanwhile: the phone may be told that it takes too long.
        void seeTo(call, effect);
        return;
    }
  };

  const seeTo = async (call: DeskCall, { dialled }: Extract<DeskEffect, { do: 'carry-out' }>): Promise<void> => {
    const { channelId, account } = call;
    const prompt = await carryOut(actions, { channelId, account }, dialled).catch((error: unknown) => {
      logger.error({ err: error, code: dialled.code }, 'a dialled code could not be seen to');
      return 'code-refused' as const;
    });
    tell(channelId, { type: 'answered', at: clock.now(), prompt });
    if (prompt !== null) return;
    // The dialplan's limit is for codes, not for calls.
    const limit = { variable: 'TIMEOUT(absolute)', value: 0 };
    failed(channelId, await ari.send('POST', `/channels/${channelId}/variable`, limit));
  };

  const failed = (channelId: string, answer: AriAnswer): void => {
    if (answer.ok) return;
    if (answer.failure === 'gone') tell(channelId, { type: 'gone', at: clock.now() });
    else logger.warn({ channelId, reason: answer.reason }, 'a phone that dials could not be served');
  };

  const hangUp = async (channelId: string): Promise<void> => {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await ari.send('DELETE', `/channels/${channelId}`, { reason: 'normal' });
      if (answer.ok || answer.failure === 'gone') return;
      if (attempt >= 3) {
        // The dialplan's own limit ends it.
        logger.warn({ channelId, reason: answer.reason }, 'a phone could not be hung up');
        return;
      }
      await pause(clock, 500);
    }
  };

  const keyPressed = (desk: Desk, event: Extract<AsteriskEvent, { type: 'key-pressed' }>): void => {
    const stamp = `${event.key} ${event.stamp}`;
    if (desk.lastKey === stamp) return;
    desk.lastKey = stamp;
    tell(event.channelId, { type: 'key-pressed', at: clock.now(), key: event.key });
  };

  /** An event of a phone that is here, or of any other channel. */
  const ofChannel = (event: Extract<AsteriskEvent, { channelId: string }>): boolean => {
    const desk = desks.get(event.channelId);
    if (desk === undefined) return false;
    if (event.type === 'key-pressed') keyPressed(desk, event);
    if (event.type === 'left' || event.type === 'destroyed') tell(event.channelId, { type: 'gone', at: clock.now() });
    // Whoever takes the call over must miss nothing of it.
    return desk.call.dialled.code !== 'call';
  };

  return {
    take(event) {
      if (event.type === 'broadcast' || event.type === 'replaced') return false;
      if (event.type === 'entered') {
        if (event.arguments[0] !== 'desk') return false;
        enter(event.channel);
        return true;
      }
      if (event.type !== 'sound-ended') return ofChannel(event);
      const channelId = /^(.+)\.d\d+$/.exec(event.soundId)?.[1];
      if (channelId === undefined) return false;
      tell(channelId, { type: 'sound-ended', at: clock.now(), soundId: event.soundId });
      return true;
    },
    async stop() {
      const left = [...desks.keys()];
      for (const { timer } of desks.values()) timer?.();
      desks.clear();
      await Promise.all(left.map((id) => ari.send('DELETE', `/channels/${id}`)));
    },
  };
}

/** The account stands in the channel's name. */
function accountOf(channelName: string): string | undefined {
  return /^PJSIP\/(op-[A-Za-z0-9]+)-[0-9a-f]{8}$/.exec(channelName)?.[1];
}
