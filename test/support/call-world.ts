import type { Call } from '../../src/calls/call.ts';
import { company, speakers } from '../../src/calls/company.ts';
import type { Received } from '../../src/location/location.ts';
import { adoptedBySomebody } from './adoption-world.ts';
import { newWorld, tell, type World } from './call-laws.ts';
import { assign, joined, type Told } from './calls.ts';
import { agencyCommand, backupCentre, someDispatch, staged } from './dispatch-world.ts';
import { circle, inside, someFix } from './fixes.ts';
import { reserved, someParty, talkCommand } from './talk-world.ts';
import { failed, obeyed } from './world-answers.ts';

/**
 * A small world around one call. A move is a kind and two numbers, which pick among what exists by then: legs that
 * rang, effects that were emitted, timers, assignments. So sequences shrink well, and reach deep as well as absurd states.
 */
export const kinds = [
  'obey', // the latest effects happen as they should
  'obey-on', // and so do those that follow
  'obey-one',
  'assign',
  'assign-together',
  'assign-again',
  'placed',
  'ranked',
  'leg-ringing',
  'leg-entered',
  'leg-joined',
  'leg-gone',
  'key',
  'ring-result',
  'command-failed',
  'recent-command-failed',
  'timer-due',
  'timer-early',
  'timer-late',
  'caller-up',
  'caller-left',
  'caller-gone',
  'arrived',
  'sound-ended',
  'talk-command', // the operator does something while he talks
  'talk-late',
  'operator-hangs-up',
  'somebody-goes', // of those who took the call
  'party',
  'dispatch',
  'backup-centre', // the line rings it for who has waited long
  'staged', // the rules engage one agency after the other
  'cancel',
  'agency', // is muted, opened, told; the operator leaves the caller to it, and returns
  'incident',
  'located',
  'located-again',
  'caller-known',
  'looked-up',
  'talk',
  'count',
  'ask',
  'monitor',
  'assist',
  'change-monitor',
  'take-over',
  'end-monitor',
  'reserved',
  'refused',
  'hand-over',
  'adopted', // its controller died, and another goes on with it
  'end', // by a person, or with Asterisk
] as const;
export type Kind = (typeof kinds)[number];
export type Move = [Kind, number, number];

const causes = [0, 16, 17, 18, 19, 21, 26, 27, 41, 58, 127];
const lastOf = <T>(list: T[], count: number): T[] => list.slice(-count);

const pick = <T>(list: readonly T[], n: number): T | undefined => list[n % list.length];

function legs(world: World): string[] {
  return [...lastOf(world.rung, 6), 'caller', 'nobody'];
}

