import { legsOf } from '../../src/calls/channels.ts';
import type { HeldChannel } from '../../src/calls/call-input.ts';
import type { World } from './call-laws.ts';
import type { Told } from './calls.ts';

/**
 * What another controller finds of the call in Asterisk: mostly what the world has said, and now and then something that
 * nobody was told of. A leg that is not there any more is noted as gone, and a bridge that is not, as destroyed.
 */
export function adoptedBySomebody(world: World, n: number, m: number): Told[] {
  const { call } = world;
  const missed = (index: number): boolean => (n + index * 7) % 11 === 0;
  const bridgeId = call.bridge?.id ?? '';
  if (call.endedAt === null && m % 13 === 0 && bridgeId !== '') loseBridge(world, bridgeId);
  const bridges = [...world.bridges];
  const channels = [call.channelId, ...legsOf(call)].flatMap((channelId, index): HeldChannel[] => {
    const isCaller = channelId === call.channelId;
    const here = !isCaller || m % 17 !== 0;
    if (isCaller ? !call.caller.live : world.gone.has(channelId) || missed(index)) return [];
    const inside = world.inside.get(channelId)?.has(bridgeId) === true && bridges.includes(bridgeId) && here;
    const known = isCaller ? call.answeredAt !== null : answered(world, channelId) || inside;
    const state = known || (m + index) % 5 === 0 ? 'up' : (n + index) % 3 === 0 ? 'ringing' : 'other';
    return [{ channelId, state, bridgeId: inside ? bridgeId : null, here }];
  });
  noteFound(world, channels, bridgeId);
  return [{ type: 'adopted', application: `siaga-${world.told}`, channels, bridges }];
}

function answered({ call }: World, channelId: string): boolean {
  const legs = [call.operator, ...call.parties, ...call.monitors];
  return legs.some((leg) => leg?.channelId === channelId && (leg.state === 'entered' || leg.state === 'joined'));
}

function loseBridge({ bridges, inside }: World, bridgeId: string): void {
  bridges.delete(bridgeId);
  for (const there of inside.values()) there.delete(bridgeId);
}

function noteFound(world: World, channels: readonly HeldChannel[], bridgeId: string): void {
  const { call } = world;
  const attempts = call.dispatches.map(({ attempts: all }) => all.at(-1));
  for (const channelId of [call.channelId, ...legsOf(call)]) {
    const found = channels.find((one) => one.channelId === channelId);
    if (found?.bridgeId !== bridgeId) world.inside.get(channelId)?.delete(bridgeId);
    // One whose job is still to come is not gone.
    const attempt = attempts.find((one) => one?.channelId === channelId);
    const toCome = attempt?.endedAt === null && (attempt.takenAt ?? attempt.ringingAt ?? attempt.answeredAt) === null;
    if (found !== undefined || channelId === call.channelId || toCome) continue;
    world.over.add(channelId);
    world.gone.add(channelId);
  }
  const caller = channels.find(({ channelId }) => channelId === call.channelId);
  if (caller?.here === false) world.returned = true;
}

/** What another controller finds when it takes the call over, and the world has missed nothing. */
export function adoptedAsItIs(world: World): Told {
  const { call } = world;
  const bridgeId = call.bridge?.id ?? '';
  const channels = [call.channelId, ...legsOf(call)].flatMap((channelId): HeldChannel[] => {
    const isCaller = channelId === call.channelId;
    if (isCaller ? !call.caller.live : world.gone.has(channelId)) return [];
    // The world may say of a leg that still rings that it is in the bridge: no Asterisk would.
    if (!isCaller && rings(world, channelId)) return [{ channelId, state: 'ringing', bridgeId: null, here: true }];
    const inside = world.inside.get(channelId)?.has(bridgeId) === true && world.bridges.has(bridgeId);
    const up = !isCaller || inside || call.answeredAt !== null;
    return [{ channelId, state: up ? 'up' : 'other', bridgeId: inside ? bridgeId : null, here: true }];
  });
  return { type: 'adopted', application: `siaga-${world.told}`, channels, bridges: [...world.bridges] };
}

function rings({ call }: World, channelId: string): boolean {
  const legs = [call.operator, ...call.others, ...call.parties, ...call.monitors];
  if (legs.some((leg) => leg?.channelId === channelId && leg.state === 'ringing')) return true;
  const attempts = call.dispatches.map(({ attempts: all }) => all.at(-1));
  return attempts.some((one) => one?.channelId === channelId && one.answeredAt === null);
}
