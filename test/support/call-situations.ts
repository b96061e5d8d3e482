import type { Call } from '../../src/calls/call.ts';
import { company } from '../../src/calls/company.ts';
import { backupCentreId } from '../../src/dispatch/backup-centre.ts';
import { isPlanned } from '../../src/dispatch/dispatch.ts';

const party = (purpose: string, state: string) => (call: Call) =>
  call.parties.some((one) => one.purpose === purpose && one.state === state);
const monitor = (mode: string) => (call: Call) =>
  call.monitors.some((one) => one.mode === mode && one.state === 'joined');

/** In what a caller can be found: the random histories are to come to each, and to have each input there. */
export const situations: Readonly<Record<string, (call: Call) => boolean>> = {
  'in the line': ({ line }) => line !== null,
  'asked for a key': ({ timers }) => timers.challenge !== undefined,
  'an operator rings': ({ operator }) => operator?.state === 'ringing',
  'all operators ring': ({ others }) => others.length > 0,
  'an operator answered': ({ operator }) => operator?.state === 'entered',
  talking: ({ operator, caller }) => operator?.state === 'joined' && caller.joined,
  'on hold': ({ hold }) => hold?.because === 'operator',
  "held by the operator's phone": ({ phoneHold }) => phoneHold !== null,
  'a consult rings': party('consult', 'ringing'),
  'a consult': party('consult', 'joined'),
  'a conference': party('conference', 'joined'),
  'a hand-over rings': party('hand-over', 'ringing'),
  'with a party alone': (call) => call.operator === null && party('conference', 'joined')(call),
  'a supervisor listens': monitor('listen'),
  'a supervisor whispers': monitor('whisper'),
  'a supervisor barged in': monitor('barge'),
  'a supervisor talks with the operator on hold': (call) => call.hold !== null && monitor('barge')(call),
  'a supervisor takes over': ({ monitors }) => monitors.some(({ takesOver }) => takesOver),
  'with an agency alone': ({ operator, dispatches, caller }) =>
    caller.live && operator === null && dispatches.some(({ state }) => state === 'joined'),
  'an agency listens': ({ dispatches, caller }) =>
    caller.live && dispatches.some(({ mode, state, muted }) => mode === 'listen' && state === 'joined' && muted),
  'an agency is to listen while somebody is consulted': ({ dispatches, hold }) =>
    hold?.because === 'consult' && dispatches.some(({ endedAt, muted }) => endedAt === null && muted),
  'an agency is muted': ({ dispatches, caller }) =>
    caller.live && dispatches.some(({ mode, state, muted }) => mode !== 'listen' && state === 'joined' && muted),
  'in the line, with one who listens': ({ line, dispatches }) =>
    line !== null && dispatches.some(({ state, muted }) => state === 'joined' && muted),
  'an operator is rung who left': ({ operator }) => operator?.state === 'ringing' && operator.asked === true,
  'the backup centre rings': ({ dispatches }) =>
    dispatches.some(({ agencyId, endedAt }) => agencyId === backupCentreId && endedAt === null),
  'an agency is to come later': ({ dispatches }) => dispatches.some(isPlanned),
  'a silent caller is asked': ({ silence: { question } }) => question !== null && question.stage !== 'done',
  'suspected to have left': ({ timers }) => timers.left !== undefined,
  'with the dialplan': ({ outcome }) => outcome === 'returned',
  'two go on without him': (call) => !call.caller.live && call.endedAt === null && company(call).length > 1,
};

/** What may be told in any of them, by kind. */
export const everywhere = [
  'arrived',
  'caller-gone',
  'caller-left',
  'command-failed',
  'key-pressed',
  'leg-entered',
  'leg-gone',
  'leg-joined',
  'operator-assigned',
  'timer',
] as const;
