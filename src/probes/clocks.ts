/** What another machine's clock said. All in milliseconds. */
export interface Reading {
  /** Who said so: `postgres`, `redis`. */
  readonly against: string;
  /** By how much our machine's clock is ahead of it. */
  readonly ahead: number;
  /** Half of the time that its answer took: no more can be known. */
  readonly doubt: number;
}

/** The reading that says most clearly that our clock is off by more than the limit; null: none does. */
export function clockOff(readings: readonly Reading[], limit: number): Reading | null {
  const sure = ({ ahead, doubt }: Reading): number => Math.abs(ahead) - doubt;
  const off = readings.filter((reading) => sure(reading) > limit);
  return off.reduce<Reading | null>((most, one) => (most === null || sure(one) > sure(most) ? one : most), null);
}

/**
 * What is told after a look. Twice in a row: a clock that is just being set is none that is off. Where nobody could be asked,
 * nothing is known, and nothing is told.
 */
export function afterLook(
  before: { readonly looksOff: number; readonly told: boolean },
  found: { readonly asked: boolean; readonly off: boolean },
): { looksOff: number; told: boolean; alarm: 'clock-off' | 'clock-well' | null } {
  if (!found.asked) return { ...before, alarm: null };
  if (!found.off) return { looksOff: 0, told: false, alarm: before.told ? 'clock-well' : null };
  const looksOff = before.looksOff + 1;
  const tells = looksOff >= 2 && !before.told;
  return { looksOff, told: before.told || tells, alarm: tells ? 'clock-off' : null };
}
