// The codes an operator types while he talks. It only reads them: what they want is decided as if it came over REST.

import type { Call } from './call.ts';
import { changeTheIncident } from './decide-dispatch.ts';
import { endCall } from './decide-end.ts';
import { hold, mute, resume } from './decide-hold.ts';
import { askAssist } from './decide-monitor.ts';
import { changeParty, endParty, whyNoParty } from './decide-party.ts';
import { askSilent, canBeAsked } from './decide-silent.ts';
import { readTyped, type KeyCommand } from './key-codes.ts';
import type { PartyPurpose } from './party.ts';
import { promptOperator, refuse, tell, type Step } from './step.ts';

/** A pause of so many milliseconds forgets what was typed. */
const typedFor = 8_000;

/** A key of the operator's phone while he talks. The others hear none of it: his keys are absorbed by the bridge. */
export function operatorTyped(step: Step, key: string): void {
  const { call } = step;
  if (call.endedAt !== null || call.operator?.state !== 'joined' || !/^[0-9*#]$/.test(key)) return;
  const keys = call.typed + key;
  const typed = readTyped(keys);
  forgetTyped(call);
  switch (typed.type) {
    case 'nothing':
    case 'forgotten':
      return;
    case 'incomplete':
      call.typed = keys;
      call.timers.typed = step.at + typedFor;
      return;
    case 'unknown':
      tell(step, 'code.unknown', { code: keys, operatorId: call.operator.operatorId });
      return promptOperator(step, 'code-unknown');
    case 'command':
      tell(step, 'code.typed', { code: keys, operatorId: call.operator.operatorId });
      return obey(step, typed.command, call.operator.operatorId);
  }
}

/** The pause was long enough. */
export function forgetTyped(call: Call): void {
  call.typed = '';
  delete call.timers.typed;
}

function obey(step: Step, command: KeyCommand, by: string): void {
  const { call } = step;
  switch (command.command) {
    case 'hold':
      if (call.hold !== null) return resume(step, by);
      return hold(step, by) ? promptOperator(step, 'done') : undefined;
    case 'mute':
      mute(step, !call.muted, by);
      return promptOperator(step, 'done');
    case 'party':
      return command.number === null
        ? changeConsulted(step, command.purpose, by)
        : lookUp(step, command.number, command.purpose, by);
    case 'let-go':
      return letGoLatest(step, by);
    case 'ask-silent':
      if (canBeAsked(call)) return askSilent(step, by);
      return refuse(step, 'code.refused', { reason: 'the caller cannot hear it now', by });
    case 'assist':
      return askAssist(step, by);
    case 'ghost':
      changeTheIncident(step, { change: { disposition: 'ghost', status: 'closed' }, by, dispatches: [] });
      return endCall(step, 'closed as a ghost call');
  }
}

/** An extension or a number outside: who that is, is known outside the call; it answers by a request or a refusal. */
function lookUp(step: Step, text: string, purpose: PartyPurpose, by: string): void {
  // Before it counts as one of his calls to the outside.
  const reason = whyNoParty(step.call, purpose);
  if (reason !== null) return refuse(step, 'party.refused', { purpose, reason, by });
  step.effects.push({ do: 'look-up-target', text, purpose, by });
}

function changeConsulted(step: Step, purpose: PartyPurpose, by: string): void {
  const consulted = step.call.parties.find((one) => one.purpose === 'consult');
  if (consulted === undefined) return refuse(step, 'party.refused', { purpose, reason: 'nobody is consulted', by });
  changeParty(step, { partyId: consulted.id, purpose, by });
}

/** Who is consulted, or the latest who was brought. */
function letGoLatest(step: Step, by: string): void {
  const { parties } = step.call;
  const party = parties.find((one) => one.purpose === 'consult') ?? parties.at(-1);
  if (party === undefined) return refuse(step, 'party.refused', { reason: 'there is no party', by });
  endParty(step, party.id, by);
}
