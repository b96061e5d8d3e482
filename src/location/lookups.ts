import type { Call } from '../calls/call.ts';
import type { CallInput } from '../calls/call-input.ts';
import { linkingNumber, type CallerHistory } from '../calls/history.ts';
import { readHistory } from '../calls/history-store.ts';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { isUnavailable, type Postgres } from '../platform/postgres.ts';
import type { Settings } from '../settings/setting.ts';
import { findCell } from './cells/cells.ts';
import type { DistrictMap } from './districts/district-map.ts';
import type { Cell, Place, Sighting } from './fix.ts';
import { readGeolocationHeader } from './held/geolocation-header.ts';
import type { LocationFetcher } from './held/held.ts';
import { readLocation } from './fix-store.ts';
import { sightingsToFixes, type CallKey } from './invite.ts';
import type { Received } from './location.ts';
import type { AccessNetwork } from './cells/pani.ts';
import { findSubscriber } from './lines/subscribers.ts';

interface Lookups {
  /** Looks up what is on record of a call's caller, cell and line, and asks its location servers. The call is told. */
  begin(call: Call): void;
  stop(): void;
}

interface LookupDeps {
  readonly postgres: Postgres;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: () => Settings;
  readonly map: () => DistrictMap;
  readonly fetcher: LocationFetcher;
  /** Tells the call what phones have said before it. */
  readonly giveMessages: (call: Call) => Promise<void>;
  readonly tell: (callId: string, input: CallInput) => void;
  /** False once nobody needs to know any more. */
  readonly isHere: (callId: string) => boolean;
}

type Part = 'earlier' | 'cells' | 'subscriber' | 'messages' | 'history';

/** While PostgreSQL is away, what it could not tell is asked again after so many seconds; then the call is left as it is. */
const again = [1, 2, 5, 10, 20, 30, 60, 60];
const noneFound: Received = { fixes: [], unusable: [] };

