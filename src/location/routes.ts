import { z } from 'zod';
import type { Call } from '../calls/call.ts';
import type { CallRunner } from '../calls/runner.ts';
import { circleOfCall, confidential, mayKnow, type Circle } from '../incidents/need-to-know.ts';
import { writers, type Principal } from '../platform/auth.ts';
import type { Clock } from '../platform/clock.ts';
import type { Postgres } from '../platform/postgres.ts';
import { notFound, unavailable, unprocessable } from '../platform/problem.ts';
import { defineRoute, type Route } from '../platform/route.ts';
import { plainText } from '../platform/text.ts';
import { findCell } from './cells/cells.ts';
import type { DistrictMap } from './districts/district-map.ts';
import type { Fix, FixSource, Sighting } from './fix.ts';
import { sightingsToFixes } from './invite.ts';
import { fixOf, type Received } from './location.ts';
import { inDistrict } from './lookups.ts';
import { readPidfLo } from './pidf-lo/pidf-lo.ts';
import { positionSchema } from './schema.ts';
import { refusalOf } from './shape.ts';
import { addToStoredCall } from './stored-call.ts';
import { locationView, viewOfLocation } from './view.ts';

export interface LocationRouteDeps {
  readonly postgres: Postgres;
  readonly clock: Clock;
  readonly runner: () => CallRunner;
  readonly map: () => DistrictMap;
  /** The districts of the settings: those that a person may name. */
  readonly districts: () => readonly string[];
  /** A call that has ended, and whom its incident concerns; undefined when there is none of this id. */
  readonly findStored: (
    callId: string,
  ) => Promise<{ arrivedAt: number; incidentId: string; circle: Circle } | undefined>;
  /** An ended call was told where its caller is. */
  readonly addedLater: (callId: string, incidentId: string) => void;
}

/** What an operator took down, or an integrator hands in. */
const said = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('point'),
    ...positionSchema.shape,
    /** Metres: how far off it may be. */
    radius: z.number().min(0).max(100_000).default(50),
    note: plainText(200).optional(),
  }),
  z.strictObject({ type: z.literal('address'), text: plainText(300), district: plainText(80).optional() }),
  z.strictObject({ type: z.literal('district'), district: plainText(80) }),
  z.strictObject({ type: z.literal('pidf-lo'), xml: z.string().min(1) }),
]);
type Said = z.output<typeof said>;

export function locationRoutes(deps: LocationRouteDeps): Route[] {
  return [sayRoute(deps), cellRoute(deps)];
}

function sayRoute(deps: LocationRouteDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/calls/:callId/locations',
    audited: { instead: 'the location itself says who gave it' },
    summary: 'Where the caller is: a point, an address or a district in his own words, or a PIDF-LO document',
    roles: writers,
    input: { params: z.object({ callId: z.uuid() }), body: said },
    response: { 201: locationView },
    handler: async ({ params: { callId }, body, principal }) => {
      const call = deps.runner().get(callId);
      const found = call === undefined ? await deps.findStored(callId) : foundLive(call);
      if (found === undefined) throw notFound('calls.unknown', `There is no call ${callId}.`);
      if (!mayKnow(principal, found.circle)) throw confidential();
      const received = receivedOf(deps, body, { callId, arrivedAt: found.arrivedAt }, principal);
      const location = await add(deps, callId, found.incidentId, received, principal);
      if (received.fixes.length > 0) return { status: 201, body: viewOfLocation(location) };
      const reasons = received.unusable.map(({ reason }) => reason);
      throw unprocessable('locations.unusable', 'There is no location in it that can be used.', { reasons });
    },
  });
}

function foundLive(call: Call): { arrivedAt: number; incidentId: string; circle: Circle } {
  return { arrivedAt: call.arrivedAt, incidentId: call.incident.id, circle: circleOfCall(call) };
}

