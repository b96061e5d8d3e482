/** What a calendar and a clock on a wall show. */
interface ZonedTime {
  /** YYYY-MM-DD. */
  date: string;
  /** `mon` to `sun`. */
  weekday: string;
  /** 0 to 23. */
  hour: number;
  minute: number;
  second: number;
}

/**
 * What clocks in `timeZone` (a name of the IANA Time Zone Database) show at `at` (epoch milliseconds). Throws RangeError
 * for a zone that this platform does not know.
 */
export function zonedTime(at: number, timeZone: string): ZonedTime {
  const parts = new Map(
    formatterFor(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? '';
  return {
    date: `${part('year')}-${part('month')}-${part('day')}`,
    weekday: part('weekday').toLowerCase(),
    hour: Number(part('hour')),
    minute: Number(part('minute')),
    second: Number(part('second')),
  };
}

/** When the day began in which it is `at`, on clocks in `timeZone`. Both in epoch milliseconds. */
export function startOfDay(at: number, timeZone: string): number {
  const today = zonedTime(at, timeZone).date;
  let start = at - sinceMidnight(at, timeZone);
  // Where clocks were set since midnight, the difference is made up.
  if (zonedTime(start, timeZone).date !== today) start += 86_400_000 - sinceMidnight(start, timeZone);
  else start -= sinceMidnight(start, timeZone);
  return start;
}

function sinceMidnight(at: number, timeZone: string): number {
  const { hour, minute, second } = zonedTime(at, timeZone);
  return ((hour * 60 + minute) * 60 + second) * 1_000 + (((at % 1_000) + 1_000) % 1_000);
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** To make one takes far longer than to use it. */
function formatterFor(timeZone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(timeZone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    });
    formatters.set(timeZone, formatter);
  }
  return formatter;
}
