/** Where a callback stands. It leaves the list by being reached, by a redial that got through, or by a person's review. */
export const callbackStates = ['listed', 'calling', 'reached', 'redialled', 'reviewed'] as const;
type CallbackState = (typeof callbackStates)[number];

/** How a try to call back went; `not-tried` used up none: no operator was free, or a caller waited. */
export type TryResult = 'reached' | 'not-reached' | 'not-tried';

/** The reason of a call that a person ended: it was not abandoned by its caller. */
export const endedByPerson = 'ended by a person';
/** The reason of a call that ended because Asterisk did, whoever its caller was with: he has not hung up. */
export const connectionLost = 'the connection was lost by a fault';

/** Whether a call that ended so wants to be called back: its caller gave up, or was cut off. */
export function isUnfinished({ outcome, reason }: { outcome: string | null; reason: string | null }): boolean {
  return reason === connectionLost || (outcome === 'abandoned' && reason !== endedByPerson);
}

/** Why somebody is on the list: he hung up before an operator talked with him, a fault cut him off, or he asked for it by an app. */
export const callbackReasons = ['gave-up', 'connection-lost', 'reported'] as const;
type CallbackReason = (typeof callbackReasons)[number];

/** A caller who hung up before an operator talked with him, was cut off, or wants to be called after a report. Times are epoch milliseconds. */
export interface Callback {
  readonly id: string;
  /** Null: he has reported by an app. */
  readonly callId: string | null;
  readonly incidentId: string;
  readonly reason: CallbackReason;
  /** E.164. */
  readonly number: string | null;
  readonly imei: string | null;
  readonly abandonedAt: number;
  /** How long he waited for an operator. */
  readonly rangSeconds: number;
  /** Calls of his before this one that were abandoned as well, within the time for redials. */
  readonly repeats: number;
  /** Somebody else called from the same cell or district in the ten minutes before. */
  readonly nearby: boolean;
  readonly district: string | null;
  readonly bestFix: CallbackFix | null;
  /** 0 to 100. */
  readonly rank: number;
  /** Why he cannot be called; null when he can. */
  readonly notCallable: string | null;
  readonly state: CallbackState;
  readonly tries: number;
  readonly nextTryAt: number | null;
  /** Who wants him called now, whatever the settings say. */
  readonly askedBy: string | null;
}

export interface CallbackFix {
  readonly source: string;
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly radius: number | null;
  readonly address: string | null;
}

/** What speaks for calling somebody back. */
interface CallbackSigns {
  readonly rangSeconds: number;
  readonly repeats: number;
  readonly located: boolean;
  readonly nearby: boolean;
  readonly cutOff: boolean;
}

interface CallbackSettings {
  readonly callbackMinimumWaitSeconds: number;
  readonly callbackMinimumRank: number;
  readonly callbackTries: number;
}

/** Who waits a minute means it; more says nothing more. */
const fullWaitSeconds = 60;

/**
 * How much speaks for an emergency, 0 to 100: his wait (up to 40), each earlier try (15, up to 30), that it is known where he
 * is (10), and that somebody else called from there (20). Who was cut off did not give up (60).
 */
export function rankOf({ rangSeconds, repeats, located, nearby, cutOff }: CallbackSigns): number {
  const waited = 40 * Math.min(1, Math.max(0, rangSeconds) / fullWaitSeconds);
  const again = Math.min(30, 15 * Math.max(0, repeats));
  return Math.min(100, Math.round(waited + again + (located ? 10 : 0) + (nearby ? 20 : 0) + (cutOff ? 60 : 0)));
}

/** Whether somebody is called back by himself, now or later; the others stay listed for people. */
export function isWorthCalling(one: Callback, settings: CallbackSettings): boolean {
  if (one.state !== 'listed' || one.notCallable !== null || one.number === null) return false;
  if (one.askedBy !== null) return true;
  if (one.tries >= settings.callbackTries) return false;
  if (one.reason === 'connection-lost') return true;
  return one.rangSeconds >= settings.callbackMinimumWaitSeconds || one.rank >= settings.callbackMinimumRank;
}

/**
 * Who is to be called back now, the first first: whom a person asked for, then by rank, then who has waited longest. A
 * caller with several entries is called once, for his latest, and not while another entry of his is being called.
 */
export function dueCallbacks(list: readonly Callback[], settings: CallbackSettings, at: number): Callback[] {
  const latest = new Map<string, Callback>();
  const busy = new Set<string>();
  for (const one of list) {
    if (one.number === null) continue;
    if (one.state === 'calling') busy.add(one.number);
    if (!isWorthCalling(one, settings)) continue;
    const other = latest.get(one.number);
    if (other === undefined || comesBefore(one, other)) latest.set(one.number, one);
  }
  return [...latest.values()]
    .filter((one) => (one.nextTryAt ?? 0) <= at && !busy.has(one.number ?? ''))
    .sort(
      (a, b) =>
        Number(b.askedBy !== null) - Number(a.askedBy !== null) ||
        b.rank - a.rank ||
        a.abandonedAt - b.abandonedAt ||
        (a.id < b.id ? -1 : 1),
    );
}

/** Of two entries of one caller: the one that a person asked for, else the later one. */
function comesBefore(one: Callback, other: Callback): boolean {
  if ((one.askedBy !== null) !== (other.askedBy !== null)) return one.askedBy !== null;
  return one.abandonedAt > other.abandonedAt || (one.abandonedAt === other.abandonedAt && one.id > other.id);
}
