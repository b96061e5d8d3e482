import { readdirSync, readFileSync } from 'node:fs';
import type { ProcessHandle } from '../../../scripts/runtime.mjs';

/** Kills a process (SIGKILL), and returns when it is gone. */
export async function killed(handle: ProcessHandle): Promise<void> {
  handle.kill('SIGKILL');
  await handle.exited;
}

/** Freezes processes with whatever they started (PostgreSQL has a process for each session), and lets them go again. */
export function frozen(): { stop: (...handles: ProcessHandle[]) => void; go: () => void } {
  const pids: number[] = [];
  return {
    stop(...handles) {
      for (const { pid } of handles) {
        // The parent first: it starts no other child then.
        pids.push(pid);
        process.kill(pid, 'SIGSTOP');
        for (const child of childrenOf(pid)) {
          pids.push(child);
          process.kill(child, 'SIGSTOP');
        }
      }
    },
    go() {
      for (const pid of pids.splice(0)) process.kill(pid, 'SIGCONT');
    },
  };
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === parent)
    .map(Number);
}

function parentOf(pid: string): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return null; // it has ended since the folder was read
  }
}
