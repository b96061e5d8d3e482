import { derivedId, timeOf } from '../platform/ids.ts';
import { bestFix, type BestFix } from './best-fix.ts';
import type { Fix, FixSource, Sighting } from './fix.ts';
import type { AccessNetwork } from './cells/pani.ts';
import { plainText } from './plain-text.ts';

/** Something that came as a location and is none, or not in whole. */
interface Unusable {
  /** Where it came from: a source of fixes, or a header's name. */
  readonly source: string;
  /** In plain words. */
  readonly reason: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** All that is known of where a caller is. */
export interface CallLocation {
  readonly fixes: readonly Fix[];
  readonly unusable: readonly Unusable[];
  /** What the access network said of itself: shown also where its cell's tower is unknown. */
  readonly networks: readonly AccessNetwork[];
  /** The one to act on; chosen anew with each fix. */
  readonly best: BestFix | null;
}

export const nowhere: CallLocation = { fixes: [], unusable: [], networks: [], best: null };

/**
 * More than a call can have in good faith, of one source or of reasons; what comes on top is said, or dropped. Of one
 * source, so that whoever floods a call shuts out nobody else: least of all its operator.
 */
const fixesKept = 100;
/**
 * Characters of JSON that all fixes of one source may have: each decision of the call copies and journals them. A polygon of a
 * thousand corners has some 45,000; a location server of somebody's own could send a hundred such.
 */
const charactersKept = 65_536;
const unusableKept = 100;
const reasonLength = 300;

/** What became known at one moment. */
export interface Received {
  readonly fixes: readonly Fix[];
  readonly unusable: readonly Omit<Unusable, 'at'>[];
}

export interface Merged {
  readonly location: CallLocation;
  /** Those that were not there before. */
  readonly fixes: readonly Fix[];
  readonly unusable: readonly Unusable[];
  /** The choice is another one now, or what it says of district and address. */
  readonly bestChanged: boolean;
}

/** Adds what was received, keeps all that was there, and chooses the best fix anew. `at` is epoch milliseconds. */
export function receive(before: CallLocation, received: Received, at: number): Merged {
  const known = new Set(before.fixes.map(({ id }) => id));
  const kept = new Map<FixSource, { count: number; characters: number }>();
  const add = (fix: Fix): void => {
    const { count, characters } = kept.get(fix.source) ?? { count: 0, characters: 0 };
    kept.set(fix.source, { count: count + 1, characters: characters + JSON.stringify(fix).length });
  };
  before.fixes.forEach(add);
  const fixes: Fix[] = [];
  const left = new Map<string, Omit<Unusable, 'at'>>();
  for (const fix of received.fixes) {
    if (known.has(fix.id)) continue;
    known.add(fix.id);
    const { source } = fix;
    const { count, characters } = kept.get(source) ?? { count: 0, characters: 0 };
    const reason =
      count >= fixesKept
        ? `more than ${fixesKept} locations came of this source`
        : characters + JSON.stringify(fix).length > charactersKept
          ? 'a location has more corners or words than can be kept'
          : null;
    if (reason === null) {
      add(fix);
      fixes.push(fix);
    } else left.set(`${source} ${reason}`, { source, reason });
  }
  const unusable = newReasons(before.unusable, [...received.unusable, ...left.values()], at);
  const all = [...before.fixes, ...fixes];
  const best = fixes.length > 0 ? bestFix(all, at) : before.best;
  return {
    location: { ...before, fixes: all, unusable: [...before.unusable, ...unusable], best },
    fixes,
    unusable,
    bestChanged: (['fixId', 'district', 'outside', 'neighbour', 'address'] as const).some(
      (name) => best?.[name] !== before.best?.[name],
    ),
  };
}

/** Each reason once, however often it comes, and fit to be shown and stored. */
function newReasons(before: readonly Unusable[], came: Received['unusable'], at: number): Unusable[] {
  const known = new Set(before.map(({ source, reason }) => `${source} ${reason}`));
  const fresh: Unusable[] = [];
  for (const { source, reason: said } of came) {
    const reason = plainText(said, reasonLength);
    if (known.has(`${source} ${reason}`) || before.length + fresh.length >= unusableKept) continue;
    known.add(`${source} ${reason}`);
    fresh.push({ source, reason, at });
  }
  return fresh;
}

/** A sighting as a fix of a call. The same words from the same source are the same fix, however often they come. */
export function fixOf(
  call: { readonly callId: string; readonly arrivedAt: number },
  source: FixSource,
  sighting: Sighting,
  received: Pick<Fix, 'receivedAt' | 'place'> & Partial<Pick<Fix, 'detail' | 'madeUp'>>,
): Fix {
  const { method, shape, civic, confidence, at } = sighting;
  const said = JSON.stringify([source, method, shape, civic, confidence, at]);
  return {
    // Of the call's own time: it arrives anew with each of its owners.
    id: derivedId('fix', call.callId, said, timeOf(call.callId)),
    source,
    ...{ method, shape, civic, confidence, at },
    receivedAt: received.receivedAt,
    place: received.place,
    detail: received.detail ?? {},
    madeUp: received.madeUp ?? false,
  };
}
