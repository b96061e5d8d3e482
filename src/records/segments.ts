import type { JournalPosition } from '../platform/journal.ts';

/**
 * How far each journal file was read into memory and projected. A file is done with when both have reached its end and no
 * call under way has its last state in it.
 */
export interface Segments {
  /** Notes an entry of our own. Answers whether all before it were read, so that it can be taken as it is. */
  written(position: JournalPosition, callId: string | null, ended: boolean): boolean;
  /** Entries were read up to `end`; `atEnd` when the file has no more for now. */
  read(segment: string, part: { entries: number; end: number; atEnd: boolean }): void;
  /** One of the entries read needs its file no longer. */
  projected(segment: string): void;
  /** A file that another process start left. */
  adopt(segment: string): void;
  knows(segment: string): boolean;
  forget(segment: string): void;
  /** Where to read next. */
  unread(): Unread | null;
}

export interface Unread {
  segment: string;
  from: number;
  own: boolean;
  /** It is still being written. */
  growing: boolean;
}

interface File {
  own: boolean;
  readTo: number;
  /** Infinity for a file whose end was not seen yet. */
  writtenTo: number;
  /** Entries read and not yet projected. */
  pending: number;
  done: boolean;
}

export function createSegments(on: {
  /** A file of our own is not needed any more. */
  drop: (segment: string) => void;
  /** PostgreSQL has all of a file that another process start left. It stays known until it is forgotten. */
  retire: (segment: string) => void;
}): Segments {
  const files = new Map<string, File>();
  const lastOfCall = new Map<string, string>();
  let current: string | null = null;

  const newFile = (segment: string, own: boolean): File => {
    const file = { own, readTo: 0, writtenTo: own ? 0 : Infinity, pending: 0, done: false };
    files.set(segment, file);
    return file;
  };

  const finishIfDone = (segment: string | null): void => {
    const file = segment === null ? undefined : files.get(segment);
    if (segment === null || segment === current || file === undefined || file.done) return;
    if (file.pending > 0 || file.readTo < file.writtenTo) return;
    for (const needed of lastOfCall.values()) if (needed === segment) return;
    if (file.own) {
      files.delete(segment);
      on.drop(segment);
    } else {
      file.done = true;
      on.retire(segment);
    }
  };

  const firstUnread = (own: boolean): [string, File] | undefined =>
    [...files].find(([, file]) => file.own === own && file.readTo < file.writtenTo);

  return {
    written({ segment, end }, callId, ended) {
      const allRead = firstUnread(true) === undefined;
      const file = files.get(segment) ?? newFile(segment, true);
      // The disk refused for so long that older entries were lost: what comes after them stands elsewhere than was said.
      const moved = end <= file.writtenTo;
      if (moved) file.readTo = 0;
      file.writtenTo = end;
      const before = current;
      current = segment;
      if (before !== segment) finishIfDone(before);
      const held = callId === null ? undefined : lastOfCall.get(callId);
      if (callId !== null && ended) lastOfCall.delete(callId);
      else if (callId !== null) lastOfCall.set(callId, segment);
      if (held !== undefined && held !== segment) finishIfDone(held);
      return allRead && !moved;
    },
    read(segment, { entries, end, atEnd }) {
      const file = files.get(segment);
      if (file === undefined) return;
      file.pending += entries;
      file.readTo = end;
      if (atEnd && segment !== current) file.writtenTo = end;
      finishIfDone(segment);
    },
    projected(segment) {
      const file = files.get(segment);
      if (file === undefined) return;
      file.pending -= 1;
      finishIfDone(segment);
    },
    adopt(segment) {
      if (!files.has(segment)) newFile(segment, false);
    },
    knows: (segment) => files.has(segment),
    forget: (segment) => void files.delete(segment),
    unread() {
      const [segment, file] = firstUnread(true) ?? firstUnread(false) ?? [];
      if (segment === undefined || file === undefined) return null;
      return { segment, from: file.readTo, own: file.own, growing: segment === current };
    },
  };
}
