import type { Call } from './call.ts';
import { company, unheardAgencies } from './company.ts';
import { operatorGone } from './decide-operator.ts';
import { hangUp, tell, type Step } from './step.ts';

/** The hold button of a phone in the call: whoever is in the bridge with it hears music until it is taken back. */
export function heldByPhone(step: Step, channelId: string, held: boolean): void {
  const { call } = step;
  const others = (call.holding ?? []).filter((one) => one !== channelId);
  call.holding = held ? [...others, channelId] : others;
  if (call.operator?.channelId === channelId) followOperator(step);
}

/** The operator's own hold is told, and has a limit; also of a colleague who held the call before it was his. */
function followOperator(step: Step): void {
  const { call } = step;
  const { operator } = call;
  if (operator === null || operator.state === 'ringing') return;
  const held = (call.holding ?? []).includes(operator.channelId);
  if ((call.phoneHold !== null) === held) return;
  const { operatorId } = operator;
  call.phoneHold = held ? { since: step.at } : null;
  if (held) limitPhoneHold(step);
  else delete call.timers['phone-hold'];
  tell(step, held ? 'operator.holds' : 'operator.holds-no-more', { operatorId });
}

function limitPhoneHold(step: Step): void {
  step.call.timers['phone-hold'] = step.at + step.call.timing.hold;
}

/**
 * His phone has held the call for as long as anybody may be on hold. Only the phone could end that: so who has nobody else
 * gets another operator, and the phone is hung up. Beside others it is told.
 */
export function phoneHoldsLong(step: Step): void {
  const { operator, phoneHold } = step.call;
  if (operator === null || phoneHold === null) return;
  const { operatorId, channelId } = operator;
  const released = isAlone(step.call);
  tell(step, 'operator.holds-long', { operatorId, seconds: (step.at - phoneHold.since) / 1_000, released });
  if (!released) return;
  hangUp(step, channelId);
  operatorGone(step, channelId, timedOut);
}

/** What holds of phones that hold after every input. */
export function watchPhoneHold(step: Step): void {
  const { call } = step;
  endMusic(step);
  followOperator(step);
  // Who was not alone with a phone that holds may be so later: from then on there is a limit again.
  if (call.phoneHold !== null && call.timers['phone-hold'] === undefined && isAlone(call)) limitPhoneHold(step);
}

/** A phone that goes while it holds takes nothing back: the others would hear its music, and not each other, for ever. */
function endMusic(step: Step): void {
  const { call } = step;
  const { caller, channelId: callerId } = call;
  const there = [...(caller.joined ? [callerId] : []), ...company(call), ...unheardAgencies(call)];
  const holding = (call.holding ?? []).filter((one) => there.includes(one) || (one === callerId && caller.live));
  if (holding.length === (call.holding ?? []).length) return;
  call.holding = holding;
  if (holding.length > 0) return;
  for (const channelId of there) step.effects.push({ do: 'stop-sound', channelId, soundId: 'hold', music: true });
}

function isAlone(call: Call): boolean {
  return company(call).every((channelId) => channelId === call.operator?.channelId);
}

/** Q.850: recovery on timer expiry. No hang-up of his: the caller is not done. */
const timedOut = 102;
