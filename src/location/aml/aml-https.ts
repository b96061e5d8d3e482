import { createHmac, timingSafeEqual } from 'node:crypto';
import {
  amlMethods,
  emptyAmlMessage,
  readAltitude,
  readArea,
  readConfidence,
  readEpoch,
  readImei,
  readImsi,
  readNetwork,
  readNumber,
  readWords,
  type AmlMessage,
} from './aml.ts';

const mostRead = 16_384;
const hmacMark = '&hmac=';

const methods: ReadonlyMap<string, string> = new Map([
  ['gps', amlMethods.gnss],
  ['wifi', amlMethods.wifi],
  ['cell', amlMethods.cell],
]);

/**
 * Reads the form that a phone posts for AML by HTTPS (ETSI TS 103 625; Google ELS). Every field is optional, unknown ones
 * are ignored, bad ones leave a reason; of a field that is there twice the first counts. Never throws. `now` is when the
 * form came, in epoch milliseconds. Whether the sender may be believed tells `verifyElsHmac`.
 */
export function readElsForm(body: string | Buffer, now = Date.now()): AmlMessage {
  const unusable: string[] = [];
  const fields = new URLSearchParams(bounded(body, unusable));
  const get = (name: string): string => (fields.get(name) ?? '').trim();
  const time = (name: string, field: string): number | null => readEpoch(name, get(field), 1, now, unusable);
  const altitude = readAltitude(get('location_altitude'), get('location_vertical_accuracy'), unusable);
  return {
    ...emptyAmlMessage,
    version: readWords(get('v'), 8),
    sender: readNumber("the phone's number", international(fields.get('device_number')), unusable),
    imei: readImei(get('device_imei'), unusable),
    imsi: readImsi(get('device_imsi'), unusable),
    sighting: readSighting(get, altitude, now, unusable),
    altitude,
    floor: readWords(get('location_floor'), 20),
    network: readNetwork('the network', get('cell_network_mcc'), get('cell_network_mnc'), unusable),
    homeNetwork: readNetwork("the SIM's network", get('cell_home_mcc'), get('cell_home_mnc'), unusable),
    cellId: readCellId(get('cell_id'), unusable),
    language: readWords(get('device_languages'), 60),
    deviceModel: readWords(get('device_model'), 80),
    emergencyNumber: readNumber('the emergency number', international(fields.get('emergency_number')), unusable),
    sentAt: time('the call', 'time'),
    crashAt: time('the crash', 'adr_carcrash_time'),
    unusable,
  };
}

function bounded(body: string | Buffer, unusable: string[]): string {
  if (body.length <= mostRead) return body.toString();
  unusable.push('the message is too long: only its beginning was read');
  const beginning = typeof body === 'string' ? body.slice(0, mostRead) : body.subarray(0, mostRead).toString();
  // What was cut in two is dropped: half a number is another number.
  return beginning.slice(0, Math.max(beginning.lastIndexOf('&'), 0));
}

function readSighting(
  get: (name: string) => string,
  altitude: AmlMessage['altitude'],
  now: number,
  unusable: string[],
): AmlMessage['sighting'] {
  const area = {
    latitude: get('location_latitude'),
    longitude: get('location_longitude'),
    radius: get('location_accuracy'),
    altitude: altitude?.metres ?? null,
  };
  const shape = readArea(area, unusable);
  if (shape === null) return null;
  return {
    method: methods.get(get('location_source').toLowerCase()) ?? null,
    shape,
    civic: null,
    confidence:
      readConfidence(get('location_certainty'), 100, unusable) ??
      readConfidence(get('location_confidence'), 1, unusable),
    at: readEpoch('the position', get('location_time'), 1, now, unusable),
  };
}

function readCellId(cellId: string, unusable: string[]): string | null {
  if (cellId === '') return null;
  if (/^[\w:.-]{1,64}$/.test(cellId)) return cellId;
  unusable.push('the cell id is not readable');
  return null;
}

/** A plus that the sender forgot to encode has become a blank. */
function international(number: string | null): string {
  return (number ?? '').replace(/^ (?=\d)/, '+');
}

/**
 * Whether the form was sent by somebody with the key: `hmac`, the last field, is HMAC-SHA1 in lower-case hexadecimal over
 * the raw body before `&hmac=` (Google ELS). Takes the same time wherever a wrong one differs. An empty key proves nothing.
 */
export function verifyElsHmac(body: Buffer, key: string): boolean {
  const at = body.lastIndexOf(hmacMark);
  if (key === '' || at < 0) return false;
  const given = body.subarray(at + hmacMark.length);
  const expected = Buffer.from(hmacOf(body.subarray(0, at), key));
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** A form as a phone would post it, signed with the key. */
export function printElsForm(fields: Readonly<Record<string, string>>, key: string): string {
  const body = new URLSearchParams(fields).toString();
  return body + hmacMark + hmacOf(Buffer.from(body), key);
}

function hmacOf(body: Buffer, key: string): string {
  return createHmac('sha1', key).update(body).digest('hex');
}