/** Everything about a call that has to be asked for. None of it is in the call's way: each answer is an input. */
export function createLookups(deps: LookupDeps): Lookups {
  const { postgres, clock, logger } = deps;
  const waiting = new Map<string, Cancel>();
  let stopped = false;

  const locate = (call: Call, received: Received): void => {
    if (received.fixes.length + received.unusable.length === 0) return;
    deps.tell(call.id, { type: 'located', at: clock.now(), received });
  };

  const asked: Record<Part, (call: Call) => Promise<void>> = {
    earlier: async (call) => locate(call, await toldBefore(call)),
    cells: async (call) => locate(call, await towers(call)),
    subscriber: async (call) => locate(call, await subscriber(call)),
    messages: (call) => deps.giveMessages(call),
    history: async (call) => {
      const { imei } = call.identity;
      const number = linkingNumber(call.identity);
      const { identityLimit } = deps.settings();
      const keys = { callId: call.id, before: call.arrivedAt, number, imei, identityLimit };
      const history: CallerHistory = await readHistory(postgres, keys);
      deps.tell(call.id, { type: 'caller-known', at: clock.now(), history });
    },
  };

  /** Nothing waits for a look-up: what goes wrong in it must be seen all the same. */
  const watch = (call: Call, work: Promise<void>): void => {
    work.catch((error: unknown) => logger.error({ err: error, callId: call.id }, 'a caller could not be looked up'));
  };

  const ask = async (call: Call, parts: readonly Part[], round: number): Promise<void> => {
    const outcomes = await Promise.all(parts.map(async (part) => ({ part, ok: await answered(call, part) })));
    const missing = outcomes.filter(({ ok }) => !ok).map(({ part }) => part);
    // All there is: the screen waits for this, and no longer.
    if (round === 0) deps.tell(call.id, { type: 'looked-up', at: clock.now() });
    const wait = again[round];
    if (missing.length === 0 || wait === undefined || stopped) return;
    const cancel = clock.after(wait * 1_000, () => {
      waiting.delete(call.id);
      if (deps.isHere(call.id)) watch(call, ask(call, missing, round + 1));
    });
    waiting.set(call.id, cancel);
  };

  /** False when PostgreSQL is away: then it is worth asking again. */
  const answered = async (call: Call, part: Part): Promise<boolean> => {
    try {
      await asked[part](call);
      return true;
    } catch (error) {
      if (isUnavailable(error)) return false;
      logger.error({ err: error, callId: call.id, part }, 'a caller could not be looked up');
      return true;
    }
  };

  /** What an earlier owner of the call was told: words of the caller come once. */
  const toldBefore = async (call: Call): Promise<Received> => {
    const stored = await readLocation(postgres, call.id);
    if (stored === null) return noneFound;
    const known = new Set(call.location.fixes.map(({ id }) => id));
    return { fixes: stored.fixes.filter(({ id }) => !known.has(id)), unusable: [] };
  };

  const towers = async (call: Call): Promise<Received> => {
    const found = await Promise.all(
      cellsOf(call.location.networks).map(async ({ cell, network }) => {
        const tower = await findCell(postgres, cell);
        if (tower === undefined) return { fixes: [], unusable: [unknownTower(network)] };
        const age = (network.age ?? 0) * 1_000;
        const sighting: Sighting = {
          method: 'Cell',
          shape: { type: 'circle', centre: tower.position, radius: tower.range },
          civic: null,
          confidence: null,
          at: call.arrivedAt - age,
        };
        const detail = { radio: cell.radio, cell: network.cellId ?? '', header: network.header };
        const more = { detail, madeUp: tower.madeUp };
        return {
          fixes: sightingsToFixes('cell', [sighting], keyOf(call), clock.now(), deps.map(), more),
          unusable: [],
        };
      }),
    );
    return { fixes: found.flatMap(({ fixes }) => fixes), unusable: found.flatMap(({ unusable }) => unusable) };
  };

  const subscriber = async (call: Call): Promise<Received> => {
    const number = linkingNumber(call.identity);
    const line = number === null ? undefined : await findSubscriber(postgres, number);
    if (line === undefined) return noneFound;
    const sighting: Sighting = {
      method: 'Manual',
      shape: line.position === null ? null : { type: 'point', position: line.position, altitude: null },
      civic: { text: line.address },
      confidence: null,
      at: null,
    };
    const detail = { name: line.name };
    const fixes = sightingsToFixes('subscriber', [sighting], keyOf(call), clock.now(), deps.map(), { detail });
    // Without a position it is in the district that the table names.
    const named = line.position === null && line.district !== '' ? inDistrict(line.district) : null;
    return { fixes: fixes.map((fix) => ({ ...fix, place: fix.place ?? named })), unusable: [] };
  };

  const fetch = async (call: Call, uri: string): Promise<void> => {
    const { sightings, unusable } = await deps.fetcher.fetch(uri);
    locate(call, {
      fixes: sightingsToFixes('reference', sightings, keyOf(call), clock.now(), deps.map()),
      unusable: unusable.map((reason) => ({ source: 'reference', reason })),
    });
  };

  return {
    begin(call) {
      if (stopped) return;
      watch(call, ask(call, ['earlier', 'cells', 'subscriber', 'messages', 'history'], 0));
      for (const uri of readGeolocationHeader(call.origin.headers['Geolocation'] ?? '').references)
        watch(call, fetch(call, uri));
    },
    stop() {
      stopped = true;
      for (const cancel of waiting.values()) cancel();
    },
  };
}

/** A district that somebody named, without a position. */
export function inDistrict(district: string): Place {
  return { district, certain: true, outside: false, neighbour: null, madeUp: false };
}

function keyOf(call: Call): CallKey {
  return { callId: call.id, arrivedAt: call.arrivedAt };
}

/** Each cell once, the first network that names it. */
function cellsOf(networks: readonly AccessNetwork[]): { cell: Cell; network: AccessNetwork }[] {
  const found = new Map<string, { cell: Cell; network: AccessNetwork }>();
  for (const network of networks) {
    const { cell } = network;
    if (cell !== null && !found.has(JSON.stringify(cell))) found.set(JSON.stringify(cell), { cell, network });
  }
  return [...found.values()];
}

function unknownTower({ header, mcc, mnc, cellId }: AccessNetwork): Received['unusable'][number] {
  return {
    source: header,
    reason: `the tower of cell ${cellId ?? ''} of network ${mcc ?? '?'}-${mnc ?? '?'} is in no table; its carrier knows it`,
  };
}
