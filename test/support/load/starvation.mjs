// How long Asterisk's threads waited for a processor. Where others had it, a gap in a call is the machine's and not the
// centre's: the tests may have company on it.
import { readdirSync, readFileSync } from 'node:fs';

const lookEvery = 500;
/** Milliseconds that are looked back. */
const remembered = 6_000;

export class Starvation {
  #pid = null;
  #looks = [];
  #timer = setInterval(() => this.#look(), lookEvery);

  watch(pid) {
    this.#pid = pid;
    this.#looks = [];
  }

  /** The longest that one thread has waited in the last so many milliseconds, in milliseconds; 0 when that is not known. */
  inLast(milliseconds) {
    this.#look();
    const latest = this.#looks.at(-1);
    const from = performance.now() - milliseconds;
    const first = this.#looks.findLast(({ at }) => at <= from) ?? this.#looks[0];
    if (latest === undefined || first === undefined) return 0;
    const waits = [...latest.waits].map(([thread, wait]) => wait - (first.waits.get(thread) ?? wait));
    return Math.round(Math.max(0, ...waits));
  }

  stop() {
    clearInterval(this.#timer);
  }

  #look() {
    if (this.#pid === null) return;
    const at = performance.now();
    this.#looks = this.#looks.filter((look) => at - look.at < remembered);
    this.#looks.push({ at, waits: waitsOf(this.#pid) });
  }
}

/** Milliseconds that each thread has waited since it began (the second figure of its schedstat, in nanoseconds). */
function waitsOf(pid) {
  const waits = new Map();
  for (const thread of list(`/proc/${pid}/task`)) {
    const figures = read(`/proc/${pid}/task/${thread}/schedstat`);
    if (figures !== null) waits.set(thread, Number(figures.split(' ')[1]) / 1e6);
  }
  return waits;
}

/** A thread that ends while it is looked at, and a kernel that does not count, tell nothing. */
function list(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
