import { z } from 'zod';
import type { AriCommands } from '../asterisk/commands.ts';
import { readStart } from '../asterisk/held.ts';
import { readChannels, type AsteriskChannel } from '../asterisk/translate.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Call } from './call.ts';
import { operatorLegs } from './company.ts';
import { wayOut, whereTo, type WayOut } from './forsaken-leg.ts';
import { monitorOf } from './monitor.ts';
import { hasLeg } from './party.ts';
import type { CallRunner } from './runner.ts';

/** What Asterisk lists, as far as it concerns this controller. */
export interface Listed {
  channels: readonly AsteriskChannel[];
  /** Ids of the channels that are in our application. */
  ours: ReadonlySet<string>;
  bridges: readonly string[];
  /** When Asterisk started; null: it does not say. */
  startedAt: number | null;
}

/** What is to be made up for: events that were lost while the socket was down, or commands that never arrived. */
export type Correction =
  | { do: 'gone'; callId: string; channelId: string }
  | { do: 'cut-off'; callId: string }
  | { do: 'arrive'; channel: AsteriskChannel }
  | { do: 'enter'; callId: string; channelId: string }
  | { do: 'hang-up'; channelId: string }
  | { do: WayOut; channelId: string }
  | { do: 'destroy-bridge'; bridgeId: string };

/**
 * Compares what Asterisk lists with the calls: `before` as they were when it was asked, `calls` as they are at `at`, when
 * it has answered. Pure. A channel in our application that no call wants is hung up; one of a call that nobody knows is
 * sent to its caller, should he still be there, or offered to the other controllers; a caller there whom nobody knows has arrived; a leg there that still
 * rings by our books has answered; a channel of a call that is not listed has gone;
 * a call that was there before Asterisk started was cut off.
 */
export function compare(listed: Listed, before: readonly Call[], calls: readonly Call[], at: number): Correction[] {
  const there = new Set(listed.channels.map((channel) => channel.id));
  const corrections: Correction[] = [];
  for (const call of before) {
    if (call.endedAt !== null) continue;
    if (call.caller.live && !there.has(call.channelId) && call.arrivedAt < (listed.startedAt ?? 0)) {
      corrections.push({ do: 'cut-off', callId: call.id });
      continue;
    }
    for (const channelId of expectedChannels(call)) {
      if (!there.has(channelId)) corrections.push({ do: 'gone', callId: call.id, channelId });
    }
  }
  for (const channel of listed.channels) {
    if (listed.ours.has(channel.id)) corrections.push(...ofOurs(channel, calls, at));
  }
  for (const bridgeId of listed.bridges) {
    const call = calls.find((one) => bridgeId.startsWith(`${one.id}.b`));
    if (call !== undefined && call.bridge?.id !== bridgeId && (call.endedAt ?? at) <= at - settles)
      corrections.push({ do: 'destroy-bridge', bridgeId });
  }
  return corrections;
}

function ofOurs(channel: AsteriskChannel, calls: readonly Call[], at: number): Correction[] {
  const role = channel.variables['SIAGA_ROLE'];
  if (role === 'caller') {
    const call = calls.find((one) => one.channelId === channel.id);
    if (call === undefined) return [{ do: 'arrive', channel }];
    if (call.endedAt === null || call.endedAt > at - settles) return [];
    return call.outcome === 'returned' ? [{ do: 'arrive', channel }] : [{ do: 'hang-up', channelId: channel.id }];
  }
  const listens = channel.name.startsWith('Snoop/') || role === 'monitor';
  if (listens) {
    const call = calls.find((one) => monitorOf(one.monitors, channel.id) !== undefined || isLegOf(one, channel.id));
    return call === undefined ? [{ do: 'hang-up', channelId: channel.id }] : missedEntry(call, channel.id);
  }
  if (role !== 'operator' && role !== 'agency' && role !== 'outside') return [];
  const call = calls.find((one) => one.id === channel.variables['SIAGA_CALL']);
  // Its call is over and forgotten, and whatever was to hang it up did not: the dialplan ends it. Or it is another's by now.
  if (call === undefined) return [{ do: wayOut(channel), channelId: channel.id }];
  if (call.endedAt !== null && call.endedAt > at - settles) return [];
  const wanted = call.endedAt === null && isLegOf(call, channel.id);
  if (!wanted) return [{ do: 'hang-up', channelId: channel.id }];
  return stillRings(call, channel.id) ? [{ do: 'enter', callId: call.id, channelId: channel.id }] : [];
}

