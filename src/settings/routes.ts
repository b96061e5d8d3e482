import type { RecordAudit } from '../audit/audit.ts';
import { roles } from '../platform/auth.ts';
import { etag, requireIfMatch } from '../platform/etag.ts';
import type { Postgres } from '../platform/postgres.ts';
import { unprocessable } from '../platform/problem.ts';
import { defineRoute, type Route } from '../platform/route.ts';
import {
  settingsPatch,
  versionedSettings,
  withPatch,
  type Settings,
  type SettingsPatch,
  type VersionedSettings,
} from './setting.ts';
import { patchSettings, readSettings, seedSettings } from './store.ts';

/**
 * Says why a change is refused that leaves callers no way to anybody; undefined when it may be made. `settings` are those
 * that there would be.
 */
export type SettingsCheck = (patch: SettingsPatch, settings: Settings) => string | undefined;

/** /v1/settings. */
export function settingsRoutes(deps: {
  readonly postgres: Postgres;
  readonly audit: RecordAudit;
  readonly current: () => VersionedSettings;
  readonly reload: () => Promise<void>;
  readonly seed: SettingsPatch;
  readonly refuses: SettingsCheck;
}): Route[] {
  const { postgres, audit, current, reload } = deps;
  return [
    defineRoute({
      method: 'GET',
      path: '/v1/settings',
      summary: 'How the centre works; the ETag is what If-Match wants',
      roles,
      input: {},
      response: { 200: versionedSettings },
      handler: () => ({ status: 200, body: current(), headers: { ETag: etag(current().version) } }),
    }),
    defineRoute({
      method: 'PATCH',
      path: '/v1/settings',
      audited: ['settings.patch'],
      summary: 'Change some settings (If-Match); absent ones stay',
      roles: ['admin'],
      input: { body: settingsPatch },
      response: { 200: versionedSettings },
      handler: async ({ body, principal, ifMatch }) => {
        const changed = await postgres.transaction(async (sql) => {
          await seedSettings(sql, deps.seed);
          const stored = await readSettings(sql, { lock: true });
          if (!stored) throw new Error('the settings vanished');
          requireIfMatch(ifMatch, stored.version);
          const settings = withPatch(stored.settings, body);
          const reason = deps.refuses(body, settings);
          if (reason !== undefined) throw unprocessable('settings.no-way', reason);
          const version = stored.version + 1;
          await patchSettings(sql, body, version);
          await audit(sql, { principal, action: 'settings.patch', subject: 'settings', detail: { version, ...body } });
          return { version, settings };
        });
        await reload();
        return { status: 200, body: changed, headers: { ETag: etag(changed.version) } };
      },
    }),
  ];
}
