import {
  amlMethods,
  emptyAmlMessage,
  plausibleTime,
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
  type MobileNetwork,
} from './aml.ts';
import type { Position, Shape, Sighting } from '../fix.ts';

// An SMS has at most 255 parts, but a message of AML has one or two.
const mostRead = 4_096;
const mostAttributes = 64;
const header = 'A"ML=';
// Gateways change the quote or lose it. Without it, the message has to begin so, or people's words could look like one.
const start = /A["'“”]{1,2}ML[ ]?=|^\s*AML[ ]?=/i;

const methods: ReadonlyMap<string, string> = new Map([
  ['G', amlMethods.gnss],
  ['W', amlMethods.wifi],
  ['C', amlMethods.cell],
  ['F', amlMethods.fused],
]);

interface Attributes {
  readonly text: string;
  /** The attribute's value, empty where it was not sent. */
  readonly get: (name: string) => string;
}

/**
 * Reads an AML message by SMS: version 1 (ETSI TS 103 625) or 2 (Google's ELS Beta, where `lt` and `lg` mean something
 * else). Null where the text is no such message. Never throws; unknown attributes are ignored, and of an attribute that is
 * there twice the first counts. `sender` is the SMS's originating number; `now` is when it came, in epoch milliseconds.
 */
export function readAmlSms(text: string, sender: string | null, now = Date.now()): AmlMessage | null {
  const beginning = text.slice(0, mostRead);
  const at = beginning.search(start);
  if (at < 0) return null;
  const unusable: string[] = [];
  const attributes = attributesOf(beginning.slice(at).trim());
  const version = readWords(attributes.get('version'), 8);
  return {
    ...readContent(version, attributes, now, unusable),
    version,
    sender: readNumber('the sender', sender ?? '', unusable),
    imei: readImei(attributes.get('ei'), unusable),
    unusable,
  };
}

function attributesOf(text: string): Attributes {
  const values = new Map<string, string>();
  for (const [index, attribute] of text.split(/[;\r\n]/, mostAttributes).entries()) {
    const equals = attribute.indexOf('=');
    if (equals < 0) continue;
    const name = index === 0 ? 'version' : attribute.slice(0, equals).trim().toLowerCase();
    if (!values.has(name)) values.set(name, attribute.slice(equals + 1).trim());
  }
  return { text, get: (name) => values.get(name) ?? '' };
}

function readContent(version: string | null, attributes: Attributes, now: number, unusable: string[]): AmlMessage {
  if (version === '1') return readVersion1(attributes, now, unusable);
  if (version === '2') return readVersion2(attributes, now, unusable);
  unusable.push('this version of AML is not known here, so that its location cannot be read');
  return emptyAmlMessage;
}

function readVersion1(attributes: Attributes, now: number, unusable: string[]): AmlMessage {
  const { text, get } = attributes;
  const length = get('ml');
  if (length !== '' && length !== String(text.length)) {
    unusable.push('the message is not as long as it says: parts may be missing');
  }
  return {
    ...emptyAmlMessage,
    imsi: readImsi(get('si'), unusable),
    network: readNetwork('the network', get('mcc'), get('mnc'), unusable),
    sighting: get('pm').toUpperCase() === 'N' ? noLocation(unusable) : readSighting1(get, now, unusable),
  };
}

function readSighting1(get: Attributes['get'], now: number, unusable: string[]): Sighting | null {
  const radius = get('rd').toUpperCase() === 'N' ? '' : get('rd');
  const shape = readArea({ latitude: get('lt'), longitude: get('lg'), radius, altitude: null }, unusable);
  if (shape === null) return null;
  const time = get('top');
  return {
    method: methods.get(get('pm').toUpperCase()) ?? null,
    shape,
    civic: null,
    confidence: readConfidence(get('lc'), 100, unusable),
    at: time === '' ? null : plausibleTime('the position', utc(time), now, unusable),
  };
}

function noLocation(unusable: string[]): null {
  unusable.push('the phone says that it has no location');
  return null;
}

/** Epoch milliseconds of yyyyMMddHHmmss in UTC; not a number where that is no time. */
function utc(text: string): number {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text)?.slice(1).map(Number) ?? [];
  const [year = NaN, month = NaN, date = NaN, hour = NaN, minute = NaN, second = NaN] = parts;
  const at = Date.UTC(year, month - 1, date, hour, minute, second);
  return Number.isFinite(at) && stamp(at) === text ? at : Number.NaN;
}

function stamp(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace(/\D/g, '');
}

function readVersion2(attributes: Attributes, now: number, unusable: string[]): AmlMessage {
  const { get } = attributes;
  const callAt = readEpoch('the call', get('et'), 1_000, now, unusable);
  const [metres = '', accuracy = ''] = list(get('lz'));
  const altitude = readAltitude(metres, accuracy, unusable);
  const [latitude = '', longitude = '', radius = ''] = list(get('lo'));
  const shape = readArea({ latitude, longitude, radius, altitude: altitude?.metres ?? null }, unusable);
  return {
    ...emptyAmlMessage,
    sighting:
      shape === null
        ? null
        : {
            method: methods.get(get('ls').toUpperCase()) ?? null,
            shape,
            civic: null,
            confidence: readConfidence(get('lc'), 100, unusable),
            at: locatedAt(callAt, get('lt'), now, unusable),
          },
    altitude: shape === null ? null : altitude,
    network: readJoined('the network', get('nc'), unusable),
    homeNetwork: readJoined("the SIM's network", get('hc'), unusable),
    language: readWords(get('lg'), 60),
    emergencyNumber: readNumber('the emergency number', get('en'), unusable),
    sentAt: callAt,
  };
}