/** A supervisor's leg that has answered, or what he hears by, of which nobody has told. */
function missedEntry(call: Call, channelId: string): Correction[] {
  const monitor = monitorOf(call.monitors, channelId);
  // An agency that listens, which has no monitor.
  if (monitor === undefined) return stillRings(call, channelId) ? [{ do: 'enter', callId: call.id, channelId }] : [];
  const missed = channelId === monitor.snoopId ? monitor.awaited.includes(channelId) : monitor.state === 'ringing';
  return missed ? [{ do: 'enter', callId: call.id, channelId }] : [];
}

function isLegOf(call: Call, channelId: string): boolean {
  const legs = [...operatorLegs(call), ...call.parties];
  return legs.some((leg) => leg.channelId === channelId) || liveAttempt(call, channelId) !== undefined;
}

function stillRings(call: Call, channelId: string): boolean {
  const leg = [...operatorLegs(call), ...call.parties].find((one) => one.channelId === channelId);
  if (leg !== undefined) return leg.state === 'ringing';
  return liveAttempt(call, channelId)?.answeredAt === null;
}

function liveAttempt(call: Call, channelId: string) {
  return call.dispatches
    .flatMap((dispatch) => dispatch.attempts)
    .find((attempt) => attempt.channelId === channelId && attempt.endedAt === null);
}

/** Channels that must be listed: a leg that nobody has heard of yet may simply not have been rung. */
function expectedChannels(call: Call): string[] {
  const operators = operatorLegs(call).filter((leg) => leg.ringingAt !== null || leg.state !== 'ringing');
  const attempts = call.dispatches
    .flatMap((dispatch) => dispatch.attempts)
    .filter((one) => one.endedAt === null && (one.ringingAt ?? one.answeredAt ?? one.takenAt) !== null);
  const parties = call.parties.filter(hasLeg).filter((one) => one.ringingAt !== null || one.state !== 'ringing');
  const monitors = call.monitors
    .filter(({ state }) => state === 'entered' || state === 'joined')
    .flatMap(({ channelId, snoopId, awaited }) =>
      snoopId === null || awaited.includes(snoopId) ? [channelId] : [channelId, snoopId],
    );
  return [
    ...(call.caller.live ? [call.channelId] : []),
    ...[...operators, ...parties, ...attempts].map((leg) => leg.channelId),
    ...monitors,
  ];
}

/** Commands that end a call are given so long to be carried out. */
const settles = 5_000;

const applications = z.array(z.object({ name: z.string(), channel_ids: z.array(z.string()) }));
const bridge = z.array(z.object({ id: z.string() }).loose());
const repeatEvery = 5_000;
const retryAfter = 500;

