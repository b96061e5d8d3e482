// npm does not hand a SIGTERM on to the script it runs: the script notices that its parent is gone.

/** Calls `stop` once when the process that started this one has ended. Nobody reads its output then. */
export function whenOrphaned(stop) {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
    stop();
  }, 500);
  timer.unref();
}
