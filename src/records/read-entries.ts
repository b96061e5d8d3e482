import { z } from 'zod';
import { completedCall } from '../calls/completed-call.ts';
import { readJournalPart } from '../platform/journal-reader.ts';
import type { Logger } from '../platform/logger.ts';
import type { Entry } from './entry.ts';

const entryKind = z.object({
  kind: z.enum([
    'call',
    'alarm',
    'operator',
    'operator-session',
    'logged-call',
    'aml',
    'outgoing',
    'notification',
    'without-call',
  ]),
});

/** The checksum vouches that the line is as this program wrote it; the kind, that it is a record. */
function isEntry(value: unknown): value is Entry {
  return entryKind.safeParse(value).success;
}

/** An entry that an older version has written, with what calls have by now. */
function completed(entry: Entry, logger: Logger): Entry {
  if (entry.kind !== 'call') return entry;
  try {
    return { ...entry, state: completedCall(entry.state) };
  } catch (error) {
    // It will be refused and set aside, by itself: what comes after it is not kept waiting.
    logger.error({ err: error, callId: entry.callId }, 'the state of a call in the journal is not known here');
    return entry;
  }
}

/** The records of a stretch of a journal file; lines that cannot be read are said, counted and passed over. */
export async function readEntries(
  directory: string,
  segment: string,
  options: { from: number; limit: number; growing: boolean },
  logger: Logger,
): Promise<{ entries: Entry[]; damaged: number; end: number; atEnd: boolean }> {
  const { lines, end, atEnd } = await readJournalPart(directory, segment, options);
  const entries: Entry[] = [];
  let damaged = 0;
  for (const line of lines) {
    if (!line.ok) {
      logger.warn({ segment, reason: line.reason }, 'a journal line could not be read');
      // Whoever is killed while he writes leaves half a line at the end.
      if (!line.unfinished) damaged += 1;
    } else if (isEntry(line.value)) entries.push(completed(line.value, logger));
  }
  return { entries, damaged, end, atEnd };
}
