import type { Ladder, Progress, SopClock } from './sop-clock.ts';

/** What a look at a clock comes to. */
export interface ClockStep {
  readonly clock: SopClock;
  /** What the timeline is told, at most one of each. */
  readonly events: readonly ('sop.warning' | 'sop.overdue')[];
  /** Who is told now that the agency is late. */
  readonly tell: readonly string[];
}

/** A warning comes when this part of the time has gone. */
const warnAt = 0.7;

/**
 * Looks at a clock. Accept counts from the first ring; depart and arrive from when a person of the agency undertook to send
 * somebody. Looking twice, late, or in another process changes nothing that was decided: every recipient is told once.
 */
export function decideClock(before: SopClock, progress: Progress, ladder: Ladder, at: number): ClockStep {
  if (before.endedAt !== null) return { clock: before, events: [], tell: [] };
  const clock = started(before, progress);
  const stoppedAt = stopOf(clock, progress);
  if (stoppedAt !== null) return stopped(clock, stoppedAt);
  if (progress.calledOffAt !== null) {
    const state = clock.state === 'overdue' ? 'overdue' : 'cancelled';
    return { clock: { ...clock, state, nextAt: null, endedAt: progress.calledOffAt }, events: [], tell: [] };
  }
  if (clock.startedAt === null || clock.dueAt === null || clock.nextAt === null || clock.nextAt > at) {
    return { clock, events: [], tell: [] };
  }
  if (clock.state !== 'overdue' && clock.dueAt > at) {
    return { clock: { ...clock, state: 'warned', nextAt: clock.dueAt }, events: ['sop.warning'], tell: [] };
  }
  return climb(clock, ladder, at);
}

function started(clock: SopClock, progress: Progress): SopClock {
  if (clock.startedAt !== null) return clock;
  const startedAt = clock.clock === 'accept' ? progress.begunAt : progress.undertakenAt;
  if (startedAt === null) return clock;
  const limit = clock.seconds * 1_000;
  return {
    ...clock,
    startedAt,
    dueAt: startedAt + limit,
    state: 'running',
    nextAt: startedAt + Math.round(limit * warnAt),
  };
}

function stopOf({ clock }: SopClock, progress: Progress): number | null {
  switch (clock) {
    case 'accept':
      return progress.acceptedAt;
    case 'depart':
      return progress.departedAt;
    case 'arrive':
      return progress.arrivedAt;
  }
}

/** Too late is overdue, also when nobody had looked in between. */
function stopped(clock: SopClock, stoppedAt: number): ClockStep {
  const late = clock.state === 'overdue' || (clock.dueAt !== null && stoppedAt > clock.dueAt);
  return {
    clock: { ...clock, state: late ? 'overdue' : 'kept', nextAt: null, endedAt: stoppedAt },
    events: late && clock.state !== 'overdue' ? ['sop.overdue'] : [],
    tell: [],
  };
}

/** The next contact, or all leaders once no contact is left. */
function climb(clock: SopClock, { contacts, leaders, every }: Ladder, at: number): ClockStep {
  const contact = contacts.find((id) => !clock.told.includes(id));
  const tell = contact === undefined ? [...new Set(leaders)].filter((id) => !clock.told.includes(id)) : [contact];
  const told = [...clock.told, ...tell];
  const more = contact !== undefined && [...contacts, ...leaders].some((id) => !told.includes(id));
  return {
    clock: { ...clock, state: 'overdue', told, nextAt: more ? at + every : null },
    events: clock.state === 'overdue' ? [] : ['sop.overdue'],
    tell,
  };
}
