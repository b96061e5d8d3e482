import type { CallRunner } from '../calls/runner.ts';
import type { Call } from '../calls/call.ts';
import type { Clock } from '../platform/clock.ts';
import { messageOf } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import type { Postgres } from '../platform/postgres.ts';
import type { Route } from '../platform/route.ts';
import type { Settings } from '../settings/setting.ts';
import { createAmlInbox, type AmlInbox } from './aml/aml-inbox.ts';
import type { ReceivedAml } from './aml/aml-received.ts';
import { amlRoutes } from './aml/aml-routes.ts';
import { passedAml } from './aml/aml-store.ts';
import type { DistrictMap } from './districts/district-map.ts';
import { createLocationFetcher } from './held/held.ts';
import { introduceInAnyCase, type Introduction } from './invite.ts';
import { createLookups } from './lookups.ts';
import { readPidfLo } from './pidf-lo/pidf-lo.ts';
import { seedCells } from './cells/seed-cells.ts';
import { locationRoutes, type LocationRouteDeps } from './routes.ts';

interface LocationRoom {
  readonly routes: Route[];
  /** What an INVITE says of who calls and from where; at once, from memory. Never fails. */
  readonly introduce: (
    origin: Call['origin'],
    ids: { callId: string; incidentId: string; arrivedAt: number },
  ) => Introduction;
  /** Begins to look up what the INVITE does not say. Never fails. */
  readonly lookUp: (call: Call) => void;
  /** Tells of phones' messages that are taken in here, for the other controllers of the node. */
  readonly passOn: AmlInbox['passOn'];
  /** Takes what another has passed on. @throws ZodError if it is none. */
  readonly hear: (message: unknown) => void;
  readonly stop: () => Promise<void>;
}

/** Where callers are, by whatever the network, the phone, the line or the caller says. */
export function startLocation(deps: {
  readonly city: string;
  readonly postgres: Postgres;
  /** Connections of its own for what is asked at each call. */
  readonly postgresForLookups: Postgres;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: () => Settings;
  readonly map: () => DistrictMap;
  readonly runner: () => CallRunner;
  readonly amlKey: string | undefined;
  /** Journals a phone's message. */
  readonly keepAml: (aml: ReceivedAml) => void;
  readonly findStored: LocationRouteDeps['findStored'];
  readonly addedLater: (callId: string, incidentId: string) => void;
  readonly alarm: (code: string, detail: Record<string, string>) => void;
}): LocationRoom {
  const { clock, settings, map, runner } = deps;
  const fetcher = createLocationFetcher({ ...deps, allowed: () => settings().locationServers, readPidfLo });
  const inbox = createAmlInbox({
    ...deps,
    postgres: deps.postgresForLookups,
    window: () => settings().amlWindowSeconds * 1_000,
    calls: () => runner().all(),
    tell: (callId, input) => runner().tell(callId, input),
    keep: deps.keepAml,
  });
  const lookups = createLookups({
    ...deps,
    postgres: deps.postgresForLookups,
    fetcher,
    giveMessages: (call) => inbox.giveWaiting(call),
    tell: (callId, input) => runner().tell(callId, input),
    isHere: (callId) => runner().get(callId) !== undefined,
  });
  const failed = (part: 'introduction' | 'look-up', callId: string, error: unknown): void => {
    deps.logger.fatal({ err: error, callId, part }, 'a caller could not be read; the call goes on');
    deps.alarm('caller-not-read', { callId, part, reason: messageOf(error) });
  };
  const seeding = seedCells(deps);
  return {
    routes: [
      ...locationRoutes({ ...deps, districts: () => settings().districts }),
      ...amlRoutes({ postgres: deps.postgres, clock, inbox, key: deps.amlKey }),
    ],
    introduce: (origin, ids) =>
      introduceInAnyCase(origin, ids, { settings: settings(), map: map() }, (error) =>
        failed('introduction', ids.callId, error),
      ),
    lookUp(call) {
      try {
        lookups.begin(call);
      } catch (error) {
        failed('look-up', call.id, error);
      }
    },
    passOn: (reader) => inbox.passOn(reader),
    hear: (message) => inbox.hear(passedAml.parse(message)),
    async stop() {
      lookups.stop();
      inbox.stop();
      await Promise.all([seeding.stop(), fetcher.close()]);
    },
  };
}
