import { readFile, stat } from 'node:fs/promises';
import { everyTurn } from '../platform/every-turn.ts';
import { codeOf } from '../platform/errors.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';

/** What watch-recordings.sh has written: whether recordings begin, whether those that ran were stopped, and the room. */
export interface RecordingState {
  readonly state: 'on' | 'off' | 'stopped';
  readonly freeMegabytes: number;
}

/** Null when it is not of that form. */
export function readRecordingState(text: string): RecordingState | null {
  const [, state, free] = /^(on|off|stopped) (\d+)\n/.exec(text) ?? [];
  if (state !== 'on' && state !== 'off' && state !== 'stopped') return null;
  return { state, freeMegabytes: Number(free) };
}

/** Whether Asterisk records. */
export interface RecordingWatch {
  /** `unknown` when nothing new was written for 20 s; null when nothing is written at all: no file is set. */
  readonly state: () => 'up' | 'stopped' | 'unknown' | null;
  /** How much room there is, and whether recordings that ran were stopped, while none begins. */
  readonly stopped: () => { freeMegabytes: number; running: boolean } | null;
  readonly stop: () => void;
}

const lookEvery = 2_000;
const staleAfter = 20_000;

/** Watches the file in which Asterisk's side writes whether recordings are made. Without a file nothing is watched. */
export function watchRecording(deps: { file: string | undefined; clock: Clock; logger: Logger }): RecordingWatch {
  const { file, clock, logger } = deps;
  let last: RecordingState | null = null;
  let written = 0;
  let newAt = clock.monotonic();

  const look = async (path: string): Promise<void> => {
    const { mtimeMs } = await stat(path);
    if (mtimeMs === written) return;
    const read = readRecordingState(await readFile(path, 'utf8'));
    if (read === null) return;
    last = read;
    written = mtimeMs;
    newAt = clock.monotonic();
  };
  const failed = (error: unknown): void => {
    // Asterisk may not have begun to write.
    if (codeOf(error) !== 'ENOENT') logger.warn({ err: error, file }, 'what is written of recordings cannot be read');
  };
  const stop = file === undefined ? (): void => undefined : everyTurn(clock, lookEvery, () => look(file), failed);

  // On a disk that is full nothing new can be written of it.
  const stopped = (): RecordingState | null => (last !== null && last.state !== 'on' ? last : null);
  return {
    state() {
      if (file === undefined) return null;
      if (stopped() !== null) return 'stopped';
      return clock.monotonic() - newAt < staleAfter ? 'up' : 'unknown';
    },
    stopped() {
      const now = stopped();
      return now === null ? null : { freeMegabytes: now.freeMegabytes, running: now.state === 'off' };
    },
    stop,
  };
}
