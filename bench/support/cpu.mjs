// Processor time and memory of processes, from /proc.
import { readdirSync, readFileSync } from 'node:fs';

// The kernel counts in these, whatever its own clock does (sysconf(_SC_CLK_TCK)).
const millisecondsPerTick = 10;

/**
 * Processor time so far, in milliseconds, of each part: `{ name: pid | [pid, …] }`. Children that run, and those that ended and
 * were waited for, count to their parent (PostgreSQL's backends).
 */
export function processorTime(parts) {
  const all = allProcesses();
  return Object.fromEntries(
    Object.entries(parts).map(([name, pids]) => [
      name,
      [pids].flat().reduce((sum, pid) => sum + timeOfTree(Number(pid), all), 0),
    ]),
  );
}

/** What each part took between two of processorTime, per `count` calls (or whatever was counted). */
export function timeEach(before, after, count) {
  return Object.fromEntries(Object.keys(after).map((name) => [name, (after[name] - before[name]) / count]));
}

/** Milliseconds, all processors together, in which they had nothing to do since this machine began. */
export function idleTime() {
  const [, , , , idle] = readFileSync('/proc/stat', 'utf8').split('\n')[0].split(/ +/).map(Number);
  return idle * millisecondsPerTick;
}

/** Resident memory of a process, in megabytes (1,000,000 bytes). */
export function residentMegabytes(pid) {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return (Number(kilobytes) * 1024) / 1e6;
}

function timeOfTree(root, all) {
  const own = all.get(root);
  if (!own) return 0;
  const children = [...all.entries()].filter(([, { parent }]) => parent === root);
  return own.own + own.waitedFor + children.reduce((sum, [pid]) => sum + timeOfTree(pid, all), 0);
}

function allProcesses() {
  return new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => {
        const stat = statOf(name);
        return stat ? [[Number(name), stat]] : [];
      }),
  );
}

function statOf(pid) {
  let text;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return null;
    throw error;
  }
  // The name, in brackets, may hold blanks; what follows it is proc(5)'s third field and on.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  return {
    parent: fields[1],
    own: (fields[11] + fields[12]) * millisecondsPerTick,
    waitedFor: (fields[13] + fields[14]) * millisecondsPerTick,
  };
}
