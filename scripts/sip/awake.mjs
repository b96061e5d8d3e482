/**
 * Limits of waiting that count only the time in which this process could run: a machine that stands still for seconds,
 * as virtual ones do, wakes with its timers overdue and its messages unread.
 */
const every = 25;
/** What passes beyond this between two looks was no time in which anything could have happened. */
const most = 150;

let spent = 0;
let last = performance.now();
setInterval(awakeMilliseconds, every).unref();

/** Milliseconds that this process has been able to run since it started. */
export function awakeMilliseconds() {
  const now = performance.now();
  spent += Math.min(now - last, most);
  last = now;
  return spent;
}

/** Calls `act` after so many milliseconds awake. Returns how to cancel it. */
export function afterAwake(milliseconds, act) {
  const end = awakeMilliseconds() + milliseconds;
  const timer = setInterval(() => {
    if (awakeMilliseconds() < end) return;
    clearInterval(timer);
    act();
  }, every);
  return () => clearInterval(timer);
}