/** Reconciles after every connect until it has succeeded, and every five seconds from then on. */
export function keepReconciled(deps: {
  application: string;
  ari: AriCommands;
  runner: Pick<CallRunner, 'all' | 'tell'>;
  clock: Clock;
  logger: Logger;
  connected: () => boolean;
  /** True while nobody knows what happened during a pause of the process. */
  held: () => boolean;
  /** Applications of dead controllers whose calls are ours. */
  heard: () => readonly string[];
  arrive: (channel: AsteriskChannel) => void;
  /** Channels in our application that are no call's: another room sees to them. */
  ownedElsewhere: (channelId: string) => boolean;
}): { readonly connected: () => void; readonly stop: () => void } {
  const { ari, runner, clock, logger } = deps;
  let running = false;
  let again = false;

  const list = async (): Promise<Listed | null> => {
    const [startedAt, channels, own, bridges] = await Promise.all([
      readStart(ari),
      ari.send('GET', '/channels'),
      ari.send('GET', '/applications'),
      ari.send('GET', '/bridges'),
    ]);
    if (!channels.ok || !own.ok || !bridges.ok) return null;
    const listed = applications.safeParse(own.body);
    const listedBridges = bridge.safeParse(bridges.body);
    if (!listed.success) return null;
    const channelsOf = (name: string): string[] => listed.data.find((one) => one.name === name)?.channel_ids ?? [];
    const there = readChannels(channels.body);
    const known = new Set(runner.all().map(({ id }) => id));
    // Of what a dead one had in hand beside its calls somebody else knows, or nobody.
    const isOfCall = ({ name, variables }: AsteriskChannel): boolean =>
      name.startsWith('Snoop/') || variables['SIAGA_ROLE'] === 'caller' || known.has(variables['SIAGA_CALL'] ?? '');
    const theirs = new Set(deps.heard().flatMap(channelsOf));
    const ours = [
      ...channelsOf(deps.application).filter((id) => !deps.ownedElsewhere(id)),
      ...there.filter((channel) => theirs.has(channel.id) && isOfCall(channel)).map(({ id }) => id),
    ];
    return {
      channels: there,
      startedAt,
      ours: new Set(ours),
      bridges: listedBridges.success ? listedBridges.data.map((one) => one.id) : [],
    };
  };

  const once = async (): Promise<boolean> => {
    const before = runner.all();
    const listed = await list();
    if (listed === null) return false;
    for (const correction of compare(listed, before, runner.all(), clock.now())) await carryOut(correction);
    return true;
  };

  const carryOut = async (correction: Correction): Promise<void> => {
    logger.info({ correction: correction.do, id: idOf(correction) }, 'made up for what was missed');
    const at = clock.now();
    switch (correction.do) {
      case 'gone':
        runner.tell(correction.callId, { type: 'leg-gone', at, channelId: correction.channelId, cause: 0 });
        return;
      case 'cut-off':
        runner.tell(correction.callId, { type: 'cut-off', at });
        return;
      case 'enter':
        runner.tell(correction.callId, { type: 'leg-entered', at, channelId: correction.channelId });
        return;
      case 'arrive':
        deps.arrive(correction.channel);
        return;
      case 'hang-up':
        await ari.send('DELETE', `/channels/${correction.channelId}`);
        return;
      case 'rescue':
      case 'offer':
        await ari.send('POST', `/channels/${correction.channelId}/continue`, whereTo(correction.do));
        return;
      case 'destroy-bridge':
        await ari.send('DELETE', `/bridges/${correction.bridgeId}`);
        return;
    }
  };

  const run = (): void => {
    again = true;
    if (running) return;
    running = true;
    void (async () => {
      while (again && deps.connected() && !deps.held()) {
        again = false;
        const done = await once().catch((error: unknown) => {
          logger.error({ err: error }, 'reconciling with Asterisk failed');
          return false;
        });
        if (done) continue;
        again = true;
        await new Promise<void>((resolve) => {
          clock.after(retryAfter, resolve);
        });
      }
    })().finally(() => (running = false));
  };

  // Asterisk does not say who holds: the end of a hold that was missed would cut off an operator who talks.
  const forgetHolds = (): void => {
    for (const { id, holding = [] } of runner.all()) {
      for (const channelId of holding)
        runner.tell(id, { type: 'held-by-phone', at: clock.now(), channelId, held: false });
    }
  };

  return {
    connected() {
      forgetHolds();
      run();
    },
    stop: clock.every(repeatEvery, run),
  };
}

function idOf(correction: Correction): string {
  if (correction.do === 'destroy-bridge') return correction.bridgeId;
  if (correction.do === 'cut-off') return correction.callId;
  return correction.do === 'arrive' ? correction.channel.id : correction.channelId;
}
