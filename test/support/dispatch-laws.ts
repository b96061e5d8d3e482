import type { Call } from '../../src/calls/call.ts';
import { unheardAgencies } from '../../src/calls/company.ts';
import type { CallEffect } from '../../src/calls/call-effect.ts';
import { currentAttempt, isPending, isPlanned, isSettled, type Dispatch } from '../../src/dispatch/dispatch.ts';
import { ensure } from './ensure.ts';

/** What the laws of a call's dispatches need of what the world has seen. */
interface DispatchesSeen {
  call: Call;
  inside: Map<string, Set<string>>;
  ties: Map<string, string | null>;
  ended: Map<string, string>;
  /** Channels that Asterisk was told to mute. */
  muted: Set<string>;
  deaf: Set<string>;
}

/** Each trunk once with a location and once without, where the first was in vain; and again after a lost job. */
export function checkAttempts({ attempts, trunks, state }: Dispatch): void {
  const unheard = attempts.filter((one) => one.located && one.ringingAt === null && one.answeredAt === null);
  const refused = unheard.filter(({ outcome }) => outcome === 'not-understood' || outcome === 'unreachable');
  const silent = unheard.filter(({ outcome }) => outcome === 'no-answer');
  for (const { id } of trunks) {
    const here = attempts.filter(({ trunkId }) => trunkId === id);
    const lost = here.filter(({ outcome }) => outcome === 'job-lost').length;
    ensure(lost <= 2, 'a trunk whose job was lost twice was rung again');
    for (const located of [true, false]) {
      const rung = here.filter((one) => one.located === located && one.outcome !== 'job-lost');
      ensure(rung.length <= 1, `${rung.length} attempts by one trunk, location: ${located}`);
    }
    const inVain = [...refused, ...silent].some(({ trunkId }) => trunkId === id);
    const over = state === 'failed' || state === 'no-answer' || state === 'declined';
    ensure(
      !over || !inVain || here.some(({ located }) => !located),
      'given up without an attempt without the location',
    );
  }
  for (const attempt of refused) {
    const next = attempts[attempts.indexOf(attempt) + 1];
    ensure(
      next === undefined ? state === 'cancelled' : next.trunkId === attempt.trunkId && !next.located,
      'not rung again without the location',
    );
  }
  const afterSilence = attempts.slice(attempts.findIndex((one) => silent.includes(one)) + 1);
  ensure(silent.length === 0 || afterSilence.every(({ located }) => !located), 'a location sent after a silence');
}

/** Who is not to be heard was muted before he came in, is thrown at nobody, and is in the call's bridge or sent there. */
export function checkUnheard({ call, muted, deaf, ties, inside }: DispatchesSeen, effects: CallEffect[]): void {
  const unheard = call.endedAt === null ? unheardAgencies(call) : [];
  for (const channelId of unheard) {
    ensure(muted.has(channelId), `${channelId} is not to be heard, and was not muted`);
    ensure(
      deaf.has(channelId) === (call.hold?.because === 'consult'),
      `${channelId} hears a consult, or nothing at all`,
    );
    ensure(ties.get(channelId) === null, `${channelId} is not heard, and is thrown at him without a controller`);
    const here = inside.get(channelId)?.has(call.bridge?.id ?? '') === true;
    ensure(here || call.joining.includes(channelId), `${channelId} is to listen and is in no bridge`);
  }
  for (const effect of effects) {
    if (effect.do !== 'join' || !unheard.includes(effect.channelId)) continue;
    ensure(effect.muted === true, `${effect.channelId} comes in and is heard`);
  }
}

export function checkDispatches({ call, ended }: DispatchesSeen): void {
  for (const dispatch of call.dispatches) {
    checkAttempts(dispatch);
    const live = dispatch.attempts.filter((attempt) => attempt.endedAt === null);
    const rung = dispatch.mode !== 'notify';
    const one = rung && dispatch.endedAt === null && !isPlanned(dispatch);
    ensure(live.length === (one ? 1 : 0), `a dispatch has ${live.length} live attempts`);
    ensure(
      !isPending(dispatch) || isPlanned(dispatch) || call.timers[`dispatch:${dispatch.id}`] !== undefined,
      'an attempt without a limit',
    );
    ensure(currentAttempt(dispatch) === live[0], 'the live attempt is not the last');
    const text = JSON.stringify(dispatch);
    const due =
      isPlanned(dispatch) &&
      (call.endedAt === null || !rung) &&
      dispatch.after.every((id) => call.dispatches.every((o) => o.id !== id || isSettled(o)));
    const replaced = call.dispatches.some(
      (o) => o.reason.by === 'fallback' && dispatch.after.includes(o.reason.of) && !isSettled(o),
    );
    ensure(!due || replaced, 'a dispatch waits for nothing');
    const known = ended.get(dispatch.id);
    ensure(known === undefined || known === text, 'an ended dispatch was changed');
    if (dispatch.endedAt !== null) ended.set(dispatch.id, text);
  }
}
