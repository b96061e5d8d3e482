import type { Call } from '../../src/calls/call.ts';
import { company } from '../../src/calls/company.ts';
import { ensure } from './ensure.ts';

/** On hold: out of the bridge, with music or a word, for a limited time, by an operator who is there. */
export function checkHold(call: Call): void {
  const { hold, timers, caller, operator } = call;
  const alone = company(call).every((channelId) => channelId === operator?.channelId);
  ensure(call.phoneHold === null || !alone || timers['phone-hold'] !== undefined, 'a phone holds him without a limit');
  ensure((hold !== null) === (timers.hold !== undefined), 'a hold without a limit, or a limit without a hold');
  if (hold === null) return;
  ensure(caller.live && !caller.joined && !call.joining.includes(call.channelId), 'on hold and in the conversation');
  ensure(caller.sound !== null || timers.left !== undefined, 'on hold without music');
  ensure(operator !== null && operator.state !== 'ringing', 'on hold for nobody');
  ensure(timers.comfort !== undefined, 'on hold without a word now and then');
  ensure(timers.silence === undefined, 'who is not listened to is to be silent');
}

/** Whoever is rung is rung for a limited time; nobody is consulted beside a caller who hears it. */
export function checkParties(call: Call): void {
  const { parties, timers } = call;
  ensure(call.endedAt === null || parties.length === 0, 'a party outlives the call');
  ensure(parties.length <= 4, 'too many parties');
  const consulted = parties.filter((one) => one.purpose === 'consult');
  ensure(consulted.length <= 1, 'two are consulted at once');
  ensure(consulted.length === 0 || call.hold !== null, 'the caller hears who is consulted');
  for (const party of parties) {
    const limited = party.state === 'entered' || party.state === 'joined' || timers[`party:${party.id}`] !== undefined;
    ensure(limited, 'a party is rung without a limit');
    ensure((party.state === 'reserving') === (party.channelId === null), 'a party has no leg');
    ensure(call.operator !== null || party.state === 'joined' || party.state === 'entered', 'rung for nobody');
  }
  for (const name of Object.keys(timers)) {
    ensure(!name.startsWith('party:') || parties.some((one) => name === `party:${one.id}`), 'a timer of nobody');
  }
  const operators = [call.operator, ...parties].flatMap((one) => one?.assignmentId ?? []);
  ensure(new Set(operators).size === operators.length, 'an operator is on the call twice');
}