function receivedOf(
  deps: LocationRouteDeps,
  body: Said,
  key: { callId: string; arrivedAt: number },
  principal: Principal,
): Received {
  const now = deps.clock.now();
  const by = principal.operatorId ?? principal.tokenId;
  const fixes = (source: FixSource, sightings: readonly Sighting[], detail: Fix['detail']): Fix[] =>
    sightingsToFixes(source, sightings, key, now, deps.map(), { detail });
  switch (body.type) {
    case 'pidf-lo': {
      const { sightings, unusable } = readPidfLo(body.xml);
      const reasons = unusable.map((reason) => ({ source: 'pidf-lo', reason }));
      return { fixes: fixes('pidf-lo', sightings, { by }), unusable: reasons };
    }
    case 'point': {
      const { latitude, longitude, radius, note } = body;
      const sighting = words({ shape: { type: 'circle', centre: { latitude, longitude }, radius } }, now);
      const fault = refusalOf(sighting.shape);
      if (fault !== null) return { fixes: [], unusable: [{ source: 'operator', reason: fault }] };
      return { fixes: fixes('operator', [sighting], { by, ...(note === undefined ? {} : { note }) }), unusable: [] };
    }
    case 'address':
    case 'district': {
      const { district } = body;
      if (district !== undefined && !deps.districts().includes(district)) {
        throw unprocessable('locations.unknown-district', `${district} is no district of this centre.`, {
          districts: deps.districts(),
        });
      }
      const civic = { text: body.type === 'address' ? body.text : body.district };
      const place = district === undefined ? null : inDistrict(district);
      const fix = fixOf(
        key,
        'operator',
        { ...words({ shape: null }, now), civic },
        { receivedAt: now, place, detail: { by } },
      );
      return { fixes: [fix], unusable: [] };
    }
  }
}

function words<S extends Sighting['shape']>({ shape }: { shape: S }, at: number): Sighting & { readonly shape: S } {
  return { method: 'Manual', shape, civic: null, confidence: null, at };
}

async function add(
  { postgres, clock, runner, addedLater }: LocationRouteDeps,
  callId: string,
  incidentId: string,
  received: Received,
  principal: Principal,
) {
  const at = clock.now();
  const by = principal.operatorId ?? principal.tokenId;
  const told = await runner().command(callId, { type: 'located', at, received, by });
  const live = runner().get(callId);
  if (told.known && live !== undefined) {
    if (!told.durable) throw unavailable('journal.unavailable', 'It was done, but the journal could not confirm it.');
    return live.location;
  }
  const merged = await postgres.transaction((sql) => addToStoredCall(sql, callId, received, at));
  if (merged === null) throw notFound('calls.unknown', `There is no call ${callId}.`);
  if (merged.fixes.length + merged.unusable.length > 0) addedLater(callId, incidentId);
  return merged.location;
}

function cellRoute({ postgres }: LocationRouteDeps): Route {
  const number = (most: number) => z.coerce.number().int().min(0).max(most);
  const tower = z.object({
    position: positionSchema,
    /** Metres. */
    range: z.number(),
    samples: z.number(),
    madeUp: z.boolean(),
    updatedAt: z.string().nullable(),
  });
  return defineRoute({
    method: 'GET',
    path: '/v1/cells/:radio/:mcc/:mnc/:area/:cell',
    summary: 'The tower of a cell, by the numbers of the tower table (decimal)',
    roles: writers,
    input: {
      params: z.object({
        radio: z.enum(['GSM', 'UMTS', 'LTE', 'NR']),
        mcc: number(999),
        mnc: number(999),
        area: number(16_777_215),
        cell: number(68_719_476_735),
      }),
    },
    response: { 200: tower },
    handler: async ({ params }) => {
      const found = await findCell(postgres, params);
      if (found === undefined) throw notFound('cells.unknown', 'No table has the tower of this cell.');
      return { status: 200, body: found };
    },
  });
}
