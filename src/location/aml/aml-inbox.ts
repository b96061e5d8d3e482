import type { Call } from '../../calls/call.ts';
import type { CallInput } from '../../calls/call-input.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { isUnavailable, type Postgres, type Sql } from '../../platform/postgres.ts';
import { amlLocation, belongsTo, type Caller, type ReceivedAml } from './aml-received.ts';
import { amlChannel, amlOfCaller, endedCallsOf, lockUnmatched, markMatched, readAml } from './aml-store.ts';
import type { DistrictMap } from '../districts/district-map.ts';
import type { Received } from '../location.ts';
import { addToStoredCall } from '../stored-call.ts';

/** Phones' own location messages: each finds its call, before it, during it, or after it. */
export interface AmlInbox {
  /** Takes a message in; false for one that came before. */
  take(aml: ReceivedAml): boolean;
  /** What came before a call, for it. Rejects while PostgreSQL is away; what this process took itself was told by then. */
  giveWaiting(call: Call): Promise<void>;
  /** Gives messages to ended calls that they belong to; done by itself every few seconds. */
  sweep(): Promise<void>;
  stop(): void;
}

/** More than come in good faith within the window; beyond, the oldest are found in PostgreSQL only. */
const remembered = 5_000;
const sweepEvery = 10_000;
/** A call that ended so long ago is in nobody's memory any more. */
const settledAfter = 15_000;

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
  addedLater: (callId: string, incidentId: string, received: Received) => void;
}): AmlInbox {
  const { postgres, clock, logger } = deps;
  const recent = new Map<string, ReceivedAml>();

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

  /** Another process took a message in: one of the calls here may be its. */
  const heardOf = async (digest: string | undefined): Promise<void> => {
    if (digest === undefined || recent.has(digest)) return;
    const aml = await readAml(postgres, digest);
    if (aml === undefined || recent.has(digest)) return;
    remember(aml);
    offer(aml);
  };
  const stopListening = postgres.listen(amlChannel, (digest) => {
    heardOf(digest).catch((error: unknown) => logger.warn({ err: error }, 'a location message could not be read'));
  });

  const sweep = async (): Promise<void> => {
    const now = clock.now();
    const done = await postgres.transaction(async (sql) => {
      const window = deps.window();
      // A message may come that much before its call, and the call last on: twice the window is the end of hope.
      const open = await lockUnmatched(sql, now - settledAfter, 2 * window);
      const given = await Promise.all(open.map((aml) => giveToEnded(sql, aml, window, now - settledAfter)));
      return given.flat();
    });
    for (const { callId, incidentId, received } of done) deps.addedLater(callId, incidentId, received);
  };

  const giveToEnded = async (sql: Sql, aml: ReceivedAml, window: number, ended: number) => {
    const told: { callId: string; incidentId: string; received: Received }[] = [];
    for (const call of await endedCallsOf(sql, aml, window, ended)) {
      if (!belongsTo(aml, call, window)) continue;
      const received = amlLocation(aml, call, deps.map());
      await addToStoredCall(sql, call.callId, received, clock.now());
      await markMatched(sql, aml.digest, call.callId);
      told.push({ ...call, received });
    }
    return told;
  };

  const cancelSweep = clock.every(sweepEvery, () => {
    sweep().catch((error: unknown) => {
      if (!isUnavailable(error)) logger.error({ err: error }, 'location messages could not be given to ended calls');
    });
  });

  return {
    take(aml) {
      if (recent.has(aml.digest)) return false;
      remember(aml);
      deps.keep(aml);
      offer(aml);
      return true;
    },
    async giveWaiting(call) {
      for (const aml of recent.values()) give(call, aml);
      const stored = await amlOfCaller(postgres, callerOf(call), deps.window());
      for (const aml of stored) if (!recent.has(aml.digest)) give(call, aml);
    },
    sweep,
    stop() {
      cancelSweep();
      stopListening();
    },
  };
}

function callerOf({ arrivedAt, identity }: Call): Caller {
  return { arrivedAt, e164: identity.number, imei: identity.imei };
}
