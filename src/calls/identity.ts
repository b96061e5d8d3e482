import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { imeiOf } from './imei.ts';
import { sipUsers, type SipUser } from './sip-address.ts';

/** Who calls, as far as the network said. What it said, word for word, stands in the call's origin. */
export interface CallerIdentity {
  /** E.164 (`+6281234567890`); null when nothing that came is somebody's telephone number: a placeholder is everybody's. */
  readonly number: string | null;
  /** Where the number was found; `channel` is Asterisk's own reading, for a header that was cut. */
  readonly numberFrom: NumberSource | null;
  /** 15 digits, the last one the check digit, of the phone that calls. */
  readonly imei: string | null;
  /** Whether somebody can be reached by calling the number back. */
  readonly callable: boolean;
  readonly notCallable: NotCallable | null;
  /** Who carried the call here: the trunk's name, and the mobile network that the access network's MCC and MNC name. */
  readonly trunk: string | null;
  readonly network: string | null;
}

export type NumberSource = 'P-Asserted-Identity' | 'Remote-Party-ID' | 'From' | 'channel';

export type NotCallable =
  /** No number, and no IMEI either: withheld, or unknown to the network. */
  | 'anonymous'
  /** No number, but an IMEI: a phone without a SIM, or one that its network does not know. */
  | 'no-sim'
  /** A number that a network puts in where it has none. */
  | 'placeholder'
  /** Something stood there that is no telephone number. */
  | 'not-a-number';

/** What identity is read from. Header values are as they came, several of one name joined by commas. */
export interface IdentityParts {
  readonly headers: Readonly<Record<string, string>>;
  readonly channelNumber: string | null;
  readonly trunk: string | null;
  readonly network: string | null;
  /** Patterns of numbers that reach nobody: digits, `x` for any one digit, `*` at the end for any others. */
  readonly placeholders: readonly string[];
}

const sources = ['P-Asserted-Identity', 'Remote-Party-ID', 'From'] as const;
const withheld = /^(anonymous|unknown|unavailable|restricted|private|withheld|asterisk|)$/i;

/** What stands in the place of a number that the caller, or his network, does not tell. */
export function isWithheld(user: string): boolean {
  return withheld.test(user);
}

/**
 * Who calls: the number of P-Asserted-Identity (RFC 3325), else of Remote-Party-ID, else of From, as E.164 with Indonesia
 * for numbers without a country; the IMEI of Contact's instance id (RFC 7254). A placeholder ends the search: a network that
 * has no number knows better than the phone. Never fails: what cannot be read is null.
 */
export function identityOf(parts: IdentityParts): CallerIdentity {
  const { headers, trunk, network } = parts;
  const imei = imeiOf(headers['Contact'] ?? '');
  const base = { imei, trunk, network };
  const nobody = { ...base, number: null, numberFrom: null, callable: false };
  let odd = false;
  for (const { source, users } of given(parts)) {
    const read = users.filter(({ user }) => !isWithheld(user)).map((one) => readUser(one, parts.placeholders));
    const number = read.find((one) => one !== 'placeholder' && one !== null);
    if (number != null) return { ...base, number, numberFrom: source, callable: true, notCallable: null };
    if (read.includes('placeholder')) return { ...nobody, notCallable: 'placeholder' };
    odd ||= read.length > 0;
  }
  const without = imei === null ? 'anonymous' : 'no-sim';
  return { ...nobody, notCallable: odd ? 'not-a-number' : without };
}

/**
 * A telephone number as E.164, or null; `0812…` and the like are Indonesian. Null for what may be no caller's number even
 * though it has digits: IMSI and IMEI, service numbers, local numbers without their area code. Never throws.
 */
export function e164(text: string): string | null {
  if (text.length > 40) return null;
  for (const spelled of spellings(text.replace(/[\s().-]/g, ''))) {
    const number = numberSpelled(spelled);
    if (number !== null) return number;
  }
  return null;
}

function numberSpelled(spelled: string): string | null {
  const number = parsePhoneNumberFromString(spelled, { defaultCountry: 'ID', extract: false });
  // E.164 has 15 digits at most.
  if (number?.isPossible() !== true || number.number.length > 16) return null;
  const { countryCallingCode, nationalNumber } = number;
  // No Indonesian number begins with 0 behind the country: an international or trunk prefix was left over.
  if (countryCallingCode === '62' && nationalNumber.startsWith('0')) return null;
  if (!spelled.startsWith('+') && (nationalNumber.length < 8 || !number.isValid())) return null;
  return number.number;
}

/**
 * As networks and people spell them: 00 for the plus (ITU-T E.123), a plus before a trunk prefix, none before the country; 62
 * may also begin an area code that has lost its 0, as it does in spreadsheets.
 */
function spellings(text: string): string[] {
  if (/^00[1-9]/.test(text)) return [`+${text.slice(2)}`];
  if (/^\+0[1-9]/.test(text)) return [text.slice(1)];
  return text.startsWith('62') ? [`+${text}`, text] : [text];
}

function given({ headers, channelNumber }: IdentityParts): { source: NumberSource; users: SipUser[] }[] {
  return [
    ...sources.map((source) => ({ source, users: sipUsers(headers[source] ?? '') })),
    { source: 'channel', users: channelNumber === null ? [] : [{ user: channelNumber, context: null }] },
  ];
}

function readUser({ user, context }: SipUser, placeholders: readonly string[]): string | null {
  const whole = context === null || user.startsWith('+') ? null : e164(`${context}${user}`);
  const number = whole ?? e164(user);
  return isPlaceholder(user, number, placeholders) ? 'placeholder' : number;
}

function isPlaceholder(user: string, number: string | null, patterns: readonly string[]): boolean {
  if (/\p{L}/u.test(user)) return false;
  const spellings = [user, number].filter((one) => one !== null).map((one) => one.replace(/[^0-9]/g, ''));
  return patterns.some((pattern) => spellings.some((digits) => fits(digits, pattern)));
}

function fits(digits: string, pattern: string): boolean {
  const open = pattern.endsWith('*');
  const fixed = (open ? pattern.slice(0, -1) : pattern).replace(/[^0-9x]/gi, '');
  if (open ? digits.length < fixed.length : digits.length !== fixed.length) return false;
  return Array.from(fixed).every((sign, index) => sign === 'x' || sign === 'X' || sign === digits[index]);
}
