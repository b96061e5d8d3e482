/** What of the settings decides whether a number may be called. */
export interface OutgoingLimits {
  outgoingTrunk: { host: string; port: number } | null;
  outgoingAllowed: readonly string[];
  outgoingRefused: readonly string[];
  /** At the same time, of this controller. */
  outgoingAtOnce: number;
  /** For each operator. */
  outgoingPerHour: number;
  areaCodes: readonly { code: string }[];
}

/** How much is called already. */
export interface OutgoingCounters {
  /** Calls to the outside under way in this centre. */
  atOnce: number;
  /** Of this operator in the last hour. */
  lastHour: number;
}

export type RefusalReason =
  /** The settings name no trunk. */
  | 'no-trunk'
  /** No number: too short, too long, or with characters that none has. */
  | 'malformed'
  /** 112 in any spelling: it would come back to us. */
  | 'ourselves'
  /** Begins with none of the allowed prefixes. */
  | 'not-allowed'
  /** Begins with one of the refused prefixes. */
  | 'refused'
  /** As many calls as may be are under way. */
  | 'at-once'
  /** The operator has made as many as he may in an hour. */
  | 'per-hour';

export type OutgoingVerdict =
  { allowed: true; number: string; uri: string } | { allowed: false; reason: RefusalReason };

/** A number in the form in which it is dialled, and whatever else it may be written as. */
export interface DialledNumber {
  /** Digits, after a `+` where it is abroad. */
  dialled: string;
  /** The ways to write it that its allowance is told by. */
  spellings: string[];
  /** More ways to write or to take it: it is refused if any of them is. */
  aliases: string[];
}

/** Between groups of digits people write these, and nothing else. */
const separators = /[ \u00a0\-./()]/g;

/**
 * Reads a number as people in Indonesia write it: `+62…`, `62…`, `0062…` and `8…` are the national `0…`; three to eight
 * digits from 1 on are a short number; five to eight others are a number of the same town; `+…` and `00…` are abroad.
 * Undefined for anything else: whatever is not a digit, a separator or a leading plus makes it none.
 */
export function normalise(text: string): DialledNumber | undefined {
  if (text.length > 40) return undefined;
  const bare = text.replace(separators, '');
  if (!/^\+?[0-9]{3,18}$/.test(bare)) return undefined;
  if (bare.startsWith('+62')) return national(bare.slice(3));
  if (bare.startsWith('0062')) return national(bare.slice(4));
  if (bare.startsWith('+')) return abroad(bare, bare.slice(1));
  if (bare.startsWith('00')) return abroad(bare, bare.slice(2));
  if (bare.startsWith('62') && bare.length >= 9) return national(bare.slice(2));
  if (bare.startsWith('0')) return national(bare.slice(1));
  if (bare.startsWith('8') && bare.length >= 5) return national(bare);
  if (bare.startsWith('1')) return bare.length <= 8 ? short(bare) : undefined;
  return bare.length >= 5 && bare.length <= 8 ? short(bare) : undefined;
}

/** `rest` is what follows the country code or the 0; some write both, `+62 (0) 761`. */
function national(rest: string): DialledNumber | undefined {
  const subscriber = rest.startsWith('0') ? rest.slice(1) : rest;
  // Of more zeros a trunk could make a carrier's code for abroad; 010XY are codes of carriers too, and no area's begins with 1.
  if (/^[01]/.test(subscriber) || subscriber.length < 3 || subscriber.length > 13) return undefined;
  const spellings = [`0${subscriber}`, `+62${subscriber}`, `62${subscriber}`];
  return { dialled: `0${subscriber}`, spellings, aliases: spellings };
}

function short(digits: string): DialledNumber {
  return { dialled: digits, spellings: [digits], aliases: [digits, `0${digits}`, `+62${digits}`, `62${digits}`] };
}

/** E.164 has 15 digits at most. The codes of the carriers for abroad are three digits: 001, 007, 008. */
function abroad(written: string, rest: string): DialledNumber | undefined {
  if (rest.length < 7 || rest.length > 15 || rest.startsWith('0')) return undefined;
  const after = [rest, ...(written.startsWith('00') ? [rest.slice(1)] : [])];
  const aliases = after.flatMap((number) => [
    `+${number}`,
    `00${number}`,
    `001${number}`,
    `007${number}`,
    `008${number}`,
  ]);
  return { dialled: written, spellings: [written], aliases: [...aliases, written] };
}

/**
 * Whether this number may be called now. A refused prefix counts before every allowed one, in whatever form either is
 * written. Numbers abroad are allowed by a prefix that says so (`+65`, `00`), never by a `0` that means the country's own.
 * 112 itself is never called: it would come back to us.
 */
export function mayCall(text: string, settings: OutgoingLimits, counters: OutgoingCounters): OutgoingVerdict {
  const no = (reason: RefusalReason): OutgoingVerdict => ({ allowed: false, reason });
  if (settings.outgoingTrunk === null) return no('no-trunk');
  const number = normalise(text);
  if (number === undefined) return no('malformed');
  if (isOurselves(number.dialled, settings)) return no('ourselves');
  const refused = settings.outgoingRefused.some((prefix) => number.aliases.some((alias) => alias.startsWith(prefix)));
  if (refused) return no('refused');
  const isAbroad = /^(\+|00)/.test(number.dialled);
  const allowed = settings.outgoingAllowed.some(
    (prefix) =>
      (!isAbroad || /^(\+|00)/.test(prefix)) && number.spellings.some((spelling) => spelling.startsWith(prefix)),
  );
  if (!allowed) return no('not-allowed');
  if (counters.atOnce >= settings.outgoingAtOnce) return no('at-once');
  if (counters.lastHour >= settings.outgoingPerHour) return no('per-hour');
  const { host, port } = settings.outgoingTrunk;
  return { allowed: true, number: number.dialled, uri: `sip:${number.dialled}@${host}:${port}` };
}

/** An exchange connects 112 as soon as it has read it, whatever follows; behind an area code it is another town's. */
function isOurselves(dialled: string, { areaCodes }: OutgoingLimits): boolean {
  return /^(0|62)?112/.test(dialled) || areaCodes.some(({ code }) => dialled === `${code}112`);
}
