import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { imeiOf } from './imei.ts';

/** Who calls, as far as the network said. What it said, word for word, stands in the call's origin. */
export interface CallerIdentity {
  /** E.164 (`+6281234567890`); null when nothing that came is a telephone number. */
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

/**
 * Who calls: the number of P-Asserted-Identity (RFC 3325), else of Remote-Party-ID, else of From, as E.164 with Indonesia
 * for numbers without a country; the IMEI of Contact's instance id (RFC 7254). Never fails: what cannot be read is null.
 */
export function identityOf(parts: IdentityParts): CallerIdentity {
  const { headers, trunk, network } = parts;
  const imei = imeiOf(headers['Contact'] ?? '');
  const given = users(parts);
  const odd = given.some(({ user }) => !withheld.test(user));
  const base = { imei, trunk, network };
  for (const { user, source } of given) {
    const number = e164(user);
    if (isPlaceholder(user, number, parts.placeholders)) {
      return { ...base, number, numberFrom: source, callable: false, notCallable: 'placeholder' };
    }
    if (number !== null) return { ...base, number, numberFrom: source, callable: true, notCallable: null };
  }
  const without = imei === null ? 'anonymous' : 'no-sim';
  return { ...base, number: null, numberFrom: null, callable: false, notCallable: odd ? 'not-a-number' : without };
}

/** A telephone number as E.164, or null; `0812…` and the like are Indonesian. */
export function e164(text: string): string | null {
  if (text.length > 40) return null;
  const number = parsePhoneNumberFromString(text, { defaultCountry: 'ID', extract: false });
  return number?.isPossible() === true ? number.number : null;
}

function users({ headers, channelNumber }: IdentityParts): { user: string; source: NumberSource }[] {
  const found: { user: string; source: NumberSource }[] = [];
  for (const source of sources) {
    for (const user of usersOf(headers[source] ?? '')) found.push({ user, source });
  }
  if (channelNumber !== null) found.push({ user: channelNumber, source: 'channel' });
  return found;
}

/** The user parts of the sip, sips and tel URIs of a header; a name in quotes is no place for one. */
function usersOf(header: string): string[] {
  const withoutNames = header.replace(/"(?:[^"\\]|\\.)*"/g, '');
  const found: string[] = [];
  for (const [, scheme, rest = ''] of withoutNames.matchAll(/(?:^|[<,\s])(sips?|tel):([^>,\s]{0,200})/gi)) {
    const at = rest.lastIndexOf('@');
    if (scheme?.toLowerCase() !== 'tel' && at < 0) continue;
    const user = scheme?.toLowerCase() === 'tel' ? rest : rest.slice(0, at);
    found.push(decoded(user.split(';')[0] ?? '').trim());
  }
  return found;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone percent sign: as it is
  }
}

function isPlaceholder(user: string, number: string | null, patterns: readonly string[]): boolean {
  const spellings = [user, number].filter((one) => one !== null).map((one) => one.replace(/[^0-9]/g, ''));
  return patterns.some((pattern) => spellings.some((digits) => fits(digits, pattern)));
}

function fits(digits: string, pattern: string): boolean {
  const open = pattern.endsWith('*');
  const fixed = (open ? pattern.slice(0, -1) : pattern).replace(/[^0-9x]/gi, '');
  if (open ? digits.length < fixed.length : digits.length !== fixed.length) return false;
  return Array.from(fixed).every((sign, index) => sign === 'x' || sign === 'X' || sign === digits[index]);
}
