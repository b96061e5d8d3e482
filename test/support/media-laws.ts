import type { Call } from '../../src/calls/call.ts';
import type { CallEffect, Fact } from '../../src/calls/call-effect.ts';
import { speakers } from '../../src/calls/company.ts';
import type { Told } from './calls.ts';
import { ensure } from './ensure.ts';

/** What the world has seen of media that stopped. */
export interface MediaSeen {
  lookedAt: number;
  /** Channels of which it was told last that nothing comes. */
  stopped: Set<string>;
}

export const newMediaSeen = (): MediaSeen => ({ lookedAt: 0, stopped: new Set() });

interface Decided {
  input: Told;
  at: number;
  before: Call;
  call: Call;
  effects: CallEffect[];
  facts: Fact[];
}

/** That media stop ends nothing and nobody; looks are bounded, at who is there; what is told alternates. */
export function checkMedia(seen: MediaSeen, { input, at, before, call, effects, facts }: Decided): void {
  if (input.type === 'packets-counted' || (input.type === 'timer' && input.name === 'media')) {
    for (const part of ['endedAt', 'operator', 'line', 'dispatches', 'bridge', 'incident', 'parties'] as const) {
      ensure(JSON.stringify(call[part]) === JSON.stringify(before[part]), `a look at media changed ${part}`);
    }
    const harmless = ['count-packets', 'detect-talk', 'play', 'whisper', 'music', 'stop-sound'];
    const harm = effects.find((effect) => !harmless.includes(effect.do));
    ensure(harm === undefined, `media that stopped led to ${harm?.do}`);
  }
  const lookedAt = call.media?.lookedAt ?? null;
  if (lookedAt !== null && lookedAt !== seen.lookedAt) {
    ensure(at - seen.lookedAt >= 1_000, 'media were looked at too often');
    seen.lookedAt = lookedAt;
  }
  const here = call.caller.live ? [call.channelId, ...speakers(call)] : speakers(call);
  for (const effect of effects) {
    if (effect.do === 'count-packets')
      ensure(here.includes(effect.channelId), 'packets were asked of who is not there');
  }
  for (const { type, detail } of facts) {
    if (type !== 'media.stopped' && type !== 'media.returned') continue;
    const channelId = String(detail['channelId']);
    ensure(seen.stopped.has(channelId) === (type === 'media.returned'), `${type} was told twice`);
    if (type === 'media.stopped') seen.stopped.add(channelId);
    else seen.stopped.delete(channelId);
    ensure(here.includes(channelId), `${type} of who is not there`);
  }
  for (const channelId of seen.stopped) if (!here.includes(channelId)) seen.stopped.delete(channelId);
  const known = call.media?.legs.filter((leg) => leg.stopped).map(({ channelId }) => channelId) ?? [];
  if (call.endedAt === null)
    ensure(
      known.every((channelId) => seen.stopped.has(channelId)),
      'stopped, and not told',
    );
  const watched = call.media?.legs.some((leg) => leg.watched) === true && call.endedAt === null;
  ensure(!watched || call.timers.media !== undefined, 'watched, and never looked at');
}
