import type { AriCommands } from '../asterisk/commands.ts';
import { listApplications, listHeld, type Held } from '../asterisk/held.ts';
import type { AsteriskChannel } from '../asterisk/translate.ts';
import type { Cancel, Clock } from '../platform/clock.ts';
import { everyTurn } from '../platform/every-turn.ts';
import { derivedId } from '../platform/ids.ts';
import type { Logger } from '../platform/logger.ts';
import type { Presence } from '../platform/presence.ts';
import { epochOf } from '../platform/uniqueid.ts';
import type { Adopter } from './adopt.ts';
import { otherControllers, type watchControllers } from './dead-controllers.ts';
import { wayOut, whereTo, type WayOut } from './forsaken-leg.ts';

/** What Asterisk holds, as far as it tells who is left alone. */
export interface AsteriskSnapshot extends Pick<Held, 'applications' | 'bridges'> {
  channels: readonly Pick<AsteriskChannel, 'id' | 'name' | 'state' | 'variables'>[];
  /** Of every caller's channel that there is, and of every leg's call. */
  callIds: ReadonlySet<string>;
}

/** What is done for what a dead controller left behind. */
export type Orphan =
  /** A caller with nobody: the dialplan rings for him, and offers him to the controllers again. */
  | { do: 'human-path'; channelId: string }
  /** A phone that was answered and has nobody: it gets its caller, is told that he has gone, or is offered. */
  | { do: WayOut; channelId: string }
  /** Who talks, and may have been mute: nobody is there any more who could end that. */
  | { do: 'unmute'; channelId: string }
  /** A phone that rings for nobody, and whoever only listens. */
  | { do: 'hang-up'; channelId: string }
  | { do: 'delete-bridge'; bridgeId: string }
  /** Asterisk keeps an application while it is subscribed to something. */
  | { do: 'unsubscribe'; application: string; eventSource: string };

/** Those who talk to each other are left alone until one of them goes, but for a mute. */
export function findOrphans(snapshot: AsteriskSnapshot, dead: ReadonlySet<string>): Orphan[] {
  const applications = snapshot.applications.filter(({ name }) => dead.has(name));
  const held = new Set(applications.flatMap(({ channelIds }) => channelIds));
  const listed = new Set(snapshot.channels.map(({ id }) => id));
  const talking = new Set<string>();
  for (const { channels } of snapshot.bridges) {
    const live = channels.filter((id) => listed.has(id));
    if (live.length > 1) for (const id of live) talking.add(id);
  }
  return [
    ...snapshot.channels.flatMap((channel): Orphan[] => {
      const { id, name, state, variables } = channel;
      const role = variables['SIAGA_ROLE'];
      // An operator may dial 112 as well.
      const isCaller = name.startsWith('PJSIP/carrier-') || role === 'caller';
      // What an operator dialled for himself, and a crew that reports: they dial again. A made-up call is nobody's.
      if (role === 'desk' || role === 'crew' || role === 'probe')
        return held.has(id) && !talking.has(id) ? [{ do: 'hang-up', channelId: id }] : [];
      if (held.has(id) && listens(channel)) return [{ do: 'hang-up', channelId: id }];
      if (held.has(id) && !talking.has(id) && (isCaller || state === 'Up')) {
        return [{ do: isCaller ? 'human-path' : wayOut(channel), channelId: id }];
      }
      if (held.has(id) && !isCaller && /^PJSIP\/(op|ag|agency|outside)-/.test(name) && state === 'Up') {
        return [{ do: 'unmute', channelId: id }];
      }
      if (isCaller || state === 'Up' || !dead.has(variables['SIAGA_APPLICATION'] ?? '')) return [];
      // The caller's next owner rings operators as he sees fit; an agency rings on for a caller who is there.
      const wanted = !name.startsWith('PJSIP/op-') && listed.has(variables['SIAGA_CALLER_CHANNEL'] ?? '');
      // One that rings for no call rings on for whoever goes on with its dispatch.
      if (ringsForNoCall(channel)) return [];
      return wanted ? [] : [{ do: 'hang-up', channelId: id }];
    }),
    ...snapshot.bridges.flatMap(({ id, name, channels }): Orphan[] =>
      channels.length === 0 && id.startsWith(`${name}.b`) && !snapshot.callIds.has(name)
        ? [{ do: 'delete-bridge', bridgeId: id }]
        : [],
    ),
    ...applications.flatMap(({ name, channelIds, endpointIds }): Orphan[] =>
      channelIds.length > 0
        ? []
        : endpointIds.map((id) => ({ do: 'unsubscribe', application: name, eventSource: `endpoint:${id}` })),
    ),
  ];
}

