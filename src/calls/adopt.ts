import type { AriCommands } from '../asterisk/commands.ts';
import { listHeld, type HeldApplication } from '../asterisk/held.ts';
import type { AsteriskChannel } from '../asterisk/translate.ts';
import { pause, type Clock } from '../platform/clock.ts';
import { derivedId } from '../platform/ids.ts';
import type { Logger } from '../platform/logger.ts';
import { forgetPresence } from '../platform/presence.ts';
import { forgetRestSocket } from '../platform/rest-sockets.ts';
import { epochOf } from '../platform/uniqueid.ts';
import type { HeldChannel } from './call-input.ts';
import { legsOf } from './channels.ts';
import type { Call } from './call.ts';
import { claimDead, readNotes, writeNote } from './adoption-notes.ts';
import { isNewer, readLeftCalls, type LeftCall } from './left-calls.ts';
import type { CallRunner } from './runner.ts';

/** What Asterisk holds, by channel and by application. */
interface Found {
  readonly channels: ReadonlyMap<string, AsteriskChannel>;
  /** By channel, the bridge it is in. */
  readonly bridgeOf: ReadonlyMap<string, string>;
  readonly bridges: readonly string[];
  readonly applications: ReadonlyMap<string, HeldApplication>;
  readonly startedAt: number | null;
}

