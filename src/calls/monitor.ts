/** What a supervisor on a call does: he hears both, speaks to the operator alone, or speaks to everybody. */
export type MonitorMode = 'listen' | 'whisper' | 'barge';

/** A supervisor on a call, from the wish for him to his going. Times are epoch milliseconds. */
export interface Monitor {
  /** Also the id of the request that reserves him in the waiting line. */
  readonly id: string;
  /** Who listens; null while the line looks for any supervisor. */
  operatorId: string | null;
  assignmentId: string | null;
  mode: MonitorMode;
  /** His phone's leg. */
  readonly channelId: string;
  /** The channel by which he hears, and whose sound it has; both null while he is in the call's own bridge. */
  snoopId: string | null;
  snooped: string | null;
  /** The bridge in which he is alone with what he hears; null while he is in the call's own. */
  bridgeId: string | null;
  state: 'reserving' | 'ringing' | 'entered' | 'joined';
  /** Channels that were told to join, or to come, and of which nobody has said yet that they are in. */
  awaited: string[];
  /** He becomes the call's operator as soon as he is in its bridge. */
  takesOver: boolean;
  /** An operator asked for him. */
  assist: boolean;
  /** The operator or token who asked for him. */
  readonly by: string;
  readonly since: number;
}

/** Supervisors on one call at the same time, at most. */
export const monitorsAtOnce = 4;

export function newMonitor(seed: {
  id: string;
  operatorId: string | null;
  mode: MonitorMode;
  channelId: string;
  assist: boolean;
  by: string;
  since: number;
}): Monitor {
  return {
    ...seed,
    assignmentId: null,
    snoopId: null,
    snooped: null,
    bridgeId: null,
    state: 'reserving',
    awaited: [],
    takesOver: false,
  };
}

/** Legs of supervisors who are in the call's bridge (`joined`), or on their way into it as well. */
export function bargingLegs(monitors: readonly Monitor[], among: 'joined' | 'all'): string[] {
  return monitors
    .filter(({ mode, state }) => mode === 'barge' && (state === 'joined' || (among === 'all' && state === 'entered')))
    .map(({ channelId }) => channelId);
}

/** The monitor that a channel belongs to: a supervisor's leg, or what he hears by. */
export function monitorOf(monitors: readonly Monitor[], channelId: string): Monitor | undefined {
  return monitors.find((one) => one.channelId === channelId || one.snoopId === channelId);
}

/** Every channel that there is, or may be, of a call's monitors. */
export function monitorChannels(monitors: readonly Monitor[]): string[] {
  return monitors.flatMap(({ state, channelId, snoopId }) => [
    ...(state === 'reserving' ? [] : [channelId]),
    ...(snoopId === null ? [] : [snoopId]),
  ]);
}