/** The leg of a dispatch (by its id, the attempt's) that has no caller, and is not to listen to one. */
function ringsForNoCall({ id, variables }: AsteriskSnapshot['channels'][number]): boolean {
  return /\.a\d+$/.test(id) && variables['SIAGA_CALLER_CHANNEL'] === undefined && variables['SIAGA_ROLE'] !== 'monitor';
}

/** A supervisor who has not barged in, or the channel that he hears by: nobody needs him, and he is not for the caller. */
function listens({ name, variables }: AsteriskSnapshot['channels'][number]): boolean {
  if (name.startsWith('Snoop/')) return true;
  return variables['SIAGA_ROLE'] === 'monitor' && variables['SIAGA_CALLER_CHANNEL'] === undefined;
}

const toHumanPath = { context: 'human-path', extension: 'forsaken', priority: 1 };

const sweepEvery = 500;
/** So often a dead one's application is tried to be heard before its callers are given to the dialplan. */
const triesToHear = 3;
/** Empty bridges are looked for this often, should nobody have died. */
const thoroughEvery = 30_000;

/**
 * Looks twice a second for controllers of this node that have died, goes on with their calls, and gives what else they left in
 * Asterisk back to the dialplan. With no controller at all, the guardian in the dialplan does as much.
 */
export function watchOrphans(deps: {
  node: string;
  application: string;
  ari: AriCommands;
  clock: Clock;
  logger: Logger;
  connected: () => boolean;
  /** True while nobody knows what happened during a pause of the process. */
  held: () => boolean;
  controllers: ReturnType<typeof watchControllers>;
  adopter: Pick<Adopter, 'adopt' | 'seenTo' | 'heard' | 'look'>;
  /** The channel belongs to a call of this process, or to whatever else it has in hand. */
  isOurs: (channelId: string) => boolean;
  /** The process starts that have a journal, or have taken what one left. */
  journals: () => Promise<Iterable<string>>;
  alarm: (code: string, detail: Record<string, string | number>) => void;
}): { sweep: () => Promise<void>; stop: Cancel } {
  const { ari, clock, logger, adopter } = deps;
  const told = new Set<string>();
  /** Their calls are this process's now. */
  const adopted = new Set<string>();
  const tries = new Map<string, number>();
  /** Tried once: they may talk for long. */
  let unmuted = new Set<string>();
  let thoroughAt = clock.monotonic();

  const sweep = async (): Promise<void> => {
    // Before all else: by what stands there, this process itself may be the dead one.
    const journals = await deps.journals();
    if (!deps.connected() || deps.held()) return;
    const applications = await listApplications(ari);
    if (applications === null) return;
    const names = [...applications.map(({ name }) => name), ...journals];
    const found = await deps.controllers.deadAmong(otherControllers(names, deps.node, deps.application));
    // It stood still itself while it asked: of the others it knows nothing.
    if (deps.held()) return;
    for (const name of await adopter.seenTo([...found.keys()])) found.delete(name);
    const calls = await adopt(found);
    await adopter.look();
    // Whoever cannot be heard is given up after a while: his callers have the dialplan.
    const dead = new Set([...found.keys()].filter((name) => adopted.has(name) || (tries.get(name) ?? 0) > triesToHear));
    await giveBack(dead, calls, found);
  };

  const adopt = async (found: ReadonlyMap<string, Presence>): Promise<number> => {
    const fresh = [...found.keys()].filter((name) => !adopted.has(name));
    if (fresh.length === 0) return 0;
    const counts = await adopter.adopt([...found.keys()]);
    for (const name of fresh) {
      if (counts.has(name)) adopted.add(name);
      else tries.set(name, (tries.get(name) ?? 0) + 1);
    }
    return [...counts.values()].reduce((sum, count) => sum + count, 0);
  };

  /** What no call of this process's needs: callers of whom nobody knows, phones of nobody, empty bridges. */
  const giveBack = async (
    dead: ReadonlySet<string>,
    calls: number,
    found: ReadonlyMap<string, Presence>,
  ): Promise<void> => {
    const thorough = clock.monotonic() - thoroughAt >= thoroughEvery;
    if (dead.size === 0 && !thorough) return;
    thoroughAt = clock.monotonic();
    const held = await listHeld(ari);
    if (held === null) return;
    const { channels } = held;
    const callIds = new Set(
      channels.flatMap(({ id, variables }) => [
        derivedId('call', deps.node, id, epochOf(id)),
        ...(variables['SIAGA_CALL'] === undefined ? [] : [variables['SIAGA_CALL']]),
      ]),
    );
    const listed = new Set(channels.map(({ id }) => id));
    unmuted = new Set([...unmuted].filter((id) => listed.has(id)));
    const orphans = findOrphans({ ...held, callIds }, dead).filter((orphan) => {
      if (orphan.do === 'unmute' && unmuted.has(orphan.channelId)) return false;
      return !('channelId' in orphan) || !deps.isOurs(orphan.channelId);
    });
    // Phones first: their operators are free when the callers come back. Whoever talks can wait for the others.
    const turn = ({ do: what }: Orphan): number => (what === 'hang-up' ? 0 : what === 'unmute' ? 2 : 1);
    for (const orphan of [...orphans].sort((a, b) => turn(a) - turn(b))) await take(orphan);
    tell(orphans, dead, { calls, found });
  };

  const take = async (orphan: Orphan): Promise<void> => {
    if (orphan.do === 'unmute') unmuted.add(orphan.channelId);
    const answer = await send(orphan);
    if (answer.ok) logger.info(orphan, 'taken from a dead controller');
    else if (answer.failure !== 'gone')
      logger.warn({ ...orphan, reason: answer.reason }, 'an orphan could not be taken');
  };

  const send = (orphan: Orphan) => {
    switch (orphan.do) {
      case 'human-path':
        return ari.send('POST', `/channels/${orphan.channelId}/continue`, toHumanPath);
      case 'rescue':
      case 'offer':
        return ari.send('POST', `/channels/${orphan.channelId}/continue`, whereTo(orphan.do));
      case 'unmute':
        return ari.send('DELETE', `/channels/${orphan.channelId}/mute`, { direction: 'both' });
      case 'hang-up':
        return ari.send('DELETE', `/channels/${orphan.channelId}`, { reason_code: 26 });
      case 'delete-bridge':
        return ari.send('DELETE', `/bridges/${orphan.bridgeId}`);
      case 'unsubscribe':
        return ari.send('DELETE', `/applications/${orphan.application}/subscription`, {
          eventSource: orphan.eventSource,
        });
    }
  };

  const tell = (
    orphans: readonly Orphan[],
    dead: ReadonlySet<string>,
    { calls, found }: { calls: number; found: ReadonlyMap<string, Presence> },
  ): void => {
    const count = (what: Orphan['do']): number => orphans.filter((orphan) => orphan.do === what).length;
    const [callers, phones] = [count('human-path'), count('rescue') + count('offer') + count('hang-up')];
    const fresh = [...dead].filter((name) => !told.has(name));
    // One that was stopped leaves neither calls nor a sign that it ever lived.
    const died = fresh.some((name) => found.get(name) === 'gone' || found.get(name) === 'silent');
    if (fresh.length === 0 || (calls + callers + phones === 0 && !died)) return;
    for (const name of fresh) told.add(name);
    deps.alarm('controller-dead', { application: fresh.join(' '), calls, callers, phones });
  };

  let under: Promise<void> | null = null;
  /** One at a time, whoever asks for it. */
  const alone = (): Promise<void> => (under ??= sweep().finally(() => (under = null)));
  const stop = everyTurn(clock, sweepEvery, alone, (error) =>
    logger.error({ err: error }, 'looking for dead controllers failed'),
  );
  return { sweep: alone, stop };
}
