import { kinds } from '../routing/rule.ts';

/** What a caller is known by: an E.164 number that can be called, or a phone's IMEI. */
export interface NuisanceKey {
  readonly kind: 'number' | 'imei';
  readonly key: string;
}

export const nuisanceReasons = ['prank', 'ghost', 'silent', 'short-call', 'repeat'] as const;
export type NuisanceReason = (typeof nuisanceReasons)[number];

/** One thing that was noted against a number or phone. */
export interface Contribution extends NuisanceKey {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly reason: NuisanceReason;
  /** What it weighed when it was noted. */
  readonly points: number;
  readonly callId: string;
}

interface NuisanceScore {
  readonly score: number;
  /** Newest first, each with what it still counts. */
  readonly contributions: readonly (Contribution & { readonly counts: number })[];
}

/** From where on a score counts; null: nobody is asked for a key. */
export interface NuisanceLimits {
  readonly lowerAt: number;
  readonly challengeAt: number | null;
}

export type NuisanceMeasure = 'none' | 'lower' | 'challenge';

/** What a call takes from its caller's score as it arrives. */
export interface CallNuisance {
  readonly score: number;
  /** What the score is made of, in words. */
  readonly reasons: string;
  measure: NuisanceMeasure;
  /** So many places in priority behind an ordinary call. */
  readonly steps: number;
  /** The priority that the call had before it was lowered; null while it is not. */
  loweredFrom: number | null;
}

/** 1 is served first, 9 last. */
export const lastPriority = 9;

/** Fewer seconds of talk than this, ended by the caller, are a short call. */
export const shortCallSeconds = 5;
/** More calls than this within so many minutes, of which none became an incident, are repeats. */
export const repeatCalls = 3;
export const repeatMinutes = 10;

const hour = 3_600_000;

/** What no person has judged: whoever is cut off again and again, and redials, is no nuisance by that. */
const unjudged: readonly NuisanceReason[] = ['short-call', 'repeat'];
/** All of it together stays below where a score begins to count, by this share of it. */
const unjudgedShare = 0.9;

/**
 * What a number's or phone's contributions count at a time: each halves with every half-life. Never negative; one from
 * the future counts in whole. What no person has judged lowers nobody by itself: it adds to a person's word, up to a share
 * of `lowerAt`, the newest first. Several keys are scored one by one: the same prank is noted for the number and the phone.
 */
export function scoreOf(
  contributions: readonly Contribution[],
  { halfLifeHours, lowerAt }: { halfLifeHours: number; lowerAt: number },
  at: number,
): NuisanceScore {
  let left = unjudgedShare * lowerAt;
  const counted = [...contributions]
    .sort((a, b) => b.at - a.at)
    .map((one) => {
      const whole = Math.max(0, one.points) * 0.5 ** (Math.max(0, at - one.at) / hour / halfLifeHours);
      if (!unjudged.includes(one.reason)) return { ...one, counts: whole };
      const counts = Math.min(whole, left);
      left -= counts;
      return { ...one, counts };
    });
  return { score: counted.reduce((sum, { counts }) => sum + counts, 0), contributions: counted };
}

/**
 * What is done with a call of this score. It is never refused. The score counts to one decimal, as it is shown: what weighs
 * as much as a limit reaches it for a while, and not for a moment only.
 */
export function measureOf(exact: number, { lowerAt, challengeAt }: NuisanceLimits): NuisanceMeasure {
  const score = shown(exact);
  if (challengeAt !== null && score >= challengeAt) return 'challenge';
  return score >= lowerAt ? 'lower' : 'none';
}

function shown(score: number): number {
  return Math.round(score * 10) / 10;
}

/** What a call of this score takes along; null for one that is served like any other. */
export function nuisanceOf({ score, contributions }: NuisanceScore, limits: NuisanceLimits): CallNuisance | null {
  const measure = measureOf(score, limits);
  if (measure === 'none') return null;
  const counts = new Map<NuisanceReason, number>();
  for (const { reason } of contributions) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const reasons = [...counts].map(([reason, count]) => `${reason} ×${count}`).join(', ');
  const steps = Math.min(lastPriority, Math.max(1, Math.floor(shown(score) / limits.lowerAt)));
  return { score: shown(score), reasons, measure, steps, loweredFrom: null };
}

/** The keys of a caller that may be scored: no number that reaches nobody, and no key that names nobody. */
export function keysOf(
  identity: { readonly number: string | null; readonly callable: boolean; readonly imei: string | null },
  nonUnique: readonly NuisanceKey['kind'][] = [],
): NuisanceKey[] {
  const keys: NuisanceKey[] = [];
  if (identity.number !== null && identity.callable) keys.push({ kind: 'number', key: identity.number });
  if (identity.imei !== null) keys.push({ kind: 'imei', key: identity.imei });
  return keys.filter(({ kind }) => !nonUnique.includes(kind));
}

/** What a person who closed an incident said of its calls, as far as it counts against them. */
export function judgedOf(incident: {
  readonly status: string;
  readonly disposition: string | null;
}): 'prank' | 'ghost' | 'silent' | null {
  const { status, disposition } = incident;
  if (status !== 'closed') return null;
  return disposition === 'prank' || disposition === 'ghost' || disposition === 'silent' ? disposition : null;
}

/** Kinds of incidents to which somebody is sent: neither requests, nor what is none. */
export const realKinds: readonly string[] = kinds.filter(({ group }) => group === 'incident').map(({ id }) => id);

/** Whether it is one of them; one that is not classified yet is none. */
export function isRealKind(kind: string | null): boolean {
  return kind !== null && realKinds.includes(kind);
}
