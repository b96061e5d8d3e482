import type { Clock } from '../../platform/clock.ts';
import type { Progress } from './import-run.ts';

/** A terminal, or whatever stands in for one (a log). */
interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const terminalEveryMs = 250;
const logEveryMs = 5_000;
const barWidth = 24;

/** Shows how far an import is: a line that is drawn anew on a terminal, a line every few seconds elsewhere. */
export function showProgress(
  screen: Screen,
  clock: Clock,
  size: number,
): { note(progress: Progress): void; end(): void } {
  let latest: Progress | undefined;
  const onTerminal = screen.isTTY === true;
  const draw = (): void => {
    if (latest === undefined) return;
    const text = describe(latest, size);
    screen.write(onTerminal ? `\r\x1b[K${text.slice(0, (screen.columns ?? 80) - 1)}` : `${text}\n`);
  };
  const cancel = clock.every(onTerminal ? terminalEveryMs : logEveryMs, draw);
  return {
    note: (progress) => (latest = progress),
    end() {
      cancel();
      if (onTerminal) screen.write('\r\x1b[K');
    },
  };
}

/** One line; without a percentage where the size (bytes) is not known, as of a pipe. */
function describe({ phase, bytes, rows }: Progress, size: number): string {
  const counted = `${rows.toLocaleString('en')} rows`;
  if (phase === 'comparing') return `comparing ${counted} with what is stored`;
  if (phase !== 'reading') return `storing what is new of ${counted}`;
  if (size === 0) return `reading: ${counted}`;
  const share = Math.min(1, bytes / size);
  const bar = '#'.repeat(Math.round(share * barWidth)).padEnd(barWidth, '.');
  return `[${bar}] ${Math.floor(share * 100)} %, ${counted} read`;
}
