import type { World } from './call-laws.ts';
import type { Told } from './calls.ts';
import { partyPurposes, type PartyTarget } from '../../src/calls/party.ts';

const pick = <T>(list: readonly T[], n: number): T | undefined => list[n % list.length];

/** A whole code, typed on the operator's phone. */
function typed(world: World, code: string): Told[] {
  const channelId = world.call.operator?.channelId ?? 'nobody';
  return Array.from(code, (key) => ({ type: 'key-pressed', channelId, key }));
}

/** Something the operator does while he talks, by a key or over REST. */
export function talkCommand(world: World, n: number, m: number): Told[] {
  const { call } = world;
  const by = 'op1';
  const partyId = pick(call.parties, m)?.id ?? 'nobody';
  const purpose = pick(partyPurposes, m) ?? 'consult';
  const channelId = call.operator?.channelId ?? 'nobody';
  const commands: Told[][] = [
    [{ type: 'hold', by }],
    [{ type: 'resume', by }],
    [{ type: 'mute', muted: m % 2 === 0, by }],
    [{ type: 'party-changed', partyId, purpose, by }],
    [{ type: 'party-ended', partyId, by }],
    [{ type: 'party-refused', purpose, reason: 'not allowed', by }],
    [{ type: 'held-by-phone', channelId, held: m % 2 === 0 }],
    typed(
      world,
      pick(['*1', '*2', '*31#', '*4102#', '*50811#', '*4#', '*5#', '*6', '*7', '*8', '*1**', '12', '*3#'], m) ?? '',
    ),
    typed(world, m % 20 === 0 ? '*9' : '*1'),
  ];
  return pick(commands, n) ?? [];
}

/** Somebody is asked for; now and then once more under the same id. */
export function someParty(world: World, n: number, m: number): Told {
  const targets: PartyTarget[] = [
    { operatorId: `op${m % 5}` },
    { tier: 'supervisor' },
    { number: '0761', typed: '0761', uri: 'sip:0761@trunk', callerNumber: '112', limitMilliseconds: 600_000 },
  ];
  return {
    type: 'party-requested',
    partyId: `party${(world.parties += 1) - (n % 9 === 0 ? 1 : 0)}`,
    purpose: pick(partyPurposes, n) ?? 'consult',
    target: pick(targets, m) ?? { tier: 'supervisor' },
    by: 'op1',
  };
}

/** The line's answer: mostly a new reservation, and now and then one that was told before. */
export function reserved(world: World, requestId: string, n: number): Told {
  const again = n % 4 === 0 ? pick(world.reservations.slice(-8), n) : undefined;
  const assignmentId = again ?? `as${world.assignments.length + 1}`;
  const operatorId = world.operators.get(assignmentId) ?? `op${n % 7}`;
  return { type: 'operator-reserved', requestId, operatorId, assignmentId, account: `op-${operatorId}` };
}
