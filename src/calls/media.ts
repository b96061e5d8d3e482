import type { Call } from './call.ts';
import { monitorOf } from './monitor.ts';

/**
 * What is known of whether media come from those who talk on a call. That RTP stops is told by nobody: packets are counted.
 * Times in epoch milliseconds.
 */
export interface Media {
  /** When packets were last asked for; null before the first time. */
  lookedAt: number | null;
  legs: MediaLeg[];
}

export interface MediaLeg {
  readonly channelId: string;
  /** Since when nothing is known to have come: the count moved then, or he began to talk. */
  since: number;
  /** He talks, and nobody's hold stands between: only then is he looked at. */
  watched: boolean;
  /** The latest count; null before the first. */
  packets: number | null;
  /** It was told that his media stopped, and not yet that they returned. */
  stopped: boolean;
  /** How often his media stopped and returned by themselves. */
  pauses: number;
}

export const mediaRoles = ['caller', 'operator', 'party', 'supervisor', 'agency'] as const;

/** Whose leg it is: `id` of the operator, supervisor or agency; null for the caller and for somebody outside. */
export function ownerOf(call: Call, channelId: string): { leg: (typeof mediaRoles)[number]; id: string | null } {
  if (channelId === call.channelId) return { leg: 'caller', id: null };
  if (channelId === call.operator?.channelId) return { leg: 'operator', id: call.operator.operatorId };
  const party = call.parties.find((one) => one.channelId === channelId);
  if (party !== undefined) return { leg: 'party', id: party.operatorId };
  const monitor = monitorOf(call.monitors, channelId);
  if (monitor !== undefined) return { leg: 'supervisor', id: monitor.operatorId };
  return { leg: 'agency', id: agencyOf(call, channelId) };
}

/** The legs that talk and of which nothing comes. */
export function stoppedLegs(call: Call): MediaLeg[] {
  return call.endedAt === null ? (call.media?.legs ?? []).filter((leg) => leg.stopped) : [];
}

function agencyOf({ dispatches }: Call, channelId: string): string | null {
  const dispatch = dispatches.find(({ attempts }) => attempts.some((attempt) => attempt.channelId === channelId));
  return dispatch?.agencyId ?? null;
}
