import type { Call } from '../../calls/call.ts';
import type { CallInput } from '../../calls/call-input.ts';
import { linkingNumber } from '../../calls/history.ts';
import { pause, type Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { isUnavailable, type Postgres } from '../../platform/postgres.ts';
import { amlLocation, amlSource, belongsTo, type Caller, type ReceivedAml } from './aml-received.ts';
import { amlChannel, amlForEndedCalls, amlOfCaller, markMatched, readAml } from './aml-store.ts';
import type { DistrictMap } from '../districts/district-map.ts';
import { addToStoredCall } from '../stored-call.ts';

/** Phones' own location messages: each finds its call, before it, during it, or after it. */
export interface AmlInbox {
  /** Takes a message in; false for one that came before. */
  take(aml: ReceivedAml): boolean;
  /** What came before a call, for it. Rejects while PostgreSQL is away; what this process took itself was told by then. */
  giveWaiting(call: Call): Promise<void>;
  /**
   * Takes a message that another controller of the node has taken in: one of the calls here may be its. It is kept here as
   * well: whose it is could else be on its way to PostgreSQL before the message itself, and would be lost there.
   */
  hear(aml: ReceivedAml): void;
  /** Tells of the messages that are taken in here, from now on. */
  passOn(reader: (aml: ReceivedAml) => void): () => void;
  /** Gives messages to ended calls that they belong to; done by itself every few seconds. */
  sweep(): Promise<void>;
  stop(): void;
}

/** More than come in good faith within the window; beyond, the oldest are found in PostgreSQL only. */
const remembered = 5_000;
const sweepEvery = 10_000;
/** A call that ended so long ago is in nobody's memory any more. */
const settledAfter = 15_000;
/** PostgreSQL may have been away, or the call long: a message that fitted none is looked at for so long. */
const hopesFor = 24 * 3_600_000;
/** And one that fitted another call of the caller first, as after a redial, for so long. */
const redialsFor = 2 * 3_600_000;
/** How long a message waits to be told from a repetition. */
const patience = 500;
const again = 'the same message came before: a repetition, or a replay. It is not taken for a new one';

export function createAmlInbox(deps: {
  postgres: Postgres;
  clock: Clock;
  logger: Logger;
  map: () => DistrictMap;
  /** Milliseconds. */
  window: () => number;
  calls: () => readonly Call[];
  tell: (callId: string, input: CallInput) => void;
  /** Writes the message down where it cannot be lost. */
  keep: (aml: ReceivedAml) => void;
  /** An ended call was told. */
  addedLater: (callId: string, incidentId: string) => void;
}): AmlInbox {
  const { postgres, clock, logger } = deps;
  const recent = new Map<string, ReceivedAml>();
  /** Digests of those that may have come before. */
  const unsure = new Set<string>();
  const others = new Set<(aml: ReceivedAml) => void>();

  const remember = (aml: ReceivedAml): void => {
    recent.set(aml.digest, aml);
    const oldest = recent.size > remembered ? recent.keys().next().value : undefined;
    if (oldest !== undefined) recent.delete(oldest);
  };

  const give = (call: Call, aml: ReceivedAml): boolean => {
    if (!belongsTo(aml, callerOf(call), deps.window())) return false;
    const received = amlLocation(aml, { callId: call.id, arrivedAt: call.arrivedAt }, deps.map());
    deps.tell(call.id, { type: 'located', at: clock.now(), received, aml: aml.digest });
    return true;
  };

  const offer = (aml: ReceivedAml): void => {
    const fitting = deps.calls().filter((call) => give(call, aml));
    if (fitting.length === 0)
      logger.info({ channel: aml.channel }, 'a location message fits no call here, and is kept');
  };

  /** Nothing of it counts a second time, but whoever has its call shall know. */
  const sayAgain = (aml: ReceivedAml): void => {
    const received = { fixes: [], unusable: [{ source: amlSource(aml), reason: again }] };
    for (const call of deps.calls()) {
      if (belongsTo(aml, callerOf(call), deps.window())) {
        deps.tell(call.id, { type: 'located', at: clock.now(), received });
      }
    }
  };

  /** The message as another process, or an earlier start of this one, has taken it in: then that is when it came. */
  const takenBefore = async ({ digest, receivedAt }: ReceivedAml): Promise<ReceivedAml | undefined> => {
    try {
      const stored = (await Promise.race([readAml(postgres, digest), pause(clock, patience)])) ?? undefined;
      return stored !== undefined && stored.receivedAt < receivedAt ? stored : undefined;
    } catch (error) {
      // It may be an old one again; but it may be new, and then it is wanted now.
      if (!isUnavailable(error)) logger.error({ err: error }, 'a location message could not be compared');
      return undefined;
    }
  };

  const distribute = async (aml: ReceivedAml): Promise<void> => {
    const first = await takenBefore(aml);
    unsure.delete(aml.digest);
    if (first !== undefined) remember(first);
    offer(first ?? aml);
    if (first !== undefined) sayAgain(aml);
    // Whoever has its call is to know of it while PostgreSQL is away as well.
    else for (const other of others) other(aml);
  };

  /** PostgreSQL has got a message of another process: one of the calls here may be its. */
  const heardOf = async (digest: string): Promise<void> => {
    if (recent.has(digest)) return;
    const aml = await readAml(postgres, digest);
    // It may have been passed on meanwhile.
    if (aml === undefined || recent.has(digest)) return;
    remember(aml);
    offer(aml);
  };
  /** What was told while this process could not hear is read anew. */
  const catchUp = async (): Promise<void> => {
    for (const call of deps.calls()) await giveWaiting(call);
  };
  const stopListening = postgres.listen(amlChannel, (digest) => {
    const read = digest === undefined ? catchUp() : heardOf(digest);
    read.catch((error: unknown) => logger.warn({ err: error }, 'a location message could not be read'));
  });

  const giveWaiting = async (call: Call): Promise<void> => {
    for (const aml of recent.values()) if (!unsure.has(aml.digest)) give(call, aml);
    const stored = await amlOfCaller(postgres, callerOf(call), deps.window());
    for (const aml of stored) if (!recent.has(aml.digest)) give(call, aml);
  };

  const sweep = async (): Promise<void> => {
    const settled = clock.now() - settledAfter;
    const since = { unmatched: settled - hopesFor, matched: settled - redialsFor };
    const open = await amlForEndedCalls(postgres, { settled, since, window: deps.window() });
    // One after the other: each chooses among all that the call has by then.
    for (const { callId, incidentId, arrivedAt, ...aml } of open) {
      const received = amlLocation(aml, { callId, arrivedAt }, deps.map());
      const merged = await postgres.transaction(async (sql) => {
        const added = await addToStoredCall(sql, callId, received, clock.now());
        await markMatched(sql, aml.digest, callId);
        return added;
      });
      if (merged === null || merged.fixes.length + merged.unusable.length === 0) continue;
      deps.addedLater(callId, incidentId);
    }
  };

  const cancelSweep = clock.every(sweepEvery, () => {
    sweep().catch((error: unknown) => {
      if (!isUnavailable(error)) logger.error({ err: error }, 'location messages could not be given to ended calls');
    });
  });

  return {
    take(aml) {
      if (recent.has(aml.digest)) {
        sayAgain(aml);
        return false;
      }
      remember(aml);
      unsure.add(aml.digest);
      deps.keep(aml);
      void distribute(aml);
      return true;
    },
    giveWaiting,
    hear(aml) {
      if (recent.has(aml.digest)) return;
      remember(aml);
      deps.keep(aml);
      offer(aml);
    },
    passOn(reader) {
      others.add(reader);
      return () => others.delete(reader);
    },
    sweep,
    stop() {
      cancelSweep();
      stopListening();
    },
  };
}

function callerOf({ arrivedAt, endedAt, identity }: Call): Caller {
  return { arrivedAt, endedAt, e164: linkingNumber(identity), imei: identity.imei };
}
