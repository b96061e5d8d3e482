import type { Shape, Sighting } from '../fix.ts';
import { refusalOf } from '../shape.ts';

/** A mobile network: country and network code, digits as sent. */
export interface MobileNetwork {
  readonly mcc: string;
  readonly mnc: string;
}

/** What a phone says of itself when it calls 112: Advanced Mobile Location (ETSI TS 103 625), by SMS or HTTPS. */
export interface AmlMessage {
  readonly version: string | null;
  /** The phone's number as given: it ties the message to a call. */
  readonly sender: string | null;
  readonly imei: string | null;
  /** May be masked: then only its first digits are real. */
  readonly imsi: string | null;
  /** Null where the message has no location that can be used: `unusable` says why. */
  readonly sighting: Sighting | null;
  /** Metres above the ellipsoid, and how exact that is; null where it was not said. */
  readonly altitude: { readonly metres: number; readonly accuracy: number | null } | null;
  /** As on the button of a lift: it need not be a number. */
  readonly floor: string | null;
  /** The network that the phone is in, and the one of its SIM. */
  readonly network: MobileNetwork | null;
  readonly homeNetwork: MobileNetwork | null;
  readonly cellId: string | null;
  /** BCP 47 tags, the preferred one first, with commas. */
  readonly language: string | null;
  readonly deviceModel: string | null;
  /** The number that the caller dialled. */
  readonly emergencyNumber: string | null;
  /** When the emergency call began, by the phone's clock, in epoch milliseconds. */
  readonly sentAt: number | null;
  /** When the phone noticed a car crash, in epoch milliseconds. */
  readonly crashAt: number | null;
  /** What cannot be used and what is odd, in plain words without anybody's number or position. */
  readonly unusable: readonly string[];
}

/** A message of which nothing is known yet. */
export const emptyAmlMessage: AmlMessage = {
  version: null,
  sender: null,
  imei: null,
  imsi: null,
  sighting: null,
  altitude: null,
  floor: null,
  network: null,
  homeNetwork: null,
  cellId: null,
  language: null,
  deviceModel: null,
  emergencyNumber: null,
  sentAt: null,
  crashAt: null,
  unusable: [],
};

/**
 * How a position was found, by IANA's method tokens (RFC 4119). Wi-Fi is registered as 802.11; what a phone has fused from
 * several sources is DBH, Device-Based Hybrid.
 */
export const amlMethods = { gnss: 'GPS', wifi: '802.11', cell: 'Cell', fused: 'DBH' } as const;

const earliest = Date.UTC(2000, 0, 1);
const day = 86_400_000;
/** Half the circumference of the earth: a larger circle says nothing. */
const largestRadius = 20_037_508;

/** A position as the message's text has it; what is empty was not said. */
interface AreaText {
  readonly latitude: string;
  readonly longitude: string;
  /** Metres; 0 says that it is not known (Google ELS). */
  readonly radius: string;
  readonly altitude: number | null;
}

/**
 * The area that a message gives: a circle, or a point where the radius is not known. Null, with the reason, where it is no
 * location. A radius that is no number leaves the point; one that is negative or larger than the earth spoils it.
 */
export function readArea(text: AreaText, unusable: string[]): Shape | null {
  const refused = (reason: string): null => {
    unusable.push(reason);
    return null;
  };
  if (text.latitude === '' && text.longitude === '') return refused('the message has no position');
  const latitude = decimal(text.latitude);
  const longitude = decimal(text.longitude);
  if (latitude === null) return refused(`the latitude is ${text.latitude === '' ? 'missing' : 'not a number'}`);
  if (longitude === null) return refused(`the longitude is ${text.longitude === '' ? 'missing' : 'not a number'}`);
  const position = { latitude, longitude };
  const fault = refusalOf({ type: 'point', position, altitude: null });
  if (fault !== null) return refused(fault);
  const radius = text.radius === '' ? 0 : decimal(text.radius);
  if (radius === null) unusable.push('the radius is not a number: how exact the position is, is not known');
  else if (radius < 0) return refused('the radius is negative');
  else if (radius > largestRadius) return refused('the radius is larger than the earth');
  if (radius === null || radius === 0) return { type: 'point', position, altitude: text.altitude };
  return { type: 'circle', centre: position, radius };
}

