// What a person at the terminal sees: one line per long step on stderr, and plain words when a step fails.

/** A step that could not be done. Printed as three answers: what was tried, what happened, what to do now. */
export class StepError extends Error {
  constructor({ tried, happened, next, cause }) {
    super(`${tried}: ${happened}`, { cause });
    this.name = 'StepError';
    this.tried = tried;
    this.happened = happened;
    this.next = next;
  }
}

const quietSeconds = 2;
const plainLineEverySeconds = 5;
const running = new Set();
let ticker;

export function say(text) {
  clearLiveLine();
  process.stderr.write(`${text}\n`);
  drawLiveLine();
}

/**
 * Runs `work(update)` and shows `title` with the latest detail once it has taken two seconds.
 * On a terminal one line is redrawn; elsewhere plain lines appear now and then, so that a CI log stays readable.
 */
export async function step(title, work) {
  const state = { title, detail: '', started: Date.now(), shown: false, lastLine: 0 };
  running.add(state);
  ticker ??= setInterval(showRunning, 250).unref();
  try {
    const result = await work((detail) => {
      state.detail = detail;
    });
    running.delete(state);
    if (state.shown) say(`  ${title}: done in ${seconds(state)} s`);
    return result;
  } finally {
    running.delete(state);
    if (running.size === 0) {
      clearInterval(ticker);
      ticker = undefined;
      clearLiveLine();
    }
  }
}

/** Prints why a script stops, and gives the exit code back. */
export function explain(error) {
  clearLiveLine();
  if (error instanceof StepError) {
    process.stderr.write(`\nThis did not work: ${error.tried}\nWhat happened: ${error.happened}\n`);
    if (error.next) process.stderr.write(`What to do: ${error.next}\n`);
    return 1;
  }
  process.stderr.write(`\nUnexpected failure: ${error instanceof Error ? error.stack : String(error)}\n`);
  return 1;
}

function showRunning() {
  for (const state of running) {
    if (Date.now() - state.started < quietSeconds * 1000) continue;
    state.shown = true;
    if (process.stderr.isTTY || Date.now() - state.lastLine < plainLineEverySeconds * 1000) continue;
    state.lastLine = Date.now();
    process.stderr.write(`${describe(state)}\n`);
  }
  drawLiveLine();
}

function drawLiveLine() {
  if (!process.stderr.isTTY) return;
  const shown = [...running].filter((state) => state.shown);
  if (shown.length === 0) return;
  const text = shown
    .map(describe)
    .join(' |')
    .slice(0, (process.stderr.columns ?? 80) - 1);
  process.stderr.write(`\r\x1b[K${text}`);
}

function clearLiveLine() {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
}

function describe(state) {
  return `  ${state.title}${state.detail ? `: ${state.detail}` : ''} (${seconds(state)} s)`;
}

function seconds(state) {
  return Math.round((Date.now() - state.started) / 1000);
}
