import type { AriCommands } from '../asterisk/commands.ts';
import { createKeyedChannels } from '../asterisk/keyed-channels.ts';
import type { AsteriskChannel, AsteriskEvent } from '../asterisk/translate.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { carryOut, type CodeActions } from './carry-out.ts';
import { readDialled, type Dialled } from './codes.ts';
import { decideDesk, newDeskCall, type DeskCall, type DeskInput } from './decide-desk.ts';

export interface CodesRoom {
  /** Takes an event that concerns a phone on which somebody dials; false for all others. */
  readonly take: (event: AsteriskEvent) => boolean;
  /** Somebody dials on this channel. */
  readonly owns: (channelId: string) => boolean;
  readonly stop: () => Promise<void>;
}

/** Phones that dial at the same time; more than a centre has desks. */
const most = 500;

/** What operators dial on their phones, from the claim to the hang-up. The channels are this room's own, and no call's. */
export function startCodes(deps: { ari: AriCommands; clock: Clock; logger: Logger; actions: CodeActions }): CodesRoom {
  const { ari, clock, logger, actions } = deps;

  const seeTo = async ({ channelId, account }: DeskCall, dialled: Dialled): Promise<void> => {
    const prompt = await carryOut(actions, { channelId, account }, dialled).catch((error: unknown) => {
      logger.error({ err: error, code: dialled.code }, 'a dialled code could not be seen to');
      return 'code-refused' as const;
    });
    desks.tell(channelId, { type: 'answered', at: clock.now(), prompt });
    if (prompt !== null) return;
    // The dialplan's limit is for codes, not for calls.
    const limit = { variable: 'TIMEOUT(absolute)', value: 0 };
    const answer = await ari.send('POST', `/channels/${channelId}/variable`, limit);
    if (answer.ok || answer.failure === 'gone') return;
    logger.warn({ channelId, reason: answer.reason }, 'a call to the outside keeps the limit of a code');
  };

  const desks = createKeyedChannels<DeskCall, DeskInput, Dialled>({
    ...deps,
    mark: 'd',
    decide: decideDesk,
    carryOut: seeTo,
    // Whoever takes the call over must miss nothing of it.
    shared: ({ dialled }) => dialled.code === 'call',
  });

  const enter = ({ id, name, variables }: AsteriskChannel): void => {
    const account = accountOf(name);
    if (desks.owns(id)) return;
    if (account === undefined || desks.size() >= most) {
      logger.warn({ channelId: id, desks: desks.size() }, 'what was dialled on a phone is not looked at');
      void ari.send('DELETE', `/channels/${id}`);
      return;
    }
    const at = clock.now();
    desks.open(newDeskCall(id, account, readDialled(variables['SIAGA_DIALLED'] ?? ''), at), { type: 'entered', at });
  };

  return {
    owns: desks.owns,
    take(event) {
      if (event.type !== 'entered') return desks.take(event);
      if (event.arguments[0] !== 'desk') return false;
      enter(event.channel);
      return true;
    },
    stop: desks.stop,
  };
}

/** The account stands in the channel's name. */
function accountOf(channelName: string): string | undefined {
  return /^PJSIP\/(op-[A-Za-z0-9]+)-[0-9a-f]{8}$/.exec(channelName)?.[1];
}
