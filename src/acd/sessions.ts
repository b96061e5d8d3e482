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
  paused: z.object({ reason: z.string(), automatic: z.boolean() }).nullable(),
});
type KeptPerson = z.output<typeof keptPerson>;

/** Who is logged in where and who is paused, by operator; one who was never seen is not in it. */
export const keptLine = z.object({ people: z.record(z.string(), keptPerson) });
export type KeptLine = z.output<typeof keptLine>;

export type SessionChange = Session & { operatorId: string; ended: { at: number; by: string } | null };

/** Keeps on disk what the line knows of people, so that a restart logs nobody out and ends no pause. */
export interface SessionKeeper {
  /** Tells the line what the disk has. Once, when the line knows operators and desks. */
  restore(): Promise<void>;
  /** The line was told something. */
  changed(): void;
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
  let kept: KeptLine['people'] = {};
  /** What the file held when it was last read or written. */
  let onDisk: KeptLine['people'] = {};
  /** The line has had them since this process began. */
  const met = new Set<string>();
  let ready = false;
  let busy = false;
  let writing: Promise<void> | null = null;

  const isWriting = (): boolean => writing !== null;

  const write = (): void => {
    if (writing !== null || isDeepStrictEqual(kept, onDisk)) return;
    const now = kept;
    onDisk = now;
    writing = disk
      .write({ people: now })
      .catch((error: unknown) => logger.error({ err: error }, 'who is logged in could not be written to the disk'))
      .finally(() => {
        writing = null;
        write();
      });
  };

  /**
   * Who has never been seen is logged in at his own desk; who comes to the line only now, because the list of people came
   * late, is where he was.
   */
  const welcome = (): void => {
    for (const { operator, desk } of line.snapshot().operators) {
      const late = !met.has(operator.id);
      met.add(operator.id);
      if (desk !== null) continue;
      const person = kept[operator.id];
      const own = people().desks.find(({ owner }) => owner === operator.id);
      if (person === undefined) {
        if (own !== undefined) line.logIn(operator.id, own.id);
      } else if (late && person.session !== null) {
        line.logIn(operator.id, person.session.deskId);
        if (person.paused !== null) line.pause(operator.id, person.paused.reason, person.paused.automatic);
      }
    }
  };

  const follow = (told: KeptLine['people'] | null): void => {
    const now: KeptLine['people'] = {};
    const at = clock.now();
    for (const { operator, desk, reason, automatic } of line.snapshot().operators) {
      const before = kept[operator.id];
      const paused = reason === null ? null : { reason, automatic };
      const next = nextSession(operator.id, before?.session ?? null, desk?.id ?? null, told, at);
      now[operator.id] = { session: next, paused };
      if (told === null && next?.id !== before?.session?.id) recorded(operator.id, before?.session ?? null, next, at);
    }
    const gone = Object.entries(kept).filter(([id]) => now[id] === undefined);
    for (const [id, person] of gone) {
      met.delete(id);
      // With no list of people there is nobody who was deleted.
      if (people().operators.length === 0) now[id] = person;
      else if (person.session !== null) recorded(id, person.session, null, at);
    }
    if (!isDeepStrictEqual(now, kept)) kept = now;
    if (told === null) write();
  };

  const nextSession = (
    operatorId: string,
    before: Session | null,
    deskId: string | null,
    told: KeptLine['people'] | null,
    at: number,
  ): Session | null => {
    if (deskId === null) return null;
    if (before?.deskId === deskId) return before;
    const known = told?.[operatorId]?.session;
    if (known?.deskId === deskId) return known;
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
      deps.sessionChanged({ ...before, operatorId, ended: { at, by } });
    }
    if (next !== null) deps.sessionChanged({ ...next, operatorId, ended: null });
  };

  const whyEnded = (operatorId: string, before: Session, next: Session | null): string => {
    const { operators, desks } = people();
    if (!operators.some(({ id }) => id === operatorId)) return 'operator-deleted';
    if (!desks.some(({ id }) => id === before.deskId)) return 'desk-deleted';
    return next === null ? 'logged-out' : 'another-desk';
  };

  /** Tells the line what somebody else has written. */
  const apply = (told: KeptLine['people']): void => {
    const seen = line.snapshot().operators;
    const differing = seen.flatMap(({ operator, desk }): [string, KeptPerson][] => {
      const person = told[operator.id];
      return person === undefined || (person.session?.deskId ?? null) === (desk?.id ?? null)
        ? []
        : [[operator.id, person]];
    });
    // Everybody out first: two may have changed desks.
    for (const [id] of differing) line.logOut(id);
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

  const look = async (): Promise<void> => {
    if (isWriting()) return;
    const before = onDisk;
    const found = await disk.read();
    // What was written meanwhile is newer than what was read.
    if (found === undefined || isWriting() || onDisk !== before || isDeepStrictEqual(found.people, onDisk)) return;
    alone(() => {
      onDisk = found.people;
      apply(found.people);
      follow(found.people);
    });
  };

  let cancel: Cancel = () => undefined;
  return {
    async restore() {
      const found = await disk.read();
      alone(() => {
        if (found !== undefined) {
          onDisk = found.people;
          kept = found.people;
          apply(found.people);
          follow(found.people);
        }
        ready = true;
        welcome();
        follow(null);
      });
      cancel = clock.every(lookEvery, () => void look());
    },
    changed() {
      if (!ready) return;
      alone(() => {
        welcome();
        follow(null);
      });
    },
    async stop() {
      cancel();
      for (let left = writing; left !== null; left = writing) await left;
    },
  };
}
