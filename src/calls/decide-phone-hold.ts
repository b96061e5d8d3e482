import { company, type Call } from './call.ts';
import { operatorGone } from './decide-operator.ts';
import { hangUp, tell, type Step } from './step.ts';

/** The button of the operator's softphone: whoever is in the bridge with him hears music until he takes it back. */
export function heldByPhone(step: Step, channelId: string, held: boolean): void {
  const { call } = step;
  const { operator } = call;
  // Should he take the call over, it is known that he holds it.
  const party = call.parties.find((one) => one.channelId === channelId);
  if (party !== undefined) party.phoneHolds = held;
  if (operator?.channelId !== channelId || operator.state === 'ringing') return;
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

/** Who was not alone with a phone that holds may be so later: from then on there is a limit again. */
export function watchPhoneHold(step: Step): void {
  const { call } = step;
  if (call.phoneHold !== null && call.timers['phone-hold'] === undefined && isAlone(call)) limitPhoneHold(step);
}

function isAlone(call: Call): boolean {
  return company(call).every((channelId) => channelId === call.operator?.channelId);
}

/** Q.850: recovery on timer expiry. No hang-up of his: the caller is not done. */
const timedOut = 102;
