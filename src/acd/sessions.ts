import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { DiskCopy } from '../platform/disk-copy.ts';
import { derivedId, newId, timeOf } from '../platform/ids.ts';
import type { Logger } from '../platform/logger.ts';
import type { StoredPeople } from './desk.ts';
import type { WaitingLine } from './mailbox.ts';

const session = z.object({ id: z.string(), deskId: z.string(), beganAt: z.number() });
type Session = z.output<typeof session>;
const keptPerson = z.object({
  session: session.nullable(),
  /** Epoch milliseconds, later with every change: of two controllers' words the later one holds. */
  seatedAt: z.number().default(0),
  paused: z.object({ reason: z.string(), automatic: z.boolean() }).nullable(),
  /** The same of the pause. */
  pausedAt: z.number().default(0),
});
type KeptPerson = z.output<typeof keptPerson>;

/** Who is logged in where and who is paused, by operator; one who was never seen is not in it. */
export const keptLine = z.object({ people: z.record(z.string(), keptPerson) });
export type KeptLine = z.output<typeof keptLine>;
type People = KeptLine['people'];

export type SessionChange = Session & { operatorId: string; ended: { at: number; by: string } | null };

/**
 * Keeps on disk what the line knows of people, so that a restart logs nobody out and ends no pause. The controllers of a
 * node share the file: each takes from it what is later than its own, and adds its own.
 */
export interface SessionKeeper {
  /** Tells the line what the disk has. Once, when the line knows operators and desks. */
  restore(): Promise<void>;
  /** The line was told something. */
  changed(): void;
  /** Resolves when the line knows what other processes have written. */
  catchUp(): Promise<void>;
  stop(): Promise<void>;
}

/** Another process of the node may have changed it. */
const lookEvery = 2_000;
/** A person that was made so short a time ago was logged in by that. */
const newFor = 60_000;

