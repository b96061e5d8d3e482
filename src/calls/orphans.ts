import { z } from 'zod';
import type { AriCommands } from '../asterisk/commands.ts';
import { readChannels, type AsteriskChannel } from '../asterisk/translate.ts';
import type { Cancel, Clock } from '../platform/clock.ts';
import { derivedId } from '../platform/ids.ts';
import type { Logger } from '../platform/logger.ts';
import { epochOf } from '../platform/uniqueid.ts';
import { wayOut, whereTo, type WayOut } from './forsaken-leg.ts';

/** What Asterisk holds, as far as it tells who is left alone. */
export interface AsteriskSnapshot {
  applications: { name: string; channelIds: string[]; endpointIds: string[] }[];
  channels: Pick<AsteriskChannel, 'id' | 'name' | 'state' | 'variables'>[];
  /** A call's bridge has the call's id for its name. */
  bridges: { id: string; name: string; channels: string[] }[];
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

/** The applications of a node's controllers but `own`, whatever else is connected to Asterisk. */
export function otherControllers(names: readonly string[], node: string, own: string): string[] {
  const ofNode = new RegExp(`^siaga-${node.replace(/[^A-Za-z0-9_-]/g, '\\$&')}-\\d+-\\d+-[0-9a-z]+$`);
  return names.filter((name) => name !== own && ofNode.test(name));
}

function rankOf(application: string): number {
  return Number(/-(\d+)-\d+-[0-9a-z]+$/.exec(application)?.[1] ?? 0);
}

const toHumanPath = { context: 'human-path', extension: 'forsaken', priority: 1 };

/** A journal is touched every second by the process that writes it. */
const deadAfter = 4_000;
const waitForEach = 3_000;
const sweepEvery = 1_000;
/** Empty bridges are looked for this often, should nobody have died. */
const thoroughEvery = 30_000;

const applicationSchema = z
  .object({
    name: z.string(),
    channel_ids: z.array(z.string()),
    endpoint_ids: z.array(z.string()),
  })
  .transform((raw) => ({
    name: raw.name,
    channelIds: raw.channel_ids,
    endpointIds: raw.endpoint_ids,
  }));
const bridgeSchema = z.object({ id: z.string(), name: z.string(), channels: z.array(z.string()) });

/**
 * Looks every second for what dead controllers of this node left in Asterisk, and gives it back to the dialplan. With
 * no controller at all, the guardian in the dialplan does as much.
 */
export function watchOrphans(deps: {
  node: string;
  application: string;
  /** Whoever has living controllers of a lower rank lets them do it, so that no two send for the same caller. */
  rank: number;
  ari: AriCommands;
  clock: Clock;
  logger: Logger;
  connected: () => boolean;
  /** When the journal of an application was last touched; null if it has none. */
  journalTouchedAt: () => Promise<ReadonlyMap<string, number>>;
  alarm: (code: string, detail: Record<string, string | number>) => void;
}): { sweep: () => Promise<void>; stop: Cancel } {
  const { ari, clock, logger } = deps;
  // The clocks of two processes may differ: what counts is whether the file's time moves.
  const seen = new Map<string, { touchedAt: number | undefined; since: number }>();
  const told = new Set<string>();
  /** Tried once: they may talk for long. */
  let unmuted = new Set<string>();
  let thoroughAt = clock.monotonic();

  const deadAmong = async (names: string[]): Promise<Set<string>> => {
    const touched = await deps.journalTouchedAt();
    const now = clock.monotonic();
    for (const name of seen.keys()) if (!names.includes(name)) seen.delete(name);
    const quiet = (name: string): number => now - (seen.get(name)?.since ?? now);
    for (const name of names) {
      const touchedAt = touched.get(name);
      const known = seen.get(name);
      if (known === undefined || known.touchedAt !== touchedAt) seen.set(name, { touchedAt, since: now });
    }
    const before = names.filter((name) => rankOf(name) < deps.rank && quiet(name) < deadAfter).length;
    return new Set(names.filter((name) => quiet(name) >= deadAfter + before * waitForEach));
  };

  const list = async <S extends z.ZodType>(path: string, schema: S): Promise<z.output<S>[] | null> => {
    const answer = await ari.send('GET', path);
    return answer.ok ? z.array(schema).parse(answer.body) : null;
  };

  const sweep = async (): Promise<void> => {
    if (!deps.connected()) return;
    const applications = await list('/applications', applicationSchema);
    if (applications === null) return;
    const others = otherControllers(
      applications.map(({ name }) => name),
      deps.node,
      deps.application,
    );
    const dead = await deadAmong(others);
    const thorough = clock.monotonic() - thoroughAt >= thoroughEvery;
    if (dead.size === 0 && !thorough) return;
    thoroughAt = clock.monotonic();
    // In this order: a bridge is made after its caller's channel, and a channel that has left an application meanwhile
    // is in the dialplan or with a controller.
    const bridges = await list('/bridges', bridgeSchema);
    const answer = await ari.send('GET', '/channels');
    const after = await list('/applications', applicationSchema);
    if (!answer.ok || bridges === null || after === null) return;
    const channels = readChannels(answer.body);
    const callIds = new Set(
      channels.flatMap(({ id, variables }) => [
        derivedId('call', deps.node, id, epochOf(id)),
        ...(variables['SIAGA_CALL'] === undefined ? [] : [variables['SIAGA_CALL']]),
      ]),
    );
    const listed = new Set(channels.map(({ id }) => id));
    unmuted = new Set([...unmuted].filter((id) => listed.has(id)));
    const orphans = findOrphans({ applications: after, channels, bridges, callIds }, dead).filter(
      (orphan) => orphan.do !== 'unmute' || !unmuted.has(orphan.channelId),
    );
    // Phones first: their operators are free when the callers come back. Whoever talks can wait for the others.
    const turn = ({ do: what }: Orphan): number => (what === 'hang-up' ? 0 : what === 'unmute' ? 2 : 1);
    for (const orphan of [...orphans].sort((a, b) => turn(a) - turn(b))) await take(orphan);
    tell(orphans, dead);
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

  const tell = (orphans: readonly Orphan[], dead: ReadonlySet<string>): void => {
    const count = (what: Orphan['do']): number => orphans.filter((orphan) => orphan.do === what).length;
    const [callers, phones] = [count('human-path'), count('rescue') + count('offer') + count('hang-up')];
    const fresh = [...dead].filter((name) => !told.has(name));
    if (callers + phones === 0 || fresh.length === 0) return;
    for (const name of fresh) told.add(name);
    deps.alarm('controller-dead', { application: fresh.join(' '), callers, phones });
  };

  let busy = false;
  const stop = clock.every(sweepEvery, () => {
    if (busy) return;
    busy = true;
    sweep()
      .catch((error: unknown) => logger.error({ err: error }, 'looking for orphans failed'))
      .finally(() => (busy = false));
  });
  return { sweep, stop };
}
