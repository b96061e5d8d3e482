/** A call that has had its answer, or whose caller hung up before. Times are epoch milliseconds. */
export interface HandledCall {
  callId: string;
  arrivedAt: number;
  /** When somebody first talked with the caller, or when he hung up. */
  at: number;
  answered: boolean;
}

/** How many calls were answered, by how long they waited, and how many were not. */
export interface ServiceTally {
  /** By whole seconds, a part of one counted as one: who waited 15.2 seconds was not answered within 15. */
  answered: ReadonlyMap<number, number>;
  abandoned: number;
}

/** The share of calls that is to be answered within so many seconds. */
export interface ServiceTarget {
  percent: number;
  seconds: number;
}

interface ServiceLevel extends ServiceTarget {
  answeredWithin: number;
  answered: number;
  /** Null: nothing was answered. */
  met: boolean | null;
}

export interface ServicePicture {
  levels: ServiceLevel[];
  abandoned: number;
}

export const nobodyYet: ServiceTally = { answered: new Map(), abandoned: 0 };

/** Calls whose wait ended from `from` on, and those that are counted already: the wait is from arrival to the first talk. */
export function tallyOf(calls: Iterable<HandledCall>, from: number, counted = nobodyYet): ServiceTally {
  const answered = new Map(counted.answered);
  let { abandoned } = counted;
  for (const call of calls) {
    if (call.at < from) continue;
    const seconds = Math.max(0, Math.ceil((call.at - call.arrivedAt) / 1_000));
    if (call.answered) answered.set(seconds, (answered.get(seconds) ?? 0) + 1);
    else abandoned += 1;
  }
  return { answered, abandoned };
}

/** How calls were served. Callers who hung up before are counted apart, as NENA-STA-020.1 does. */
export function servicePicture(
  { answered, abandoned }: ServiceTally,
  targets: readonly ServiceTarget[],
): ServicePicture {
  const countWithin = (limit: number): number =>
    [...answered].reduce((sum, [seconds, count]) => (seconds <= limit ? sum + count : sum), 0);
  const all = countWithin(Infinity);
  const levels = targets.map(({ percent, seconds }) => {
    const answeredWithin = countWithin(seconds);
    const met = all === 0 ? null : answeredWithin * 100 >= percent * all;
    return { percent, seconds, answeredWithin, answered: all, met };
  });
  return { levels, abandoned };
}
