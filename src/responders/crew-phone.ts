import { asteriskDatabase } from '../asterisk/asterisk-database.ts';
import type { AriCommands } from '../asterisk/commands.ts';
import { createKeyedChannels } from '../asterisk/keyed-channels.ts';
import type { AsteriskChannel, AsteriskEvent } from '../asterisk/translate.ts';
import type { AuditLater } from '../audit/later.ts';
import { isWithheld } from '../calls/identity.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { isUnavailable, type Postgres } from '../platform/postgres.ts';
import type { Settings } from '../settings/setting.ts';
import { createCrewCheck } from './crew-check.ts';
import { decideCrewCall, newCrewCall, type CrewCall, type CrewInput, type CrewWork } from './decide-crew-call.ts';
import { keptResponderNumber } from './responder-number.ts';
import type { RespondersRoom } from './start.ts';
import { dispatchesOfNumber } from './store.ts';

export interface CrewPhone {
  /** Takes an event that concerns a crew on the telephone; false for all others. */
  readonly take: (event: AsteriskEvent) => boolean;
  /** Asterisk is there again, or settings changed: it is told the number. */
  readonly look: () => void;
  readonly stop: () => Promise<void>;
}

/** Crews at the same time: a trunk has few lines, and they are there for 112. */
const most = 10;
/** A crew reports no later than this after the dispatch. Numbers of incidents come again. */
const reportsWithin = 48 * 3_600_000;
const lookEvery = 5_000;

/** Crews that call the number of the settings and say by keys how far they are. The channels are no call's. */
export function startCrewPhone(deps: {
  readonly ari: AriCommands;
  readonly postgres: Postgres;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly auditLater: AuditLater;
  readonly settings: () => Pick<Settings, 'responderNumber'>;
  readonly connected: () => boolean;
  readonly noteByPhone: RespondersRoom['noteByPhone'];
  readonly alarm: (code: 'crew-pin-locked', detail: { agencyId: string }) => void;
}): CrewPhone {
  const { ari, postgres, clock, logger } = deps;
  const crews = createCrewCheck({
    clock,
    dispatchesOf: (number) => dispatchesOfNumber(postgres, number, clock.now() - reportsWithin),
    refused: ({ caller, number, agencyIds }) =>
      deps.auditLater({
        // Nobody knows who it was.
        principal: { tokenId: 'phone', role: 'client', name: 'phone' },
        action: 'responders.pin-refused',
        subject: 'responder-number',
        detail: { caller, number, agencyIds },
      }),
    lockedOut: (agencyId) => deps.alarm('crew-pin-locked', { agencyId }),
  });

  const outcomeOf = async (call: CrewCall, work: CrewWork): Promise<CrewInput> => {
    if (work.what === 'check') {
      const outcome = await crews.check(call.caller, work.number, work.pin);
      return { type: 'checked', at: clock.now(), outcome };
    }
    const outcome = await deps.noteByPhone(work.dispatchId, work.state);
    return { type: 'noted', at: clock.now(), outcome };
  };

  const carryOut = async (call: CrewCall, work: CrewWork): Promise<void> => {
    const input = await outcomeOf(call, work).catch((error: unknown): CrewInput => {
      if (!isUnavailable(error))
        logger.error({ err: error, what: work.what }, 'a crew on the telephone was not served');
      const type = work.what === 'check' ? 'checked' : 'noted';
      return { type, at: clock.now(), outcome: 'unavailable' };
    });
    channels.tell(call.channelId, input);
  };

  const channels = createKeyedChannels<CrewCall, CrewInput, CrewWork>({
    ...deps,
    mark: 'k',
    decide: decideCrewCall,
    carryOut,
    shared: () => false,
  });

  const enter = (channel: AsteriskChannel): void => {
    const { id } = channel;
    if (channels.owns(id)) return;
    if (channels.size() >= most) {
      logger.warn({ crews: channels.size() }, 'more crews call than are listened to');
      void ari.send('POST', `/channels/${id}/continue`, { context: 'crews', extension: 'away', priority: 1 });
      return;
    }
    const at = clock.now();
    const caller = callerOf(channel);
    channels.open(newCrewCall(id, caller, at), { type: 'entered', at, locked: crews.locked(caller) });
  };

  const database = asteriskDatabase(ari);
  let looking = false;
  const look = async (): Promise<void> => {
    if (looking || !deps.connected()) return;
    looking = true;
    const noted = await database.read('SIAGA_RESPONDER_NUMBER').finally(() => (looking = false));
    const wanted = keptResponderNumber(deps.settings().responderNumber);
    // Without the @ the dialplan has not looked yet.
    if (noted?.startsWith('@') !== true || noted === `@${wanted}`) return;
    if (!(await database.keep('responder-number', wanted))) logger.warn("Asterisk was not told the crews' number");
  };
  const lookNow = (): void => {
    look().catch((error: unknown) => logger.error({ err: error }, "looking for the crews' number failed"));
  };
  const stopLooking = clock.every(lookEvery, lookNow);

  return {
    take(event) {
      if (event.type !== 'entered') return channels.take(event);
      if (event.arguments[0] !== 'crew') return false;
      enter(event.channel);
      return true;
    },
    look: lookNow,
    async stop() {
      stopLooking();
      await channels.stop();
    },
  };
}

/**
 * An agency's desk by its account, which stands in the channel's name; anybody else by his number, empty where that is
 * withheld.
 */
export function callerOf({ name, callerNumber }: Pick<AsteriskChannel, 'name' | 'callerNumber'>): string {
  const account = /^PJSIP\/(ag-[A-Za-z0-9]+)-[0-9a-f]{8}$/.exec(name)?.[1];
  const number = callerNumber ?? '';
  return account ?? (isWithheld(number) ? '' : number);
}
