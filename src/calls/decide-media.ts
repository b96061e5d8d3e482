// Whether media still come from everyone who talks. It ends no call and no leg, and changes nobody's place: a leg that Asterisk
// holds may be heard again in the next moment, and one that is gone is told of as gone.

import type { Call } from './call.ts';
import { isTalking, speakers } from './company.ts';
import { updateScreen } from './decide-caller.ts';
import type { MediaLeg, mediaRoles } from './media.ts';
import { monitorOf } from './monitor.ts';
import { tell, type Step } from './step.ts';

/** Nobody's packets are asked for more often for this than so, in milliseconds. */
const lookEvery = 1_000;
/**
 * Whoever's media came back by themselves may have a phone that sends nothing while he says nothing (DTX): each time he has
 * twice as long, up to this many milliseconds.
 */
const longestLimit = 60_000;

/** So many packets have come from somebody; null if it could not be asked. */
export function mediaCounted(step: Step, channelId: string, received: number | null): void {
  const { call, at } = step;
  const leg = call.media?.legs.find((one) => one.channelId === channelId);
  // Of whom nothing can be asked nothing is known: that is no reason to say that he stopped.
  if (leg === undefined || !leg.watched || received === null || call.endedAt !== null) return;
  // A stream that was renegotiated counts anew.
  const moved = received !== (leg.packets ?? 0);
  leg.packets = received;
  if (moved) return returned(step, leg);
  if (leg.stopped || at - leg.since < limitOf(call, leg)) return;
  leg.stopped = true;
  const seconds = Math.round((at - leg.since) / 1_000);
  tell(step, 'media.stopped', { ...ownerOf(call, channelId), channelId, seconds, packets: received });
  updateScreen(step, 'media');
}

/** What has to hold after every input: whoever talks is looked at, and nobody else. */
export function watchMedia(step: Step): void {
  const { call, at } = step;
  const every = lookInterval(call);
  if (every === null || call.endedAt !== null) {
    delete call.timers.media;
    return;
  }
  const media = (call.media ??= { lookedAt: null, legs: [] });
  follow(step, media.legs);
  media.legs = media.legs.filter(({ channelId }) => isHere(call, channelId));
  const watched = media.legs.filter((leg) => leg.watched);
  if (watched.length === 0) {
    delete call.timers.media;
    return;
  }
  if (at >= (media.lookedAt ?? 0) + every) {
    media.lookedAt = at;
    for (const { channelId } of watched) count(step, channelId);
  }
  call.timers.media = (media.lookedAt ?? at) + every;
}

/** Whose leg it is: `id` of the operator, supervisor or agency; null for the caller and for somebody outside. */
export function ownerOf(call: Call, channelId: string): { leg: (typeof mediaRoles)[number]; id: string | null } {
  if (channelId === call.channelId) return { leg: 'caller', id: null };
  if (channelId === call.operator?.channelId) return { leg: 'operator', id: call.operator.operatorId };
  const party = call.parties.find((one) => one.channelId === channelId);
  if (party !== undefined) return { leg: 'party', id: party.operatorId };
  const monitor = monitorOf(call.monitors, channelId);
  if (monitor !== undefined) return { leg: 'supervisor', id: monitor.operatorId };
  return { leg: 'agency', id: agencyOf(call, channelId) };
}

/** The legs that talk and of which nothing comes. */
export function stoppedLegs(call: Call): MediaLeg[] {
  return call.endedAt === null ? (call.media?.legs ?? []).filter((leg) => leg.stopped) : [];
}

function returned(step: Step, leg: MediaLeg): void {
  const { since } = leg;
  leg.since = step.at;
  if (!leg.stopped) return;
  leg.stopped = false;
  leg.pauses += 1;
  const { channelId } = leg;
  const seconds = Math.round((step.at - since) / 1_000);
  tell(step, 'media.returned', { ...ownerOf(step.call, channelId), channelId, seconds });
  updateScreen(step, 'media');
}

function follow({ call, at }: Step, legs: MediaLeg[]): void {
  const talking = talkers(call);
  for (const channelId of talking) {
    const leg = legs.find((one) => one.channelId === channelId);
    if (leg === undefined) {
      legs.push({ channelId, since: at, watched: true, packets: null, stopped: false, pauses: 0 });
    } else if (!leg.watched) {
      leg.watched = true;
      // A phone that held need not have sent anything: his time begins anew.
      if (!leg.stopped) leg.since = at;
    }
  }
  for (const leg of legs) if (!talking.includes(leg.channelId)) leg.watched = false;
}

/** Who talks with the caller, and he; without those whose own phone holds the call: it need not send anything. */
function talkers(call: Call): string[] {
  if (!call.caller.live || call.hold !== null || !isTalking(call)) return [];
  const holding = call.holding ?? [];
  return [call.channelId, ...speakers(call)].filter((one) => !call.joining.includes(one) && !holding.includes(one));
}

/** On hold, and on the way from one bridge to another, he is still on the call. */
function isHere(call: Call, channelId: string): boolean {
  return channelId === call.channelId ? call.caller.live : speakers(call).includes(channelId);
}

function limitOf({ timing }: Call, { pauses }: MediaLeg): number {
  const first = timing.mediaStops ?? 0;
  return Math.max(first, Math.min(longestLimit, first * 2 ** pauses));
}

/** Twice within the limit, so that what stops is seen within one and a half of it; null: nobody looks. */
function lookInterval({ timing: { mediaStops = 0 } }: Call): number | null {
  return mediaStops === 0 ? null : Math.max(lookEvery, mediaStops / 2);
}

/** One question answers both whether he is heard and whether anything comes. */
function count({ effects }: Step, channelId: string): void {
  if (effects.some((effect) => effect.do === 'count-packets' && effect.channelId === channelId)) return;
  effects.push({ do: 'count-packets', channelId });
}

function agencyOf({ dispatches }: Call, channelId: string): string | null {
  const dispatch = dispatches.find(({ attempts }) => attempts.some((attempt) => attempt.channelId === channelId));
  return dispatch?.agencyId ?? null;
}