/** The inputs of one move. */
function inputs(world: World, [kind, n, m]: Move): Told[] {
  const { call } = world;
  const leg = pick(legs(world), n) ?? 'nobody';
  switch (kind) {
    case 'obey':
    case 'obey-on':
      return world.latest.flatMap((effect) => obeyed(world, effect));
    case 'obey-one': {
      const effect = pick(lastOf(world.effects, 12), n);
      return effect === undefined ? [] : obeyed(world, effect);
    }
    case 'assign':
      return [assign(nextAssignment(world), `op${n % 3}`)];
    case 'assign-together':
      return [
        {
          type: 'operator-assigned',
          assignmentId: nextAssignment(world),
          operatorId: `op${3 + (n % 3)}`,
          account: 'op-x',
          together: true,
        },
      ];
    case 'placed':
      return [{ type: kind, position: 1 + (n % 7), expectedWaitSeconds: m % 3 === 0 ? null : m }];
    case 'ranked':
      return [{ type: kind, queue: { priority: 1 + (n % 9) }, by: 'token', reason: 'so' }];
    case 'assign-again': {
      const id = pick(
        lastOf(world.assignments, 8).filter((one) => !world.reservations.includes(one)),
        n,
      );
      return id === undefined ? [] : [assign(id)];
    }
    case 'leg-ringing':
    case 'leg-entered':
      return [{ type: kind, channelId: leg }];
    case 'leg-joined':
      return [joined(leg, pick([`call.b${call.counters.bridge}`, `call.b${call.counters.bridge - 1}`], m))];
    case 'leg-gone':
      return leg === 'caller' ? [] : [{ type: 'leg-gone', channelId: leg, cause: pick(causes, m) ?? 0 }];
    case 'key':
      return [{ type: 'key-pressed', channelId: leg, key: pick(['1', '9', '5', '2', '3', '4', '#', '*'], m) ?? '1' }];
    case 'talk-command':
    case 'talk-late':
      return talkCommand(world, n, m);
    case 'operator-hangs-up':
      return [{ type: 'leg-gone', channelId: call.operator?.channelId ?? 'nobody', cause: 16 }];
    case 'somebody-goes':
      return [{ type: 'leg-gone', channelId: pick(company(call), n) ?? 'nobody', cause: pick(causes, m) ?? 0 }];
    case 'party':
      return [someParty(world, n, m)];
    case 'ring-result': {
      const ring = pick(
        [{ result: 'taken' }, { result: 'gone' }, { result: 'expired' }, { result: 'refused', reason: 'no' }] as const,
        m,
      );
      return ring === undefined ? [] : [{ type: 'ring-result', attemptId: leg, ring }];
    }
    case 'command-failed':
      return failed(pick(world.effects, n), m);
    case 'recent-command-failed':
      return failed(pick(lastOf(world.effects, 5), n), m);
    case 'timer-due':
    case 'timer-late': {
      const [name, due] = pick(Object.entries(call.timers), n) ?? ['ring', world.at];
      world.at = Math.max(world.at, due) + (kind === 'timer-late' ? m * 10 : 0);
      return [{ type: 'timer', name }];
    }
    case 'timer-early':
      return [
        {
          type: 'timer',
          name:
            pick(
              [
                'ring',
                'join',
                'line',
                'left',
                'comfort',
                'pop',
                'silence',
                'packets',
                'media',
                'question',
                'hold',
                'phone-hold',
                'challenge',
                'dispatch:d1',
                'monitor:m1',
                'party:party1',
                'x',
              ],
              n,
            ) ?? 'x',
        },
      ];
    case 'caller-up':
    case 'caller-left':
      return [{ type: kind }];
    case 'caller-gone':
      return [{ type: kind, cause: pick(causes, n) ?? 16 }];
    case 'arrived':
      return [{ type: kind, up: n % 2 === 0 }];
    case 'sound-ended':
      return [{ type: kind, soundId: call.caller.sound?.id ?? `call.s${n % 4}` }];
    case 'dispatch':
      return [{ type: 'dispatch-requested', dispatch: someDispatch(call, n, m) }];
    case 'backup-centre':
      return backupCentre(call, world.at);
    case 'staged':
      return [{ type: 'incident-changed', change: { kind: 'fire' }, by: 'token', dispatches: staged(call, n, m) }];
    case 'cancel':
      return [{ type: 'dispatch-cancelled', dispatchId: pick(call.dispatches, n)?.id ?? 'none', by: 'token' }];
    case 'agency':
      return agencyCommand(call, n, m);
    case 'incident':
      return [
        { type: 'incident-changed', change: { kind: 'fire' }, by: 'token', dispatches: [someDispatch(call, n, m)] },
      ];
    case 'located':
      return [{ type: 'located', received: received(n, m) }];
    case 'located-again': {
      const fix = pick(call.location.fixes, n);
      return fix === undefined ? [] : [{ type: 'located', received: { fixes: [fix], unusable: [] }, aml: 'digest' }];
    }
    case 'caller-known':
      return [{ type: kind, history: { calls: [], nonUnique: n % 2 === 0 ? [] : ['number'] } }];
    case 'looked-up':
      return [{ type: kind }];
    case 'talk':
      return [{ type: 'talk-detected', channelId: n % 5 === 0 ? leg : 'caller', talking: m % 2 === 0 }];
    case 'count':
      return [packetsOf(world, n, m)];
    case 'ask':
      return [{ type: 'silent-asked', by: 'token' }];
    case 'monitor':
      return [
        {
          type: 'monitor-requested',
          monitorId: `m${n % 6}`,
          operatorId: `op${m % 6}`,
          mode: modes[n % 3] ?? 'listen',
          by: 'x',
        },
      ];
    case 'assist':
      return [{ type: 'assist-requested', by: 'op1' }];
    case 'change-monitor':
      return [{ type: 'monitor-changed', monitorId: monitorId(call, n), mode: modes[m % 3] ?? 'listen', by: 'x' }];
    case 'take-over':
      return [{ type: 'taken-over', monitorId: monitorId(call, n), by: 'x' }];
    case 'end-monitor':
      return [{ type: 'monitor-ended', monitorId: monitorId(call, n), by: 'x' }];
    case 'reserved':
      return [reserved(world, requestId(call, n), m)];
    case 'refused':
      return [{ type: 'reservation-refused', requestId: requestId(call, n), reason: 'busy' }];
    case 'hand-over':
      return [{ type: kind, reason: 'the controller stops' }];
    case 'adopted':
      return adoptedBySomebody(world, n, m);
    case 'end':
      return n % 3 === 0 ? [{ type: 'cut-off' }] : [{ type: 'call-ended-by', by: 'token' }];
  }
}

/** A fix or two, some of them the same as others; every third time with a reason why something else is none. */
function received(n: number, m: number): Received {
  const sources = ['operator', 'cell', 'aml-sms', 'subscriber'] as const;
  const fixes = Array.from({ length: 1 + (m % 2) }, (_, index) =>
    someFix({
      id: `fix-${n % 40}-${index}`,
      source: pick(sources, n + index) ?? 'cell',
      shape: (n + index) % 5 === 0 ? null : circle(m),
      civic: { text: 'Jl. Melati 5' },
      place: n % 4 === 0 ? inside('Sail') : null,
    }),
  );
  return { fixes, unusable: n % 3 === 0 ? [{ source: 'pidf-lo', reason: `it is broken in ${m % 5} places` }] : [] };
}

/** Of the caller, of another leg, or of somebody who is nobody: none, some, or as many as before. */
function packetsOf({ call, rung }: World, n: number, m: number): Told {
  const legs = ['caller', ...speakers(call), ...lastOf(rung, 2), 'nobody'];
  const channelId = pick(legs, n) ?? 'caller';
  const before = call.media?.legs.find((leg) => leg.channelId === channelId)?.packets ?? call.silence.packets;
  return { type: 'packets-counted', channelId, received: pick([null, 0, m, before], m) ?? null };
}

const nextAssignment = (world: World): string => `as${world.assignments.length + 1}`;
const modes = ['listen', 'whisper', 'barge'] as const;
const monitorId = (call: Call, n: number): string => pick(call.monitors, n)?.id ?? 'none';
const requestId = (call: Call, n: number): string =>
  pick([...call.monitors, ...call.parties].map(({ id }) => id).concat(call.returning?.requestId ?? []), n) ?? 'nobody';

/** Plays a history by the laws; `see` is shown each input with the call before it. */
export function play(moves: Move[], over: Partial<Call> = {}, see?: (call: Call, input: Told) => void): World {
  const world = newWorld(over);
  const once = (one: Move): void => {
    for (const input of inputs(world, one)) {
      see?.(world.call, input);
      tell(world, input);
    }
  };
  for (const one of moves) for (let times = one[0] === 'obey-on' ? 3 : 1; times > 0; times -= 1) once(one);
  return world;
}