export function createSessionKeeper(deps: {
  line: Pick<WaitingLine, 'logIn' | 'logOut' | 'pause' | 'resume' | 'snapshot'>;
  disk: DiskCopy<KeptLine>;
  people: () => StoredPeople;
  clock: Clock;
  logger: Logger;
  sessionChanged: (change: SessionChange) => void;
}): SessionKeeper {
  const { line, disk, people, clock, logger } = deps;
  let kept: People = {};
  /** What the file held when it was last read. */
  let onDisk: People = {};
  /** The line has had them since this process began. */
  const met = new Set<string>();
  /** They were deleted: what another process still has of them is nobody's. */
  const deleted = new Set<string>();
  /** Ids of sessions that go on. */
  const begunHere = new Set<string>();
  let ready = false;
  let busy = false;

  /**
   * Who has never been seen is logged in at his own desk; who comes to the line only now, because the list of people came
   * late, is where he was.
   */
  const welcome = (): void => {
    for (const { operator, desk } of line.snapshot().operators) {
      const late = !met.has(operator.id);
      met.add(operator.id);
      deleted.delete(operator.id);
      if (desk !== null) continue;
      const person = kept[operator.id] ?? onDisk[operator.id];
      const own = people().desks.find(({ owner }) => owner === operator.id);
      if (person === undefined) {
        if (own !== undefined) line.logIn(operator.id, own.id);
      } else if (late && person.session !== null) {
        kept = { ...kept, [operator.id]: person };
        line.logIn(operator.id, person.session.deskId);
        if (person.paused !== null) line.pause(operator.id, person.paused.reason, person.paused.automatic);
      }
    }
  };

  /** Keeps what the line has now; `told` is what it was just given from the disk. */
  const follow = (told: People = {}): void => {
    const now: People = {};
    const at = clock.now();
    for (const { operator, desk, reason, automatic } of line.snapshot().operators) {
      const paused = reason === null ? null : { reason, automatic };
      now[operator.id] = entryOf(operator.id, { deskId: desk?.id ?? null, paused }, told[operator.id], at);
    }
    for (const [id, person] of Object.entries({ ...kept, ...told })) {
      if (now[id] !== undefined) continue;
      // Without a list of people nobody was deleted; and of whom another process knows, this one may hear yet.
      if (people().operators.length === 0 || !met.has(id)) now[id] = person;
      else {
        met.delete(id);
        deleted.add(id);
        if (person.session !== null) recorded(id, person.session, null, at);
      }
    }
    if (!isDeepStrictEqual(now, kept)) kept = now;
  };

  const entryOf = (
    operatorId: string,
    is: { deskId: string | null; paused: KeptPerson['paused'] },
    told: KeptPerson | undefined,
    at: number,
  ): KeptPerson => {
    const before = kept[operatorId];
    const known = told ?? before;
    // Of nearly everybody, with every input of the line.
    if (known !== undefined && known === before && isAs(known, is)) return known;
    // What it was told and could not do is a change of its own: the other hears how it is.
    const later = (than: number | undefined): number => Math.max(at, (than ?? 0) + 1);
    const pause =
      known !== undefined && isDeepStrictEqual(known.paused, is.paused)
        ? { paused: known.paused, pausedAt: known.pausedAt }
        : { paused: is.paused, pausedAt: later(known?.pausedAt) };
    const session = before?.session ?? null;
    if (known !== undefined && (known.session?.deskId ?? null) === is.deskId) {
      // What is told was recorded by who wrote it; he may never have heard of a session that began here.
      const unheard = session !== null && session.id !== known.session?.id && begunHere.has(session.id);
      if (unheard) recorded(operatorId, session, null, at);
      return { session: known.session, seatedAt: known.seatedAt, ...pause };
    }
    const next = nextSession(operatorId, session, is.deskId, at);
    if (next?.id !== session?.id) recorded(operatorId, session, next, at);
    return { session: next, seatedAt: later(known?.seatedAt), ...pause };
  };

  const nextSession = (
    operatorId: string,
    before: Session | null,
    deskId: string | null,
    at: number,
  ): Session | null => {
    if (deskId === null) return null;
    if (before?.deskId === deskId) return before;
    // A new person's first session, at his own desk, has the same id in every process.
    const own = people().desks.some(({ id, owner }) => id === deskId && owner === operatorId);
    const madeAt = timeOf(operatorId);
    if (own && kept[operatorId] === undefined && at - madeAt < newFor) {
      return { id: derivedId('operator-session', deskId, operatorId, madeAt), deskId, beganAt: madeAt };
    }
    return { id: newId(at), deskId, beganAt: at };
  };

  const recorded = (operatorId: string, before: Session | null, next: Session | null, at: number): void => {
    if (before !== null) {
      const by = whyEnded(operatorId, before, next);
      begunHere.delete(before.id);
      deps.sessionChanged({ ...before, operatorId, ended: { at, by } });
    }
    if (next === null) return;
    begunHere.add(next.id);
    deps.sessionChanged({ ...next, operatorId, ended: null });
  };

  const whyEnded = (operatorId: string, before: Session, next: Session | null): string => {
    const { operators, desks } = people();
    if (!operators.some(({ id }) => id === operatorId)) return 'operator-deleted';
    if (!desks.some(({ id }) => id === before.deskId)) return 'desk-deleted';
    return next === null ? 'logged-out' : 'another-desk';
  };

  /** Tells the line what somebody else has written. */
  const apply = (told: People): void => {
    const seen = line.snapshot().operators;
    const differing = seen.flatMap(({ operator, desk }): [string, KeptPerson][] => {
      const person = told[operator.id];
      return person === undefined || (person.session?.deskId ?? null) === (desk?.id ?? null)
        ? []
        : [[operator.id, person]];
    });
    const moved = new Set(differing.map(([id]) => id));
    /** Of two who logged in at one desk, at two controllers, the later one sits there. */
    const outdone = seen.filter(
      ({ operator, desk }) =>
        desk !== null &&
        !moved.has(operator.id) &&
        differing.some(([, person]) => person.session?.deskId === desk.id && isSeatedLater(person, kept[operator.id])),
    );
    // Everybody out first: two may have changed desks.
    for (const id of [...moved, ...outdone.map(({ operator }) => operator.id)]) line.logOut(id);
    for (const [id, { session: wanted }] of differing) if (wanted !== null) line.logIn(id, wanted.deskId);
    for (const { operator, reason, automatic } of line.snapshot().operators) {
      const person = told[operator.id];
      if (person === undefined || isDeepStrictEqual(person.paused, reason === null ? null : { reason, automatic }))
        continue;
      if (person.paused === null) line.resume(operator.id);
      else line.pause(operator.id, person.paused.reason, person.paused.automatic);
    }
  };

  const alone = (work: () => void): void => {
    if (busy) return;
    busy = true;
    try {
      work();
    } finally {
      busy = false;
    }
  };

  /** Takes what is later on the disk, and writes what is later here. */
  const meet = async (): Promise<void> => {
    onDisk = (await disk.read())?.people ?? {};
    const news = Object.entries(onDisk)
      .filter(([id]) => !deleted.has(id))
      .map(([id, person]): [string, KeptPerson] => [id, latest(person, kept[id])])
      .filter(([id, person]) => !isDeepStrictEqual(person, kept[id]));
    if (news.length > 0) {
      const told = Object.fromEntries(news);
      alone(() => {
        apply(told);
        follow(told);
      });
    }
    if (!isDeepStrictEqual(kept, onDisk)) await disk.write({ people: kept });
  };

  let meeting: Promise<void> | null = null;
  let again = false;
  const meetDisk = (): void => {
    again = meeting !== null;
    meeting ??= meet()
      .catch((error: unknown) => logger.error({ err: error }, 'who is logged in could not be written to the disk'))
      .finally(() => {
        meeting = null;
        if (again) meetDisk();
      });
  };

  let cancel: Cancel = () => undefined;
  return {
    async restore() {
      onDisk = (await disk.read())?.people ?? {};
      alone(() => {
        kept = onDisk;
        if (people().operators.length > 0) for (const id of Object.keys(onDisk)) met.add(id);
        apply(onDisk);
        follow(onDisk);
        ready = true;
        welcome();
        follow();
      });
      meetDisk();
      cancel = clock.every(lookEvery, meetDisk);
    },
    changed() {
      if (!ready) return;
      const before = kept;
      alone(() => {
        welcome();
        follow();
      });
      if (kept !== before) meetDisk();
    },
    async catchUp() {
      meetDisk();
      for (let left = meeting; left !== null; left = meeting) await left;
    },
    async stop() {
      cancel();
      for (let left = meeting; left !== null; left = meeting) await left;
    },
  };
}

function isAs({ session, paused }: KeptPerson, is: { deskId: string | null; paused: KeptPerson['paused'] }): boolean {
  return (session?.deskId ?? null) === is.deskId && isDeepStrictEqual(paused, is.paused);
}

/** Of two words for a person the later seat, and the later pause. */
function latest(one: KeptPerson, other: KeptPerson | undefined): KeptPerson {
  const { session: seat, seatedAt } = isSeatedLater(one, other) ? one : (other ?? one);
  const { paused, pausedAt } =
    other === undefined || isLater([one.pausedAt, one.paused], [other.pausedAt, other.paused]) ? one : other;
  return { session: seat, seatedAt, paused, pausedAt };
}

function isSeatedLater(one: KeptPerson, other: KeptPerson | undefined): boolean {
  return other === undefined || isLater([one.seatedAt, one.session], [other.seatedAt, other.session]);
}

/** Of two at the same moment one holds, in every process the same. */
function isLater([at, value]: [number, unknown], [otherAt, other]: [number, unknown]): boolean {
  return at === otherAt ? JSON.stringify(value) > JSON.stringify(other) : at > otherAt;
}