/** Metres above the ellipsoid with its accuracy; an accuracy of 0 is not known (Google ELS). */
export function readAltitude(metres: string, accuracy: string, unusable: string[]): AmlMessage['altitude'] {
  if (metres === '') return null;
  const height = decimal(metres);
  if (height === null || height < -1_000 || height > 20_000) {
    unusable.push('the altitude is not plausible');
    return null;
  }
  const exact = accuracy === '' ? 0 : decimal(accuracy);
  if (exact === null || exact < 0) unusable.push('the accuracy of the altitude is not a number of metres');
  return { metres: height, accuracy: exact === null || exact <= 0 ? null : exact };
}

/** A time that a phone can mean: since 2000, and not more than a day ahead of us. */
export function plausibleTime(name: string, at: number, now: number, unusable: string[]): number | null {
  if (Number.isFinite(at) && at >= earliest && at <= now + day) return at;
  unusable.push(`the time of ${name} is not plausible`);
  return null;
}

/** A time of so many milliseconds (or of units of so many) since 1970. */
export function readEpoch(name: string, text: string, unit: number, now: number, unusable: string[]): number | null {
  if (text === '') return null;
  return plausibleTime(name, /^\d{1,15}$/.test(text) ? Number(text) * unit : Number.NaN, now, unusable);
}

/** Percent of confidence, 0 to 100; `whole` is what stands for 100 percent. */
export function readConfidence(text: string, whole: 1 | 100, unusable: string[]): number | null {
  if (text === '') return null;
  const part = decimal(text);
  // A hundredth of a percent is exact enough, and spares the eye the rest of a binary fraction.
  if (part !== null && part >= 0 && part <= whole) return Math.round((part / whole) * 10_000) / 100;
  unusable.push('the confidence is out of range');
  return null;
}

/** IMEI of 14 or 15 digits, or of 16 with the software's version; separators are dropped. */
export function readImei(text: string, unusable: string[]): string | null {
  const digits = text.slice(0, 40).replace(/[ .-]/g, '');
  if (digits === '') return null;
  // Phones that cannot tell theirs would otherwise all pass for one phone.
  if (/^\d{14,16}$/.test(digits) && /[1-9]/.test(digits)) return digits;
  unusable.push('the IMEI is not one');
  return null;
}

/** IMSI, of which the last digits may be masked by zeros, x or *. */
export function readImsi(text: string, unusable: string[]): string | null {
  if (text === '') return null;
  if (/^\d{5,15}[x*]{0,10}$/i.test(text) && text.length <= 16 && /[1-9]/.test(text)) return text;
  unusable.push('the IMSI is not one');
  return null;
}

/** A phone number as given: up to 15 digits, with plus and separators. */
export function readNumber(name: string, text: string, unusable: string[]): string | null {
  const number = text.trim();
  if (number === '') return null;
  const digits = number.slice(0, 40).replace(/\D/g, '').length;
  if (/^\+?[\d ().-]{2,30}$/.test(number) && digits >= 2 && digits <= 15) return number;
  unusable.push(`${name} is not a phone number`);
  return null;
}

/** Country and network code, told apart already; null with a reason where one of them is none. */
export function readNetwork(name: string, mcc: string, mnc: string, unusable: string[]): MobileNetwork | null {
  if (mcc === '' && mnc === '') return null;
  if (/^\d{3}$/.test(mcc) && /^\d{1,3}$/.test(mnc) && mcc !== '000') return { mcc, mnc };
  unusable.push(`${name} is not named by country and network code`);
  return null;
}

/** Words for a person to read: one line, no control characters, at most so many characters. */
export function readWords(text: string, most: number): string | null {
  const plain = text
    .slice(0, 4 * most)
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '')
    .trim();
  return plain === '' ? null : Array.from(plain).slice(0, most).join('');
}

/** A decimal number, also with a sign and an exponent as Java writes small ones; null for all else. */
function decimal(text: string): number | null {
  return /^[+-]?(\d{1,15}(\.\d{0,20})?|\.\d{1,20})(e[+-]?\d{1,2})?$/i.test(text) ? Number(text) : null;
}
