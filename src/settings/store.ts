import { z } from 'zod';
import type { Sql } from '../platform/postgres.ts';
import { withinLimits } from './line-setting.ts';
import { defaultSettings, settingsPatch, withPatch, type SettingsPatch, type VersionedSettings } from './setting.ts';

/** NOTIFY on it tells every process that settings changed. */
export const settingsChannel = 'siaga_settings';

// A field that this code does not know (yet, or any more) is left out, not refused.
const storedSettings = z.object({
  version: z.number(),
  content: z.preprocess(withinLimits, z.object(settingsPatch.shape)),
});

/** The settings; what the stored document lacks has its default. Undefined before the first start has stored any. */
export async function readSettings(sql: Sql, options: { lock: boolean }): Promise<VersionedSettings | undefined> {
  const row = await sql.first(
    storedSettings,
    `SELECT version, content FROM settings ${options.lock ? 'FOR UPDATE' : ''}`,
  );
  return row && { version: row.version, settings: withPatch(defaultSettings, row.content) };
}

/** Stores what the city brings, unless there are settings already. */
export async function seedSettings(sql: Sql, content: SettingsPatch): Promise<void> {
  await sql.execute('INSERT INTO settings (version, content) VALUES (1, $1) ON CONFLICT DO NOTHING', [
    JSON.stringify(content),
  ]);
}

/** Puts the patch over the stored document, as the version given, and tells every process. */
export async function patchSettings(sql: Sql, patch: SettingsPatch, version: number): Promise<void> {
  await sql.execute('UPDATE settings SET content = content || $1::jsonb, version = $2, updated_at = now()', [
    JSON.stringify(patch),
    version,
  ]);
  await sql.execute('SELECT pg_notify($1, $2)', [settingsChannel, String(version)]);
}
