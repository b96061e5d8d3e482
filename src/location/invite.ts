import type { CallOrigin } from '../calls/call.ts';
import { emergencyIdentifiers, type EmergencyIdentifiers } from '../calls/emergency-id.ts';
import { identityOf, type CallerIdentity } from '../calls/identity.ts';
import type { Settings } from '../settings/setting.ts';
import { areaOf } from './lines/area-codes.ts';
import { uncertaintyAt95 } from './best-fix.ts';
import { readAsteriskLocation } from './pidf-lo/asterisk-location.ts';
import { placeOf, type DistrictMap } from './districts/district-map.ts';
import type { Fix, FixSource, Sighting } from './fix.ts';
import { readGeolocationHeader } from './held/geolocation-header.ts';
import { fixOf, nowhere, receive, type CallLocation, type Received } from './location.ts';
import { centreOf } from './shape.ts';
import { preferredNetwork, readAccessNetworks, type AccessNetwork } from './cells/pani.ts';

/** Which call a fix is for. */
export interface CallKey {
  readonly callId: string;
  /** Epoch milliseconds. */
  readonly arrivedAt: number;
}

/** What the centre knows by itself, in memory. */
interface Centre {
  readonly settings: Pick<Settings, 'areaCodes' | 'mobileNetworks' | 'placeholderNumbers' | 'domain'>;
  readonly map: DistrictMap;
}

/** What an INVITE says of its caller, without asking anybody. */
export interface Introduction {
  readonly identity: CallerIdentity;
  readonly emergency: EmergencyIdentifiers;
  readonly location: CallLocation;
}

/** Reads who calls and from where out of what the dialplan noted. Never fails: what is broken is said in `unusable`. */
export function introduce(origin: CallOrigin, ids: CallKey & { incidentId: string }, centre: Centre): Introduction {
  const { networks, unusable } = networksOf(origin);
  const network = preferredNetwork(networks);
  const identity = identityOf({
    headers: origin.headers,
    channelNumber: origin.callerNumber,
    trunk: origin.carrier,
    network: network === null ? null : networkName(network, centre),
    placeholders: centre.settings.placeholderNumbers,
  });
  const parts: Received[] = [
    { fixes: [], unusable },
    embedded(origin, ids, centre),
    areaFix(identity.number, ids, centre),
  ];
  const received = {
    fixes: parts.flatMap(({ fixes }) => fixes),
    unusable: parts.flatMap((part) => part.unusable),
  };
  return {
    identity,
    emergency: emergencyIdentifiers(origin.headers['Call-Info'] ?? '', ids, centre.settings.domain),
    location: { ...receive(nowhere, received, ids.arrivedAt).location, networks },
  };
}

/**
 * The same on the way of a call. Should it fail, which would be a fault of ours, the call goes on with nothing read and says
 * so: a call that cannot be introduced is taken all the same.
 */
export function introduceInAnyCase(
  origin: CallOrigin,
  ids: CallKey & { incidentId: string },
  centre: Centre,
  failed: (error: unknown) => void,
): Introduction {
  try {
    return introduce(origin, ids, centre);
  } catch (error) {
    failed(error);
    const nobody = { number: null, numberFrom: null, imei: null, callable: false, notCallable: null, network: null };
    return {
      identity: { ...nobody, trunk: origin.carrier },
      emergency: emergencyIdentifiers('', ids, centre.settings.domain),
      location: { ...nowhere, unusable: [{ source: 'INVITE', reason: unread, at: ids.arrivedAt }] },
    };
  }
}

const unread = 'what the call says of its caller could not be read, by a fault of this program';

function networksOf({ headers }: CallOrigin): { networks: AccessNetwork[]; unusable: Received['unusable'] } {
  const read = (['P-Access-Network-Info', 'Cellular-Network-Info'] as const).flatMap((name) => {
    const value = headers[name];
    return value === undefined ? [] : [{ name, ...readAccessNetworks(name, value) }];
  });
  return {
    networks: read.flatMap(({ networks }) => networks),
    unusable: read.flatMap(({ name, unusable }) => unusable.map((reason) => ({ source: name, reason }))),
  };
}

function networkName({ mcc, mnc }: AccessNetwork, { settings }: Centre): string | null {
  if (mcc === null || mnc === null) return null;
  const known = settings.mobileNetworks.find((one) => one.mcc === mcc && Number(one.mnc) === Number(mnc));
  return known?.name ?? `${mcc}-${mnc}`;
}

/** A location in the INVITE itself: its body, as Asterisk read it, or a geo URI in the header. */
function embedded(origin: CallOrigin, key: CallKey, centre: Centre): Received {
  const header = readGeolocationHeader(origin.headers['Geolocation'] ?? '');
  const body =
    origin.location === null || origin.location.format === 'URI'
      ? { sightings: [], unusable: [] }
      : readAsteriskLocation(origin.location);
  const lost = header.embedded.length > 0 && body.sightings.length + body.unusable.length === 0;
  const unusable = [
    ...header.unusable,
    ...body.unusable,
    ...(lost ? ['the call brought a location in its body that Asterisk could not read'] : []),
  ];
  return {
    fixes: sightingsToFixes('pidf-lo', [...body.sightings, ...header.sightings], key, key.arrivedAt, centre.map),
    unusable: unusable.map((reason) => ({ source: 'pidf-lo', reason })),
  };
}

function areaFix(number: string | null, key: CallKey, { settings }: Centre): Received {
  const area = number === null ? null : areaOf(number, settings.areaCodes);
  if (area === null) return { fixes: [], unusable: [] };
  const civic = { text: `${area.name} (area code ${area.code})` };
  const sighting: Sighting = { method: 'Derived', shape: null, civic, confidence: null, at: null };
  return { fixes: [fixOf(key, 'area-code', sighting, { receivedAt: key.arrivedAt, place: null })], unusable: [] };
}

/** Fixes of one message, each with its district by the map as it is now. */
export function sightingsToFixes(
  source: FixSource,
  sightings: readonly Sighting[],
  key: CallKey,
  receivedAt: number,
  map: DistrictMap,
  more: Partial<Pick<Fix, 'detail' | 'madeUp'>> = {},
): Fix[] {
  return sightings.map((sighting) =>
    fixOf(key, source, sighting, { receivedAt, place: placeOfSighting(source, sighting, map), ...more }),
  );
}

function placeOfSighting(source: FixSource, sighting: Sighting, map: DistrictMap): Fix['place'] {
  const { shape } = sighting;
  return shape === null ? null : placeOf(map, centreOf(shape), uncertaintyAt95(source, shape, sighting));
}
