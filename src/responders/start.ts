import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import type { Follow } from '../dispatch/followed.ts';
import type { Feed } from '../events/feed.ts';
import type { NotificationMessage } from '../notifications/message.ts';
import { diskCopy } from '../platform/disk-copy.ts';
import { startLiveCopy } from '../platform/live-copy.ts';
import type { Logger } from '../platform/logger.ts';
import { isUnavailable } from '../platform/postgres.ts';
import type { Route } from '../platform/route.ts';
import type { Settings } from '../settings/setting.ts';
import type { SopClock } from '../sop/sop-clock.ts';
import { crewPinRoutes } from './crew-pin-routes.ts';
import { followDispatchLines, type DispatchLine } from './dispatch-line.ts';
import { linkHours, signLink } from './link.ts';
import { respond } from './responders.ts';
import type { ResponseState } from './response.ts';
import { responderRoutes, type ResponderRouteDeps } from './routes.ts';
import { linkSecret, readSteps } from './store.ts';

export interface RespondersRoom {
  readonly routes: Route[];
  /** What a message to an agency says of its crew's link; null where there is none. */
  readonly noteOf: (dispatchId: string) => NotificationMessage['note'];
  /** Whoever keyed the agency's PIN says how far the crew is. Rejects while PostgreSQL is away. */
  readonly noteByPhone: (dispatchId: string, state: ResponseState) => Promise<ResponseState | 'behind' | 'called-off'>;
  /** Crews and clocks of dispatches. */
  readonly follow: Follow;
  readonly stop: () => Promise<void>;
}

export interface RespondersDeps extends Omit<ResponderRouteDeps, 'secret' | 'linkTo' | 'timeZone'> {
  readonly stateDir: string;
  readonly logger: Logger;
  readonly settings: () => Settings;
  readonly clocksOf: (dispatchIds: readonly string[]) => Promise<readonly SopClock[]>;
  readonly feed: Feed;
  readonly callOf: (incidentId: string) => string | null;
  readonly heard: (line: DispatchLine) => void;
  /** A crew or a clock has told something that cannot be read. */
  readonly missed: () => void;
}

/** The crews that agencies send: over REST, by a signed link, and what the telephone writes down. */
export function startResponders(deps: RespondersDeps): RespondersRoom {
  const { postgres, clock, logger, settings } = deps;
  let secret: string | undefined;
  // Nobody waits for it: until it is there no link is made.
  const copying = startLiveCopy<string | null>({
    name: 'key of the responders’ links',
    channel: 'siaga_secrets',
    postgres,
    clock,
    logger,
    read: () => linkSecret(postgres, randomBytes(32).toString('base64url')),
    disk: diskCopy(join(deps.stateDir, 'responder-links.json'), z.string().nullable(), logger),
    builtIn: null,
  }).then((copy) => {
    const take = (): void => void (secret = copy.current() ?? undefined);
    copy.onChange(take);
    take();
    return copy;
  });
  copying.catch((error: unknown) => logger.error({ err: error }, 'no links can be made'));

  const linkTo = (dispatchId: string): { url: string; expiresAt: number } | null => {
    const { publicUrl } = settings();
    if (publicUrl === null || secret === undefined) return null;
    const expiresAt = clock.now() + linkHours * 3_600_000;
    return { url: `${publicUrl.replace(/\/+$/, '')}/r/${signLink(secret, dispatchId, expiresAt)}`, expiresAt };
  };
  const stopFollowing = followDispatchLines(deps);

  return {
    routes: [
      ...responderRoutes({ ...deps, secret: () => secret, linkTo, timeZone: () => settings().timeZone }),
      ...crewPinRoutes(deps),
    ],
    noteOf(dispatchId) {
      const link = linkTo(dispatchId);
      return link === null
        ? null
        : { id: `Laporkan posisi regu: ${link.url}`, en: `Say where the crew is: ${link.url}` };
    },
    async noteByPhone(dispatchId, state) {
      const dispatch = await deps.find(dispatchId);
      if (dispatch === undefined) throw new Error(`the dispatch ${dispatchId} was there a moment ago`);
      const { result } = await respond(deps, dispatch, { state, note: null, by: 'phone' });
      return result === 'new' || result === 'same' ? state : result;
    },
    async follow(dispatchIds) {
      try {
        const [steps, clocks] = await Promise.all([readSteps(postgres, dispatchIds), deps.clocksOf(dispatchIds)]);
        return { steps, clocks };
      } catch (error) {
        if (isUnavailable(error)) return undefined;
        throw error;
      }
    },
    async stop() {
      stopFollowing();
      (await copying.catch(() => undefined))?.stop();
    },
  };
}
