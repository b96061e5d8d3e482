import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CallRunner } from './calls/runner.ts';
import type { WithoutCallRoom } from './dispatch/without-call/start.ts';
import type { Feed } from './events/feed.ts';
import { feedForOthers, followOthers, tellOther, type PassOn } from './events/others.ts';
import type { startLocation } from './location/start.ts';
import type { OutgoingRoom } from './outgoing/start.ts';
import { answerAnywhere, type AnywhereDeps } from './platform/any-controller.ts';
import type { Clock } from './platform/clock.ts';
import { askController } from './platform/forward.ts';
import type { Logger } from './platform/logger.ts';
import { longestPath } from './platform/presence.ts';
import { forgetRestSocket, otherRestSockets, restSocketOf } from './platform/rest-sockets.ts';
import type { HttpOptions } from './platform/http.ts';
import type { Having, LiveThing } from './platform/whose.ts';

/** What lives in this process, in whichever room. */
interface Rooms {
  readonly runner: Pick<CallRunner, 'all'>;
  readonly withoutCall: Pick<WithoutCallRoom, 'find' | 'knows'>;
  readonly outgoing: Pick<OutgoingRoom, 'has'>;
}

/** The other controllers of the node: what they have is asked of them, and this one answers them. */
export function withOthers(
  deps: Rooms &
    Pick<AnywhereDeps, 'isOver' | 'held'> & {
      stateDir: string;
      application: string;
      rank: number;
      feed: Feed;
      /** Phones' location messages: whoever has the call is to have them. */
      messages: Pick<ReturnType<typeof startLocation>, 'passOn' | 'hear'>;
      clock: Clock;
      logger: Logger;
    },
): {
  http: Required<Pick<HttpOptions, 'anywhere' | 'forOthers'>>;
  begin: (listen: (path: string) => Promise<void>) => Promise<void>;
  /** Another controller leads. */
  isLed: () => boolean;
  stop: () => void;
  /** Nothing is left to others: nobody is to ask this one any more. */
  forget: () => Promise<void>;
} {
  const { clock, logger, rank, feed, messages } = deps;
  const told: PassOn[] = [(reader) => feed.passOn(reader), (reader) => messages.passOn((aml) => reader({ aml }))];
  const directory = join(deps.stateDir, 'lives');
  const own = restSocketOf(directory, deps.application, rank);
  const others = (): ReturnType<typeof otherRestSockets> => otherRestSockets(directory, own);
  let following: ReturnType<typeof followOthers> | null = null;
  const anywhere = answerAnywhere({
    ...deps,
    others,
    has: (thing) => howHere(deps, thing),
    ask: ({ socket }, request) => askController(socket, request, clock),
  });
  return {
    http: { anywhere, forOthers: { path: feedForOthers, stream: (...to) => tellOther(told, ...to) } },
    isLed: () => following?.isLed() ?? false,
    stop: () => following?.stop(),
    forget: () => forgetRestSocket(directory, deps.application),
    async begin(listen) {
      following ??= followOthers({ ...deps, others, hear: messages.hear });
      try {
        if (Buffer.byteLength(own) > longestPath) throw new Error(`${own} is too long a path for a socket`);
        await mkdir(directory, { recursive: true, mode: 0o700 });
        await listen(own);
      } catch (error) {
        logger.warn({ err: error }, 'other controllers of the node cannot ask this one for what it has');
      }
    },
  };
}

/** How this process has something. A call that was given back to the human path may be another controller's by now. */
export function howHere({ runner, withoutCall, outgoing }: Rooms, { kind, id }: LiveThing): Having {
  const calls = runner.all().filter(({ outcome }) => outcome !== 'returned');
  const liveIf = (isHere: boolean): Having => (isHere ? 'live' : 'no');
  switch (kind) {
    case 'call':
      return liveIf(calls.some((call) => call.id === id));
    case 'incident': {
      // A redial takes an incident over, also into another controller.
      const ofIncident = calls.filter(({ incident }) => incident.id === id);
      if (ofIncident.some(({ endedAt }) => endedAt === null)) return 'live';
      return ofIncident.length > 0 || withoutCall.knows(id) ? 'afterwards' : 'no';
    }
    case 'dispatch': {
      const isOfCall = calls.some(({ dispatches }) => dispatches.some((one) => one.id === id));
      return liveIf(isOfCall || withoutCall.find(id) !== undefined);
    }
    case 'outgoing':
      return liveIf(outgoing.has(id));
  }
}
