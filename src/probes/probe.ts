/** How far a made-up call through a carrier's way came. */
export interface ProbeProgress {
  /** Asterisk took the originate: the INVITE goes out. */
  sent: boolean;
  /** It was offered to the controllers. */
  offered: boolean;
  /** It is in the hands of this controller. */
  claimed: boolean;
  /** Who plays the citizen was answered. */
  answered: boolean;
  /** Packets that the citizen heard, and that were heard of him. */
  heardByCitizen: number;
  heardOfCitizen: number;
}

export const probeFailures = [
  'not-sent',
  'not-offered',
  'not-claimed',
  'not-answered',
  'not-heard-by-citizen',
  'citizen-not-heard',
] as const;
export type ProbeFailure = (typeof probeFailures)[number];

export const newProgress = (): ProbeProgress => ({
  sent: false,
  offered: false,
  claimed: false,
  answered: false,
  heardByCitizen: 0,
  heardOfCitizen: 0,
});

/** Where it ended, when its time was over; null: it came through. */
export function failureOf(progress: ProbeProgress): ProbeFailure | null {
  if (!progress.sent) return 'not-sent';
  if (!progress.offered) return 'not-offered';
  if (!progress.claimed) return 'not-claimed';
  if (!progress.answered) return 'not-answered';
  if (progress.heardByCitizen === 0) return 'not-heard-by-citizen';
  return progress.heardOfCitizen === 0 ? 'citizen-not-heard' : null;
}

/** How a carrier's way does, as far as made-up calls tell. Times in epoch milliseconds. */
export interface ProbeHealth {
  readonly carrier: string;
  readonly at: number;
  /** Since when it comes through, or does not. */
  readonly since: number;
  readonly failure: ProbeFailure | null;
  readonly milliseconds: number;
}

/** What is told of a probe: its first failure, and that it comes through again. */
export function afterProbe(
  before: ProbeHealth | undefined,
  result: Omit<ProbeHealth, 'since'>,
): { health: ProbeHealth; alarm: 'probe-failed' | 'probe-well' | null } {
  const failed = result.failure !== null;
  const failedBefore = before !== undefined && before.failure !== null;
  const same = before !== undefined && failed === failedBefore;
  const health = { ...result, since: same ? before.since : result.at };
  if (same || (before === undefined && !failed)) return { health, alarm: null };
  return { health, alarm: failed ? 'probe-failed' : 'probe-well' };
}

/** Whether this controller is the one that probes: of those that are connected, none has a lower rank. */
export function leads(applications: readonly string[], own: { node: string; rank: number }): boolean {
  const prefix = `siaga-${own.node}-`;
  return !applications.some((name) => {
    const rank = name.startsWith(prefix) ? /^(\d+)-\d+-[0-9a-z]+$/.exec(name.slice(prefix.length))?.[1] : undefined;
    return rank !== undefined && Number(rank) < own.rank;
  });
}
