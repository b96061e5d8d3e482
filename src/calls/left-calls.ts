import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { codeOf } from '../platform/errors.ts';
import { journalSuffix, projectedSuffix } from '../platform/journal-file.ts';
import { readJournalPart } from '../platform/journal-reader.ts';
import type { Logger } from '../platform/logger.ts';
import type { Call } from './call.ts';
import { completedCall } from './completed-call.ts';
import type { CallEntry } from './runner.ts';

/** A call as a dead controller's journal has it last. */
export interface LeftCall {
  readonly call: Call;
  /** The process start that wrote it. */
  readonly owner: string;
  readonly claimedAt: number;
  readonly sequence: number;
  /** When that one last gave a sign of life (epoch milliseconds): a call that ended unseen ended later. */
  readonly leftAt: number;
}

const linesAtOnce = 2_000;
const entryOfCall = z.object({ kind: z.literal('call') });
/** Without these nobody can tell whose it is, which of two is the later one, and whether the call has ended. */
const callEntry = entryOfCall.extend({
  callId: z.string(),
  claimedAt: z.number(),
  sequence: z.number(),
  at: z.number(),
  state: z.object({
    channelId: z.string(),
    endedAt: z.number().nullable(),
    timers: z.record(z.string(), z.unknown()),
    dispatches: z.array(z.object({ attempts: z.array(z.unknown()) })),
  }),
});

/**
 * The calls that dead controllers left unfinished, as the latest owner among them has them. Of an ended one something may be
 * left as well: the limits of its messages. Lines that cannot be read are said and passed over; so is, if `tolerant`, a file.
 * @throws what the disk says of a file.
 */
export async function readLeftCalls(
  directory: string,
  owners: readonly string[],
  logger: Logger,
  tolerant: boolean,
): Promise<Map<string, LeftCall>> {
  const latest = new Map<string, LeftCall>();
  for (const { segment, owner, touchedAt } of await filesOf(directory, owners)) {
    try {
      for await (const entry of entriesOf(directory, segment, logger)) {
        const { callId, claimedAt, sequence, state } = entry;
        const known = latest.get(callId);
        if (known !== undefined && !isNewer(entry, known)) continue;
        latest.set(callId, { call: state, owner, claimedAt, sequence, leftAt: Math.max(touchedAt, entry.at) });
      }
    } catch (error) {
      // Its owner, or whoever has brought its records home, has dropped it: nobody's call is in it.
      if (codeOf(error) === 'ENOENT') continue;
      if (!tolerant) throw error;
      logger.error(
        { err: error, segment },
        'a journal of a dead controller cannot be read; its calls are not gone on with',
      );
    }
  }
  const left = new Map<string, LeftCall>();
  for (const [id, one] of latest) {
    if (!isUnfinished(one.call)) continue;
    try {
      left.set(id, { ...one, call: completedCall(one.call) });
    } catch (error) {
      // One call whose state makes no sense here is no reason to leave the others to nobody.
      logger.error({ err: error, callId: id }, 'the state of a dead controller’s call is not known here');
    }
  }
  return left;
}

export function isNewer(
  one: Pick<LeftCall, 'claimedAt' | 'sequence'>,
  other: Pick<LeftCall, 'claimedAt' | 'sequence'>,
): boolean {
  return one.claimedAt === other.claimedAt ? one.sequence > other.sequence : one.claimedAt > other.claimedAt;
}

function isUnfinished({ endedAt, outcome, timers }: Call): boolean {
  return endedAt === null || (outcome !== 'returned' && Object.keys(timers).length > 0);
}

/** Also what PostgreSQL has by now: a live call's last state may be in it. */
async function filesOf(
  directory: string,
  owners: readonly string[],
): Promise<{ segment: string; owner: string; touchedAt: number }[]> {
  const found = [];
  for (const name of (await readdir(directory)).sort()) {
    const segment = name.endsWith(projectedSuffix) ? name.slice(0, -projectedSuffix.length) : name;
    const owner = segment.split('.')[0] ?? '';
    if (!segment.endsWith(journalSuffix) || !owners.includes(owner)) continue;
    const touchedAt = await touchOf(join(directory, name));
    if (touchedAt !== null) found.push({ segment, owner, touchedAt });
  }
  return found;
}

/** Null for a file that was put away or deleted meanwhile. */
async function touchOf(path: string): Promise<number | null> {
  try {
    return Math.round((await stat(path)).mtimeMs);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

async function* entriesOf(directory: string, segment: string, logger: Logger): AsyncGenerator<CallEntry> {
  for (let from = 0, atEnd = false; !atEnd;) {
    const part = await readJournalPart(directory, segment, { from, limit: linesAtOnce, growing: false });
    for (const line of part.lines) {
      if (!line.ok) logger.warn({ segment, reason: line.reason }, 'a line of a dead controller could not be read');
      else if (isCallEntry(line.value)) yield line.value;
      else if (entryOfCall.safeParse(line.value).success) {
        logger.error({ segment }, 'an entry of a dead controller’s call has not the form that is known here');
      }
    }
    atEnd = part.atEnd || part.end === from;
    from = part.end;
  }
}

/** The checksum vouches that the line is as this program, or another version of it, wrote it. */
function isCallEntry(value: unknown): value is CallEntry {
  return callEntry.safeParse(value).success;
}
