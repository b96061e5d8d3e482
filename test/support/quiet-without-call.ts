import type { AriCommands } from '../../src/asterisk/commands.ts';
import { startWithoutCall, type WithoutCallDeps, type WithoutCallRoom } from '../../src/dispatch/without-call/start.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { defaultSettings } from '../../src/settings/setting.ts';

const nothing = (): void => undefined;
const obedient: AriCommands = {
  send: () => Promise.resolve({ ok: true, status: 200, body: null }),
  close: () => Promise.resolve(),
};

/** Dispatches without a call over an Asterisk that does all it is told and tells nothing. */
export function quietWithoutCall(
  deps: Pick<WithoutCallDeps, 'application' | 'postgres' | 'clock'> & Partial<WithoutCallDeps>,
): WithoutCallRoom {
  return startWithoutCall({
    ari: obedient,
    logger: createLogger('silent'),
    settings: () => defaultSettings,
    held: () => false,
    connected: () => true,
    line: { reserve: nothing, outcome: nothing },
    ringAgency: () => Promise.resolve({ result: 'taken' }),
    sayable: (prompts) => [...prompts],
    notify: nothing,
    notifyAgency: nothing,
    cameOf: () => Promise.resolve([]),
    recorded: nothing,
    synced: () => Promise.resolve(true),
    alarm: nothing,
    ...deps,
  });
}
