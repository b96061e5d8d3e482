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

export interface ServiceLevel extends ServiceTarget {
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

/** When the day began in which it is `at`, on clocks in `timeZone`. Both in epoch milliseconds. */
export function startOfDay(at: number, timeZone: string): number {
  const today = dayIn(at, timeZone);
  let start = at - sinceMidnight(at, timeZone);
  // Where clocks were set since midnight, the difference is made up.
  if (dayIn(start, timeZone) !== today) start += 86_400_000 - sinceMidnight(start, timeZone);
  else start -= sinceMidnight(start, timeZone);
  return start;
}

function parts(at: number, timeZone: string): Map<string, string> {
  return new Map(
    formatterFor(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
}

function dayIn(at: number, timeZone: string): string {
  const found = parts(at, timeZone);
  return ['year', 'month', 'day'].map((part) => found.get(part)).join('-');
}

function sinceMidnight(at: number, timeZone: string): number {
  const found = parts(at, timeZone);
  const [hours = 0, minutes = 0, seconds = 0] = ['hour', 'minute', 'second'].map((part) => Number(found.get(part)));
  return ((hours * 60 + minutes) * 60 + seconds) * 1_000 + (((at % 1_000) + 1_000) % 1_000);
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterFor(timeZone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(timeZone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    });
    formatters.set(timeZone, formatter);
  }
  return formatter;
}
