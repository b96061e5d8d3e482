import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { AsteriskDatabase } from '../asterisk/asterisk-database.ts';
import { readEvacuation, readRefusedCodes, type Evacuation, type RefusedCode } from './evacuation.ts';

export interface EvacuationWatch {
  /** As Asterisk was last heard to have it; null while nothing has been heard. */
  current(): Evacuation | null;
  /** The dialplan has another centre's address from its own configuration (ASTERISK_OVERFLOW). */
  overflow(): string | null;
  /** Reads at once, and keeps the backup centre in step. */
  look(): Promise<void>;
  stop(): void;
}

/** A code dialled on a phone is noticed within this. */
const lookEvery = 2_000;

/** Follows what Asterisk's database says, whoever changed it, and keeps the backup centre of the settings there. */
export function watchEvacuation(deps: {
  database: AsteriskDatabase;
  clock: Clock;
  logger: Logger;
  connected: () => boolean;
  /** What the settings want the dialplan to ring; empty for none. */
  backupCentre: () => string;
  /** `before` is null for the first that is heard since this process started. */
  changed: (now: Evacuation, before: Evacuation | null) => void;
  /** A code was not taken; `late` for those of before this process looked for the first time. */
  codeRefused: (code: RefusedCode, late: boolean) => void;
}): EvacuationWatch {
  const { database, logger } = deps;
  let current: Evacuation | null = null;
  let overflow: string | null = null;
  let refused: readonly RefusedCode[] | null = null;
  let looking: Promise<void> | null = null;

  const tellRefused = (latest: readonly RefusedCode[] | null): void => {
    if (latest === null) return;
    const known = new Set(refused?.map(({ channelId }) => channelId));
    const late = refused === null;
    refused = latest;
    for (const one of latest) if (!known.has(one.channelId)) deps.codeRefused(one, late);
  };

  const lookOnce = async (): Promise<void> => {
    if (!deps.connected()) return;
    const [noted, kept, rendered, refusals] = await Promise.all([
      database.read('SIAGA_EVACUATED'),
      database.read('SIAGA_BACKUP_CENTRE'),
      database.read('SIAGA_OVERFLOW'),
      database.read('SIAGA_REFUSED_CODES'),
    ]);
    if (refusals !== null) tellRefused(readRefusedCodes(refusals));
    if (rendered !== null) overflow = rendered === '' ? null : rendered.replace(/^sip:/, '');
    const wanted = deps.backupCentre();
    // Without the @ the dialplan has not looked yet.
    if (kept?.startsWith('@') === true && kept !== `@${wanted}`) {
      if (!(await database.keep('backup-centre', wanted))) logger.warn('Asterisk was not told the backup centre');
    }
    const now = noted === null ? null : readEvacuation(noted);
    if (now === null) return;
    const before = current;
    current = now;
    if (before === null || before.evacuated !== now.evacuated || before.since !== now.since) deps.changed(now, before);
  };

  const look = (): Promise<void> => {
    looking ??= lookOnce()
      .catch((error: unknown) => logger.error({ err: error }, 'looking whether the centre is evacuated failed'))
      .finally(() => (looking = null));
    return looking;
  };

  const stop = deps.clock.every(lookEvery, () => void look());
  return { current: () => current, overflow: () => overflow, look, stop };
}
