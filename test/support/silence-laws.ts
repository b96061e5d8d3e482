import type { Call } from '../../src/calls/call.ts';
import type { CallEffect, Fact } from '../../src/calls/call-effect.ts';
import type { Told } from './calls.ts';
import { ensure } from './ensure.ts';

/** What the world has seen of a caller's silence. */
export interface SilenceSeen {
  lookedAt: number;
  byLine: number;
  asked: number;
  repeated: number;
  said: number;
  silent: boolean;
}

export const newSilenceSeen = (): SilenceSeen => ({
  lookedAt: 0,
  byLine: 0,
  asked: 0,
  repeated: 0,
  said: 0,
  silent: false,
});

interface Decided {
  input: Told;
  at: number;
  before: Call;
  call: Call;
  effects: CallEffect[];
  facts: Fact[];
}

/** Silence ends no call and takes nobody's place; looks and questions are bounded; what is told alternates. */
export function checkSilence(seen: SilenceSeen, { input, at, before, call, effects, facts }: Decided): void {
  // A key may also be the answer to whether it is an emergency.
  if (isOfSilence(input, call) && (input.type !== 'key-pressed' || before.challenge === null)) {
    for (const part of ['endedAt', 'operator', 'line', 'dispatches', 'bridge', 'incident'] as const) {
      ensure(JSON.stringify(call[part]) === JSON.stringify(before[part]), `silence changed ${part}`);
    }
    const harmless = ['play', 'whisper', 'music', 'stop-sound', 'count-packets', 'detect-talk'];
    const harm = effects.find((effect) => !harmless.includes(effect.do));
    ensure(harm === undefined, `silence led to ${harm?.do}`);
  }
  if (call.silence.lookedAt !== null && call.silence.lookedAt !== seen.lookedAt) {
    ensure(at - seen.lookedAt >= 2_000, 'the caller was looked at too often');
    const looks = effects.filter((effect) => effect.do === 'count-packets' && effect.channelId === call.channelId);
    ensure(looks.length === 1, 'a look is one question');
    seen.lookedAt = at;
  }
  for (const effect of effects) {
    if (effect.do === 'play' && effect.prompt === 'silent-question') seen.said += 1;
  }
  for (const { type, detail } of facts) {
    if (type === 'silent.asked') seen.asked += 1;
    if (type === 'silent.asked' && detail['by'] === 'line') seen.byLine += 1;
    if (type === 'silent.asked-again') seen.repeated += 1;
    if (type !== 'caller.silent' && type !== 'caller.heard') continue;
    ensure(seen.silent === (type === 'caller.heard'), `${type} was told twice`);
    seen.silent = type === 'caller.silent';
  }
  ensure(seen.byLine <= 3, 'the line asked too often');
  ensure(seen.repeated <= 2 * seen.asked && seen.said <= 2 * seen.asked, 'a question was repeated too often');
  const { question } = call.silence;
  const open = question !== null && question.stage !== 'done' && call.caller.live && call.endedAt === null;
  ensure(!open || call.timers.question !== undefined, 'a question without a limit');
}

function isOfSilence(input: Told, call: Call): boolean {
  const { type } = input;
  if (type === 'key-pressed') return input.channelId === call.channelId;
  if (type === 'timer') return ['silence', 'packets', 'question'].includes(input.name);
  return type === 'talk-detected' || type === 'packets-counted' || type === 'silent-asked';
}