export interface Adopter {
  /** The dead ones whose applications this process hears. */
  heard(): readonly string[];
  /**
   * Takes what dead controllers left: hears their applications, goes on with their calls and closes those that have ended.
   * Answers whose calls were taken, by how many; one that could not be heard yet is not among them and wants to be tried again,
   * nor is one whom another living controller has taken.
   */
  adopt(dead: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Reads what they left before anything is claimed, so that their callers are known when they come. */
  prepare(dead: readonly string[]): Promise<void>;
  /** The caller's call is a dead controller's, and is kept here for him. */
  knows(channelId: string): boolean;
  /** The dead ones of whom another living controller sees to what is left, or nothing is. */
  seenTo(dead: readonly string[]): Promise<ReadonlySet<string>>;
  /** A caller has come into an application of ours: true if he is a dead controller's, and goes on as such. */
  came(channel: AsteriskChannel): boolean;
  /** Sees to callers of dead controllers who are still with the dialplan, and lets go of applications that hold nothing more. */
  look(): Promise<void>;
}

export interface AdopterDeps {
  directory: string;
  /** Where the processes of this node say that they live. */
  presences: string;
  node: string;
  application: string;
  ari: AriCommands;
  runner: Pick<CallRunner, 'open' | 'tell' | 'get'>;
  clock: Clock;
  logger: Logger;
  /** The event socket of a dead one's application; see `listenToAsterisk`. */
  sockets: {
    hear: (application: string) => Promise<boolean>;
    release: (application: string) => void;
    letGo: (application: string) => void;
  };
  /** What else a dead one knew and has told the others is known here now. */
  catchUp: () => Promise<void>;
  /** Brings home the records of a dead one. */
  ofDead: (name: string) => void;
  /** A caller of whom no journal knows. */
  arrive: (channel: AsteriskChannel) => void;
  /** The call is this process's: by its channel and SIP Call-ID it is known from now on. */
  taken: (call: Call) => void;
}

const catchUpWithin = 500;
/** A file that cannot be read so often is passed over. */
const triesToRead = 3;

/** Goes on with what dead controllers of this node left in Asterisk and in their journals. */
export function createAdopter(deps: AdopterDeps): Adopter {
  const { directory, application, ari, runner, clock, logger, sockets } = deps;
  /** Calls of the dead that are nobody's yet: their callers are with the dialplan, or nobody has looked. */
  const left = new Map<string, LeftCall>();
  const heard = new Set<string>();
  /** Heard, and what they tell waits until their calls are known here. */
  const waiting = new Set<string>();
  /** Whom this process has claimed, and what stands in the note of it; null: nothing yet. */
  const claimed = new Map<string, 'claimed' | 'taken' | null>();
  /** Of these the calls are still to be read and taken. */
  const unread = new Set<string>();
  let tries = 0;

  const list = async (): Promise<Found | null> => {
    const held = await listHeld(ari);
    if (held === null) return null;
    return {
      channels: new Map(held.channels.map((channel) => [channel.id, channel])),
      bridges: held.bridges.map(({ id }) => id),
      bridgeOf: new Map(held.bridges.flatMap(({ id, channels }) => channels.map((channel) => [channel, id] as const))),
      applications: new Map(held.applications.map((one) => [one.name, one])),
      startedAt: held.startedAt,
    };
  };

  /** Takes on those of the dead who are this process's to see to; what others had of them before they died, too. */
  const claim = async (dead: readonly string[]): Promise<void> => {
    const notes = await readNotes(directory);
    const isDead = (name: string): boolean => dead.includes(name);
    const theirs = [...notes].filter(([, { by, stage }]) => stage !== 'done' && isDead(by)).map(([name]) => name);
    for (const name of new Set([...dead, ...theirs])) {
      if (claimed.has(name)) continue;
      const note = notes.get(name);
      if (note?.stage === 'done' || (note !== undefined && note.by !== application && !isDead(note.by))) continue;
      const noted = await claimOne(name, note !== undefined);
      if (noted === false) continue;
      claimed.set(name, noted);
      // Whoever has taken its calls has them in his own journal.
      if (note?.stage !== 'taken') unread.add(name);
    }
  };

  /** False: another process was faster. */
  const claimOne = async (name: string, instead: boolean): Promise<'claimed' | null | false> => {
    try {
      return (await claimDead(directory, name, application, instead)) ? 'claimed' : false;
    } catch (error) {
      // A full disk is no reason to leave callers alone.
      logger.error({ err: error, name }, 'it cannot be noted who takes what a dead controller left');
      return null;
    }
  };

  const remember = async (names: readonly string[], tolerant: boolean): Promise<void> => {
    if (names.length === 0) return;
    const found = await readLeftCalls(directory, names, logger, tolerant);
    for (const [id, { owner }] of left) if (names.includes(owner) && !found.has(id)) left.delete(id);
    for (const [id, one] of found) {
      const known = left.get(id);
      const live = runner.get(id);
      const isOlder = (known !== undefined && isNewer(known, one)) || (live?.claimedAt ?? 0) >= one.claimedAt;
      if (!isOlder) left.set(id, one);
    }
  };

  const connect = async (names: readonly string[]): Promise<string[]> =>
    (await Promise.all(names.map(async (name) => ((await sockets.hear(name)) ? [name] : [])))).flat();

  const hears = (held: Found): ReadonlySet<string> =>
    new Set([application, ...heard].flatMap((name) => held.applications.get(name)?.channelIds ?? []));

  const heldOf = (channelId: string, held: Found, ours: ReadonlySet<string>): HeldChannel[] => {
    const channel = held.channels.get(channelId);
    if (channel === undefined) return [];
    const { dialplanApplication: has, state } = channel;
    const bridgeId = held.bridgeOf.get(channelId) ?? null;
    // A leg that the dialplan offers is nobody's yet.
    const offered = has === 'StasisBroadcast' && bridgeId === null && channel.variables['SIAGA_ROLE'] !== 'caller';
    const here = ours.has(channelId) && (has === 'Stasis' || has === 'StasisBroadcast') && !offered;
    return [{ channelId, state: state === 'Up' ? 'up' : state === 'Ringing' ? 'ringing' : 'other', bridgeId, here }];
  };

  /** False while its caller is with the dialplan: the call stays as it was left, until he comes or goes. */
  const take = (id: string, one: LeftCall, held: Found): boolean => {
    const ours = hears(held);
    const channels = [one.call.channelId, ...legsOf(one.call)].flatMap((channelId) => heldOf(channelId, held, ours));
    const caller = channels.find(({ channelId }) => channelId === one.call.channelId);
    const isOver = one.call.endedAt !== null || !one.call.caller.live;
    if (!isOver && caller?.here === false) return false;
    // What has ended unseen did so after its owner was last heard of; when, only Asterisk's log can tell.
    const at = channels.length === 0 ? one.leftAt : clock.now();
    open(id, one, { channels, bridges: held.bridges, startedAt: held.startedAt, at });
    for (const { channelId } of channels) {
      if (!ours.has(channelId)) follow(channelId);
      offerTaken(channelId, held);
    }
    return true;
  };

  /** A leg that rings and of which its owner could not tell Asterisk any more that he wants to hear of it. */
  const follow = (channelId: string): void => {
    const eventSource = `channel:${channelId}`;
    void ari.send('POST', `/applications/${application}/subscription`, { eventSource }).then((answer) => {
      if (!answer.ok) logger.debug({ channelId, reason: answer.reason }, 'a leg cannot be followed');
    });
  };

  const open = (
    id: string,
    one: LeftCall,
    found: { channels: HeldChannel[]; bridges: readonly string[]; startedAt: number | null; at: number },
  ): void => {
    left.delete(id);
    logger.info({ callId: id, from: one.owner, stage: one.call.stage }, 'goes on with a call of a dead controller');
    runner.open(one.call);
    deps.taken(one.call);
    runner.tell(id, { type: 'adopted', application, ...found });
  };

  /** A leg that the dialplan offers in this moment: nobody else knows its call. */
  const offerTaken = (channelId: string, held: Found): void => {
    const channel = held.channels.get(channelId);
    const offered = channel?.dialplanApplication === 'StasisBroadcast' && channel.variables['SIAGA_ROLE'] !== 'caller';
    if (!offered || held.bridgeOf.has(channelId)) return;
    void ari.send('POST', '/events/claim', { channelId, application }).then((answer) => {
      if (!answer.ok) logger.debug({ channelId, reason: answer.reason }, 'a leg was offered, and is not any more');
    });
  };

  /** Those who are with nobody: who talks, of whom no journal could be read, is left alone. */
  const unknownCallers = (held: Found): AsteriskChannel[] => {
    const theirs = [...heard].flatMap((name) => held.applications.get(name)?.channelIds ?? []);
    const inBridge = (bridgeId: string): number => [...held.bridgeOf.values()].filter((id) => id === bridgeId).length;
    return theirs.flatMap((id) => {
      const channel = held.channels.get(id);
      if (channel?.variables['SIAGA_ROLE'] !== 'caller' || channel.dialplanApplication === null) return [];
      const bridgeId = held.bridgeOf.get(id);
      if (bridgeId !== undefined && inBridge(bridgeId) > 1) return [];
      return left.has(callIdOf(id)) || runner.get(callIdOf(id)) !== undefined ? [] : [channel];
    });
  };

  const callIdOf = (channelId: string): string => derivedId('call', deps.node, channelId, epochOf(channelId));

  const note = async (name: string): Promise<void> => {
    const taken = !unread.has(name) && ![...left.values()].some(({ owner }) => owner === name);
    const stage = !taken ? 'claimed' : heard.has(name) ? 'taken' : 'done';
    if (claimed.get(name) === stage) return;
    try {
      await writeNote(directory, name, { by: application, stage });
      if (stage === 'done') {
        claimed.delete(name);
        await forgetPresence(deps.presences, name);
      } else claimed.set(name, stage);
    } catch (error) {
      // It is tried again with the next look.
      logger.warn({ err: error, name }, 'it could not be noted what became of a dead controller');
    }
  };

  const cameOne = async (id: string, channel: AsteriskChannel): Promise<void> => {
    const held = await list();
    const one = left.get(id);
    if (one === undefined) return;
    if (held !== null && take(id, one, held)) return;
    // Asterisk does not answer, or has not caught up: he is here, and of the others nothing is known.
    const state = channel.state === 'Up' ? ('up' as const) : ('other' as const);
    const caller = { channelId: channel.id, state, bridgeId: null, here: true };
    open(id, one, { channels: [caller], bridges: [], startedAt: null, at: clock.now() });
  };

  return {
    heard: () => [...heard],
    async prepare(dead) {
      await claim(dead);
      await remember([...unread], true);
    },
    knows: (channelId) => left.has(callIdOf(channelId)),
    async seenTo(dead) {
      const notes = await readNotes(directory);
      const isSeenTo = (name: string): boolean => {
        const note = notes.get(name);
        if (note === undefined || claimed.has(name)) return false;
        return note.stage === 'done' || !dead.includes(note.by);
      };
      return new Set(dead.filter(isSeenTo));
    },
    async adopt(dead) {
      await claim(dead);
      await Promise.race([deps.catchUp(), pause(clock, catchUpWithin)]);
      const before = await list();
      if (before === null) return new Map();
      const names = [...claimed.keys()];
      const there = names.filter((name) => before.applications.has(name) && !heard.has(name));
      for (const name of await connect(there)) {
        heard.add(name);
        waiting.add(name);
      }
      const mute = there.filter((name) => !heard.has(name));
      // Only now nothing more is decided there: one that stood still may have woken in between.
      tries += 1;
      const read = [...unread].filter((name) => !mute.includes(name));
      await remember(read, tries >= triesToRead);
      const held = await list();
      if (held === null) return new Map();
      tries = 0;
      for (const name of read) unread.delete(name);
      const counts = new Map(names.filter((name) => !mute.includes(name)).map((name) => [name, 0]));
      // Who talks first: then the line knows who is free before it hears who waits.
      const order = [...left].sort(([, a], [, b]) => waits(a) - waits(b));
      for (const [id, one] of order) {
        if (mute.includes(one.owner) || !take(id, one, held)) continue;
        counts.set(one.owner, (counts.get(one.owner) ?? 0) + (one.call.endedAt === null ? 1 : 0));
      }
      for (const channel of unknownCallers(held)) deps.arrive(channel);
      for (const name of waiting) sockets.release(name);
      waiting.clear();
      for (const name of read) {
        deps.ofDead(name);
        await forgetRestSocket(deps.presences, name).catch((error: unknown) => {
          logger.warn({ err: error, name }, 'the socket of a dead controller stays, and is asked in vain');
        });
      }
      for (const name of counts.keys()) await note(name);
      return counts;
    },
    came(channel) {
      const id = callIdOf(channel.id);
      if (!left.has(id)) return false;
      cameOne(id, channel).catch((error: unknown) =>
        logger.error({ err: error }, 'a caller could not be gone on with'),
      );
      return true;
    },
    async look() {
      if (left.size === 0 && heard.size === 0 && claimed.size === 0) return;
      const held = await list();
      if (held === null) return;
      for (const [id, one] of [...left]) if (!unread.has(one.owner)) take(id, one, held);
      for (const name of [...heard]) {
        const { channelIds = [], endpointIds = [] } = held.applications.get(name) ?? {};
        if (channelIds.length > 0 || waiting.has(name)) continue;
        for (const id of endpointIds) {
          await ari.send('DELETE', `/applications/${name}/subscription`, { eventSource: `endpoint:${id}` });
        }
        sockets.letGo(name);
        heard.delete(name);
      }
      for (const name of [...claimed.keys()]) await note(name);
    },
  };
}

function waits({ call }: LeftCall): number {
  return call.line === null ? 0 : 1;
}
