import { createHash } from 'node:crypto';
import type { Settings } from '../settings/setting.ts';

/** Whether new calls go to the backup centre, as Asterisk's own database has it. */
export interface Evacuation {
  readonly evacuated: boolean;
  /** Epoch milliseconds, to the second; null when it was never begun nor ended. */
  readonly since: number | null;
  /** Who began or ended it: an operator's account (`op-…`, dialled on his phone), or the id of a token or operator. */
  readonly by: string | null;
}

/**
 * Reads what the dialplan has noted for the controllers in a global (`@` and the value of DB(siaga/evacuated)); null when it
 * has not noted it yet, as right after its start.
 */
export function readEvacuation(noted: string): Evacuation | null {
  if (noted === '@') return { evacuated: false, since: null, by: null };
  const [, flag, since, by] = /^@([01]):(\d{1,12}):(.*)$/.exec(noted) ?? [];
  if (flag === undefined) return null;
  return { evacuated: flag === '1', since: Number(since) * 1_000, by: by === '' || by === undefined ? null : by };
}

/** A code of evacuation that was dialled on a phone and not taken; what was dialled is kept nowhere. */
export interface RefusedCode {
  /** The phone's; Asterisk's uniqueid. */
  readonly channelId: string;
  /** Epoch milliseconds, to the second. */
  readonly at: number;
  /** The phone's account. */
  readonly phone: string;
}

/** Reads the latest of them, as the dialplan has noted them in a global; null when it has not noted them yet. */
export function readRefusedCodes(noted: string): RefusedCode[] | null {
  if (!noted.startsWith('@')) return null;
  // What was cut off has no & behind it.
  const codes = noted.slice(1).matchAll(/(?:^|&)(\d{1,12}):([A-Za-z0-9_-]{1,64}):([A-Za-z0-9._-]{1,64})(?=&)/g);
  return [...codes].map(([, at, phone = '', channelId = '']) => ({ channelId, at: Number(at) * 1_000, phone }));
}

/** The backup centre as the dialplan rings it: `number@host:port`, the number as it stands in a SIP URI; empty if none. */
export function backupCentreAddress(backupCentre: Settings['backupCentre']): string {
  if (backupCentre === null) return '';
  const { number, host, port } = backupCentre;
  return `${number.replaceAll('#', '%23')}@${host}:${port}`;
}

/** What is kept of an evacuation code: a salt of 16 hexadecimal digits, and the SHA-1 (in hex) of salt and code. */
export function keptCode(salt: string, code: string): string {
  return `${salt}${createHash('sha1').update(`${salt}${code}`).digest('hex')}`;
}

/** Somebody may do this for a queue: has every skill, and every language, that it asks for. */
export interface Able {
  readonly skills: readonly string[];
  readonly languages: readonly string[];
}

/** For a call that only a certain operator may take, this long is no way to one. */
const longestSkillSeconds = 120;

/**
 * Why settings would leave callers no way to anybody; undefined when there is one. `able` are the operators there are;
 * null when that is not known.
 */
export function noWay(
  settings: Pick<Settings, 'backupCentre' | 'queues' | 'skillSeconds'>,
  now: { evacuated: boolean; overflow: boolean },
  able: readonly Able[] | null,
): string | undefined {
  if (now.evacuated && settings.backupCentre === null && !now.overflow) {
    return 'The centre is evacuated: without a backup centre its callers would have nowhere to go. End the evacuation first.';
  }
  if (able === null) return undefined;
  for (const { id, skills, languages, times } of settings.queues) {
    if ((times.skillSeconds ?? settings.skillSeconds) <= longestSkillSeconds) continue;
    if (skills.length + languages.length === 0) continue;
    const somebody = able.some(
      (one) =>
        skills.every((skill) => one.skills.includes(skill)) && languages.every((each) => one.languages.includes(each)),
    );
    if (!somebody) {
      return `No operator has what the queue ${id} needs (${[...skills, ...languages].join(', ')}), and its callers would wait longer than ${longestSkillSeconds} seconds for one: lower skillSeconds.`;
    }
  }
  return undefined;
}
