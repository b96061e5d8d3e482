import type { CallTiming } from '../calls/call.ts';
import type { Settings } from './setting.ts';

/** What a call takes from the settings as it arrives; later edits are for later calls. */
export function callTiming(settings: Settings, queueId = '112'): CallTiming {
  const times = settings.queues.find(({ id }) => id === queueId)?.times;
  return {
    operatorRing: (times?.operatorRingSeconds ?? settings.operatorRingSeconds) * 1_000,
    join: 2_000,
    comfort: (times?.comfortSeconds ?? settings.comfortSeconds) * 1_000,
    lineCheck: 5_000,
    announcePosition: times?.announcePosition ?? settings.announcePosition,
    silence: settings.silenceSeconds * 1_000,
    silentQuestion: settings.silentQuestion,
    hold: settings.holdSeconds * 1_000,
    mediaStops: settings.mediaStopsSeconds * 1_000,
  };
}
