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
