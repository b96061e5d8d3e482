import { join } from 'node:path';
import { z } from 'zod';
import type { RecordAudit } from '../audit/audit.ts';
import type { Cancel, Clock } from '../platform/clock.ts';
import { diskCopy } from '../platform/disk-copy.ts';
import { startLiveCopy } from '../platform/live-copy.ts';
import type { Logger } from '../platform/logger.ts';
import type { Postgres } from '../platform/postgres.ts';
import type { Route } from '../platform/route.ts';
import { settingsRoutes, type SettingsCheck } from './routes.ts';

import {
  defaultSettings,
  settingsPatch,
  versionedSettings,
  withPatch,
  type Settings,
  type SettingsPatch,
  type VersionedSettings,
} from './setting.ts';
import { withinLimits } from './line-setting.ts';
import { readSettings, seedSettings, settingsChannel } from './store.ts';

export type { SettingsCheck };

export interface SettingsRoom {
  readonly routes: Route[];
  /** Synchronous, from memory. */
  readonly current: () => Settings;
  readonly onChange: (fn: (settings: Settings) => void) => Cancel;
  readonly stop: () => Promise<void>;
}

// A copy that other code has left may have a setting that this code does not know, and lack one that it does: the first is
// left out and the second has its default; neither costs the others.
const settingsCopy = versionedSettings.extend({
  settings: z
    .preprocess(withinLimits, z.object(settingsPatch.shape))
    .transform((known) => withPatch(defaultSettings, known)),
});

/** The settings that may change while the centre runs. */
export async function startSettings(deps: {
  readonly postgres: Postgres;
  readonly stateDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly audit: RecordAudit;
  /** What the city brings; stored at the first start. */
  readonly seed: SettingsPatch;
  /** Why settings would leave callers no way to anybody; undefined when there is one. */
  readonly refuses?: SettingsCheck;
}): Promise<SettingsRoom> {
  const { postgres, logger, seed } = deps;
  const copy = await startLiveCopy<VersionedSettings>({
    name: 'settings',
    channel: settingsChannel,
    postgres,
    clock: deps.clock,
    logger,
    read: async () => {
      const stored = await readSettings(postgres, { lock: false });
      if (stored) return stored;
      await seedSettings(postgres, seed);
      return (
        (await readSettings(postgres, { lock: false })) ?? { version: 1, settings: withPatch(defaultSettings, seed) }
      );
    },
    disk: diskCopy(join(deps.stateDir, 'settings.json'), settingsCopy, logger),
    builtIn: { version: 0, settings: withPatch(defaultSettings, seed) },
  });
  return {
    routes: settingsRoutes({
      postgres,
      audit: deps.audit,
      current: copy.current,
      reload: copy.reload,
      seed,
      refuses: deps.refuses ?? (() => undefined),
    }),
    current: () => copy.current().settings,
    onChange: (fn) => copy.onChange((value) => fn(value.settings)),
    stop: () => {
      copy.stop();
      return Promise.resolve();
    },
  };
}
