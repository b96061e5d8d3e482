/** A call that has had its answer, or whose caller hung up before. Times are epoch milliseconds. */
export interface HandledCall {
  callId: string;
  arrivedAt: number;
  /** When somebody first talked with the caller, or when he hung up. */
  at: number;
  answered: boolean;
}

/** The share of calls that is to be answered within so many seconds. */
export interface ServiceTarget {
  percent: number;
  seconds: number;
}

interface ServiceLevel extends ServiceTarget {
  answeredWithin: number;
  answered: number;
  /** Nothing was answered: nothing was missed. */
  met: boolean;
}

export interface ServicePicture {
  levels: ServiceLevel[];
  abandoned: number;
}

/**
 * How the calls were served whose wait ended from `from` on: the wait is from arrival to the first talk. Callers who hung up
 * before are counted apart, as NENA-STA-020.1 does.
 */
export function servicePicture(
  calls: Iterable<HandledCall>,
  from: number,
  targets: readonly ServiceTarget[],
): ServicePicture {
  const waits: number[] = [];
  let abandoned = 0;
  for (const { at, arrivedAt, answered } of calls) {
    if (at < from) continue;
    if (answered) waits.push(at - arrivedAt);
    else abandoned += 1;
  }
  const levels = targets.map(({ percent, seconds }) => {
    const answeredWithin = waits.filter((wait) => wait <= seconds * 1_000).length;
    const met = answeredWithin * 100 >= percent * waits.length;
    return { percent, seconds, answeredWithin, answered: waits.length, met };
  });
  return { levels, abandoned };
}
