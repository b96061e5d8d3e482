/** Whom a header such as From or P-Asserted-Identity names, by the user part of a sip, sips or tel URI. */
export interface SipUser {
  /** Percent-decoded, without parameters and password: `+6281234567890`, `anonymous`. */
  readonly user: string;
  /** The digits that go before a local number (`;phone-context=+62761`, RFC 3966, 5.1.5); null without, or for a domain. */
  readonly context: string | null;
}

/** RFC 3325 allows two in P-Asserted-Identity, one sip and one tel; a few more do no harm, hundreds would cost time. */
const mostUsers = 4;

/**
 * The users that a header of addresses (RFC 3261, 20.10; several joined by commas) names, the first four. What stands in
 * quotes is somebody's name and never an address. A quote that does not end hides the rest: where a long name was cut, what
 * is left of it could hold an address that nobody vouches for. A tel URI that was cut is none: less of a number is another
 * number. Never throws; linear time.
 */
export function sipUsers(header: string): SipUser[] {
  const found: SipUser[] = [];
  let bare = true;
  for (let at = 0; at < header.length && found.length < mostUsers;) {
    const character = header[at];
    if (character === '"') {
      const end = endOfQuotes(header, at);
      if (end === null) break;
      at = end;
    } else if (character === '<' || bare) {
      const address = character === '<' ? inBrackets : withoutBrackets;
      address.lastIndex = at;
      const [all = '', uri = '', closing = ''] = address.exec(header) ?? [];
      const user = userOf(uri, closing !== '' || address === withoutBrackets);
      if (user !== null) found.push(user);
      bare = false;
      at += Math.max(1, all.length);
    } else {
      bare = character === ',';
      at += 1;
    }
  }
  return found;
}

const inBrackets = /<([^<>"]{0,300})(>?)/y;
/** Without brackets an address stands alone: what follows the semicolon belongs to the header. */
const withoutBrackets = /\s{0,10}((?:sips?|tel):[^<>\s",]{0,300})/iy;

/** Behind the closing quote; null when there is none. */
function endOfQuotes(text: string, from: number): number | null {
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at + 1;
  }
  return null;
}

function userOf(uri: string, whole: boolean): SipUser | null {
  const [, scheme, rest = ''] = /^\s*(sips?|tel):(.*)$/is.exec(uri) ?? [];
  if (scheme === undefined) return null;
  const isTel = scheme.toLowerCase() === 'tel';
  const at = rest.indexOf('@');
  // Without an at sign a sip URI names a host; a tel URI is whole where a parameter or its bracket follows.
  if (isTel ? !whole && !rest.includes(';') : at < 0) return null;
  const [named = '', ...parameters] = (isTel ? rest : rest.slice(0, at)).split(';');
  const context = parameters.map((one) => /^phone-context=(\+[0-9.()-]{1,20})$/i.exec(decoded(one))?.[1]).find(Boolean);
  return { user: decoded(named.split(':')[0] ?? '').trim(), context: context ?? null };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone percent sign: as it is
  }
}
