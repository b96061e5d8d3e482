import type { CallerStory } from './exchange.ts';

/** Milliseconds within which an INVITE has to have its 2xx. */
export const answerLimit = 3_000;

/** How a caller can be lost. */
export const lossKinds = ['unanswered', 'cut off', 'alone', 'gap', 'no person'] as const;
export type LossKind = (typeof lossKinds)[number];

export interface Loss {
  readonly callId: string;
  readonly number: string;
  readonly kind: LossKind;
  readonly detail: string;
}

/** From a fault's beginning to the next one's, as of Date.now(). */
export interface Window {
  readonly from: number;
  readonly to: number;
}

const within = ({ from, to }: Window, at: number | null): boolean => at !== null && at >= from && at < to;

/** New calls of a window. */
export function offered(stories: readonly CallerStory[], window: Window): CallerStory[] {
  return stories.filter(({ flowing, invitedAt }) => flowing && within(window, invitedAt));
}

/**
 * Who was lost: of the new calls of a window, whatever became of them until now, and of the calls that stood in a stage
 * what befell them in the window. A call is lost once.
 */
export function lossesOf(stories: readonly CallerStory[], standing: ReadonlySet<string>, window: Window): Loss[] {
  const fresh = new Set(offered(stories, window).map(({ callId }) => callId));
  return stories.flatMap((story) => {
    if (!fresh.has(story.callId) && !standing.has(story.callId)) return [];
    const found = lossOf(story, fresh.has(story.callId) ? { from: window.from, to: Infinity } : window);
    return found === null ? [] : [{ callId: story.callId, number: story.number, ...found }];
  });
}

function lossOf(story: CallerStory, window: Window): { kind: LossKind; detail: string } | null {
  const { status, waited, endedBy, endedAt, silences, gaps, personAt, flowing } = story;
  if (status === null ? waited > answerLimit : within(window, story.invitedAt) && waited > answerLimit)
    return { kind: 'unanswered', detail: `${status ?? 'nothing'} after ${waited} ms` };
  if (status !== null && status >= 300) return { kind: 'unanswered', detail: `refused: ${status}` };
  if (endedBy === 'centre' && within(window, endedAt)) return { kind: 'cut off', detail: 'hung up by the centre' };
  const silence = silences.find(({ at, ms }) => within(window, at + ms));
  if (silence !== undefined) return { kind: 'alone', detail: `nothing heard for ${silence.ms} ms` };
  const gap = gaps.find((one) => within(window, one.at) && !isOfMachine(one));
  if (gap !== undefined) {
    return { kind: 'gap', detail: `${gap.ms} ms of the conversation missing (Asterisk waited ${gap.starved} ms)` };
  }
  if (flowing && endedAt !== null && personAt === null)
    return { kind: 'no person', detail: 'ended before anybody came' };
  return null;
}

/** How soon a new call of an ordinary moment is answered, and has a person, in milliseconds. */
const soonAnswered = 1_500;
const soonPerson = 4_000;
/** So many in a row are no chance. */
const inARow = 5;

/**
 * Since when new calls go as they should, as of Date.now(): from the first of those on after which no bad one came. Null
 * while that cannot be said yet.
 */
export function normalSince(stories: readonly CallerStory[], from: number, now: number): number | null {
  const calls = stories
    .filter(({ flowing, invitedAt }) => flowing && invitedAt >= from)
    .sort((one, other) => one.invitedAt - other.invitedAt);
  const verdicts = calls.map((call) => verdictOf(call, now));
  const good = calls.slice(verdicts.lastIndexOf('bad') + 1);
  const judged = good.filter((call) => verdictOf(call, now) === 'good');
  const [first] = good;
  return first === undefined || judged.length < inARow ? null : first.invitedAt;
}

function verdictOf(call: CallerStory, now: number): 'good' | 'bad' | 'open' {
  if (call.waited > soonAnswered || (call.status ?? 200) >= 300) return 'bad';
  if (call.personAt !== null) return call.personAt - call.invitedAt <= soonPerson ? 'good' : 'bad';
  return now - call.invitedAt > soonPerson ? 'bad' : 'open';
}

type Gap = CallerStory['gaps'][number];

/** Asterisk had no processor while others had: no gap of the centre's, and counted apart. */
const isOfMachine = ({ ms, starved }: Gap): boolean => starved >= ms / 2;

/** How many gaps there were in a window that Asterisk had no processor for. */
export function gapsOfMachine(stories: readonly CallerStory[], window: Window): number {
  return stories.flatMap(({ gaps }) => gaps).filter((gap) => within(window, gap.at) && isOfMachine(gap)).length;
}
