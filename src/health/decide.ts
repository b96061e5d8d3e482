import { isMode, modes, type Mode, type ModeNow, type Seen } from './mode.ts';

/** What is remembered of one mode. */
interface Remembered {
  /** Seen without a break since then. */
  readonly seenSince: number | null;
  /** Not seen without a break since then. */
  readonly unseenSince: number | null;
  /** Told to have begun, and not yet to have ended. */
  readonly since: number | null;
  /** When it was told to begin, of late. */
  readonly begins: readonly number[];
}

export type ModeState = Readonly<Partial<Record<Mode, Remembered>>>;

/** What is to be told. */
export type ModeChange = ModeNow & ({ readonly type: 'mode.began' } | { readonly type: 'mode.ended'; until: number });

export const noModes: ModeState = {};

/** A mode that is not seen for so long has ended; twice as long for each time it began of late. */
export const calmFirst = 5_000;
export const calmMost = 60_000;
export const ofLate = 600_000;

const fresh: Remembered = { seenSince: null, unseenSince: null, since: null, begins: [] };

/**
 * Takes one look: a mode begins once it was seen long enough, and ends once it was away long enough, the longer the more
 * often it has come back, so that what comes and goes is told as one.
 */
export function decideModes(state: ModeState, seen: Seen, at: number): { state: ModeState; told: ModeChange[] } {
  const next: Partial<Record<Mode, Remembered>> = { ...state };
  const told: ModeChange[] = [];
  for (const [mode, isSeen] of Object.entries(seen)) {
    if (!isMode(mode)) continue;
    const before = state[mode] ?? fresh;
    const after = isSeen ? whenSeen(mode, before, at) : whenUnseen(before, at);
    next[mode] = after;
    const { meaning } = modes[mode];
    if (before.since === null && after.since !== null) {
      told.push({ type: 'mode.began', mode, since: after.since, meaning });
    } else if (before.since !== null && after.since === null) {
      told.push({ type: 'mode.ended', mode, since: before.since, meaning, until: after.unseenSince ?? at });
    }
  }
  return { state: next, told };
}

function whenSeen(mode: Mode, before: Remembered, at: number): Remembered {
  const seenSince = before.seenSince ?? at;
  const seen = { ...before, seenSince, unseenSince: null };
  if (before.since !== null || at - seenSince < modes[mode].beginsAfter) return seen;
  return { ...seen, since: seenSince, begins: [...lately(before.begins, at), at] };
}

function whenUnseen(before: Remembered, at: number): Remembered {
  const unseenSince = before.unseenSince ?? at;
  const unseen = { ...before, seenSince: null, unseenSince };
  if (before.since === null || at - unseenSince < calmOf(lately(before.begins, at).length)) return unseen;
  return { ...unseen, since: null };
}

const lately = (begins: readonly number[], at: number): number[] => begins.filter((begun) => at - begun < ofLate);

const calmOf = (times: number): number => Math.min(calmMost, calmFirst * 2 ** Math.max(0, times - 1));

/** The modes that hold, the longest first. */
export function modesOf(state: ModeState): ModeNow[] {
  return Object.entries(state)
    .flatMap(([mode, { since }]) =>
      since === null || !isMode(mode) ? [] : [{ mode, since, meaning: modes[mode].meaning }],
    )
    .sort((one, other) => one.since - other.since);
}