/** The position's time: so many seconds after the call began (before, where negative); -9999 is not known. */
function locatedAt(callAt: number | null, offset: string, now: number, unusable: string[]): number | null {
  if (offset === '' || callAt === null) return null;
  if (offset === '-9999') {
    unusable.push('the phone does not say when it was at the position');
    return null;
  }
  const seconds = /^[+-]?\d{1,9}$/.test(offset) ? Number(offset) : Number.NaN;
  return plausibleTime('the position', callAt + seconds * 1_000, now, unusable);
}

function list(text: string): string[] {
  return text.split(',', 3).map((part) => part.trim());
}

function readJoined(name: string, code: string, unusable: string[]): MobileNetwork | null {
  return readNetwork(name, code.slice(0, 3), code.slice(3), unusable);
}

/** The message as a phone would send it, with what its version can say; to five decimals of a degree. */
export function printAmlSms(message: AmlMessage, version: '1' | '2'): string {
  return version === '1' ? print1(message) : print2(message);
}

function print1(message: AmlMessage): string {
  const { sighting } = message;
  const { position, radius } = spot(sighting?.shape ?? null);
  const text = joined('1', [
    ['lt', signed(position.latitude, 2)],
    ['lg', signed(position.longitude, 3)],
    ['rd', radius === null ? 'N' : String(radius)],
    ['top', sighting?.at == null ? '' : stamp(sighting.at)],
    ['lc', sighting === null ? '0' : String(sighting.confidence ?? '')],
    ['pm', sighting === null ? 'N' : letterOf(sighting.method)],
    ['si', message.imsi ?? ''],
    ['ei', message.imei ?? ''],
    ['mcc', message.network?.mcc ?? ''],
    ['mnc', message.network?.mnc ?? ''],
  ]);
  const length = text.length + ';ml='.length;
  return `${text};ml=${length + (length + 2 > 99 ? 3 : 2)}`;
}

function print2(message: AmlMessage): string {
  const { sighting, sentAt, altitude } = message;
  const { position, radius } = spot(sighting?.shape ?? null);
  const degrees = `${position.latitude.toFixed(5)},${position.longitude.toFixed(5)}`;
  const offset = sighting?.at == null || sentAt === null ? '' : String(Math.round((sighting.at - sentAt) / 1_000));
  return joined('2', [
    ['en', message.emergencyNumber ?? ''],
    ['et', sentAt === null ? '' : String(Math.floor(sentAt / 1_000))],
    ['lo', sighting === null ? '' : `${degrees},${(radius ?? 0).toFixed(1)}`],
    ['lt', offset],
    ['lc', String(sighting?.confidence ?? '')],
    ['lz', altitude === null ? '' : `${altitude.metres.toFixed(1)},${(altitude.accuracy ?? 0).toFixed(1)}`],
    ['ls', sighting === null ? '' : letterOf(sighting.method)],
    ['ei', message.imei ?? ''],
    ['nc', message.network === null ? '' : message.network.mcc + message.network.mnc],
    ['hc', message.homeNetwork === null ? '' : message.homeNetwork.mcc + message.homeNetwork.mnc],
    ['lg', message.language ?? ''],
  ]);
}

function joined(version: string, attributes: readonly (readonly [string, string])[]): string {
  const said = attributes.filter(([, value]) => value !== '').map(([name, value]) => `${name}=${value}`);
  return [header + version, ...said].join(';');
}

function spot(shape: Shape | null): { position: Position; radius: number | null } {
  if (shape?.type === 'circle') return { position: shape.centre, radius: shape.radius };
  if (shape?.type === 'point') return { position: shape.position, radius: null };
  return { position: { latitude: 0, longitude: 0 }, radius: null };
}

function letterOf(method: string | null): string {
  return [...methods].find(([, name]) => name === method)?.[0] ?? 'U';
}

function signed(degrees: number, width: number): string {
  return (
    (degrees < 0 ? '-' : '+') +
    Math.abs(degrees)
      .toFixed(5)
      .padStart(width + 6, '0')
  );
}

/**
 * The AML text in the user data of a data SMS, with or without its header: as 8-bit text, as UCS-2, or as packed 7-bit text
 * (3GPP TS 23.038, 6.1.2.1.1). Empty where there is none. Never throws; reads the first 4,096 bytes.
 */
export function smsTextOf(data: Uint8Array): string {
  const bytes = data.subarray(0, mostRead);
  const ways = [() => eightBit(bytes), () => ucs2(bytes, 0), () => ucs2(bytes, 1)];
  // Behind a header that was cut off, packed text may begin at any bit.
  for (let bit = 0; bit < 7; bit += 1) ways.push(() => sevenBit(bytes, bit));
  for (const way of ways) {
    const text = /A"ML=[\x20-\x7e]*/i.exec(way())?.[0];
    if (text !== undefined) return text.trimEnd();
  }
  return '';
}

function eightBit(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}

function ucs2(bytes: Uint8Array, from: number): string {
  let text = '';
  for (let at = from; at + 1 < bytes.length; at += 2) text += String.fromCharCode(pair(bytes, at));
  return text;
}

function sevenBit(bytes: Uint8Array, from: number): string {
  let text = '';
  for (let bit = from; bit + 7 <= bytes.length * 8; bit += 7) {
    const at = bit >> 3;
    const septet = (((bytes[at + 1] ?? 0) << 8) | (bytes[at] ?? 0)) >> (bit & 7);
    text += gsmCharacter(septet & 0x7f);
  }
  return text;
}

function pair(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

/** AML needs only what GSM's alphabet shares with ASCII, and the underscore; the rest ends it, like its padding. */
function gsmCharacter(septet: number): string {
  if (septet === 0x11) return '_';
  const character = String.fromCharCode(septet);
  return /[ -Za-z]/.test(character) && !/[$@]/.test(character) ? character : '\0';
}
