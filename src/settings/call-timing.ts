import type { CallTiming } from '../calls/call.ts';
import type { Settings } from './setting.ts';

/** What a call takes from the settings as it arrives; later edits are for later calls. */
export function callTiming(settings: Settings): CallTiming {
  return {
    operatorRing: settings.operatorRingSeconds * 1_000,
    join: 2_000,
    comfort: settings.comfortSeconds * 1_000,
    lineCheck: 5_000,
    hold: settings.holdSeconds * 1_000,
  };
}
