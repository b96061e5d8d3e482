import { findKind, isConfidential } from '../routing/kind.ts';
import type { Channel } from './recipient.ts';

/** What is known of the incident that somebody is told of. */
export interface NotificationMessage {
  /** Null for one that nobody has classified. */
  readonly kind: string | null;
  readonly severity: string | null;
  readonly district: string | null;
  /** Six digits, as they are said on the telephone. */
  readonly incidentNumber: string;
  readonly openedAt: number;
  readonly position: { readonly latitude: number; readonly longitude: number } | null;
  readonly callerNumber: string | null;
  readonly drill: boolean;
  /** Why this recipient is told, in a sentence of each language; null where the incident itself is the news. */
  readonly note: { readonly id: string; readonly en: string } | null;
}

/** The message as it may leave the centre: of a confidential incident kind and number alone, and that there is a note. */
export interface SpokenMessage extends NotificationMessage {
  readonly confidential: boolean;
}

/** Leaves out what a message of a confidential incident must not say: who called, from where, and how bad it is. */
export function fitToSend(message: NotificationMessage): SpokenMessage {
  const confidential = isConfidential(message.kind);
  return confidential
    ? { ...message, confidential, severity: null, district: null, position: null, callerNumber: null }
    : { ...message, confidential };
}

type Language = 'id' | 'en';

const severities: Record<string, Record<Language, string>> = {
  low: { id: 'rendah', en: 'low' },
  moderate: { id: 'sedang', en: 'moderate' },
  high: { id: 'tinggi', en: 'high' },
  critical: { id: 'kritis', en: 'critical' },
};

/** One line that says what happened. */
export function subjectOf(message: SpokenMessage, language: Language): string {
  const kind = kindName(message.kind, language);
  const where = message.district === null ? '' : `, ${message.district}`;
  const number = language === 'id' ? `kejadian ${message.incidentNumber}` : `incident ${message.incidentNumber}`;
  const drill = message.drill ? (language === 'id' ? 'LATIHAN: ' : 'DRILL: ') : '';
  return `${drill}[112] ${kind}${where} (${number})`;
}

/** The message as a person reads it, one thing a line. `timeZone`: the city's. */
export function textOf(message: SpokenMessage, language: Language, timeZone: string): string {
  const say = (id: string, en: string): string => (language === 'id' ? id : en);
  const { severity, district, position, callerNumber, note } = message;
  const reported = new Intl.DateTimeFormat(say('id-ID', 'en-GB'), { timeZone, dateStyle: 'long', timeStyle: 'short' });
  return [
    ...(message.drill ? [say('LATIHAN, bukan kejadian sebenarnya.', 'This is a drill, not a real incident.')] : []),
    `${say('Jenis', 'Kind')}: ${kindName(message.kind, language)}`,
    `${say('Nomor kejadian', 'Incident number')}: ${message.incidentNumber}`,
    `${say('Dilaporkan', 'Reported')}: ${reported.format(message.openedAt)}`,
    ...(severity === null ? [] : [`${say('Tingkat', 'Severity')}: ${severities[severity]?.[language] ?? severity}`]),
    ...(district === null ? [] : [`${say('Kecamatan', 'District')}: ${district}`]),
    ...(position === null ? [] : [`${say('Posisi', 'Position')}: ${position.latitude}, ${position.longitude}`]),
    ...(callerNumber === null ? [] : [`${say('Nomor penelepon', "Caller's number")}: ${callerNumber}`]),
    ...(note === null ? [] : [note[language]]),
    ...(message.confidential
      ? [say('Kejadian ini rahasia. Hubungi pusat 112.', 'This incident is confidential. Ask the 112 centre.')]
      : []),
  ].join('\n');
}

function kindName(kind: string | null, language: Language): string {
  const known = kind === null ? undefined : findKind(kind);
  if (known === undefined) return language === 'id' ? 'Belum diklasifikasi' : 'Not classified yet';
  return language === 'id' ? known.name : known.english;
}

/** What a webhook is told beside the text, for programs. Times are ISO 8601, positions WGS 84. */
export interface WebhookBody {
  notificationId: string;
  deliveryId: string;
  incidentId: string;
  incidentNumber: string;
  recipientId: string;
  /** `rule`, `dispatch`, `sop` or `person`. */
  reason: string;
  kind: string | null;
  severity: string | null;
  district: string | null;
  openedAt: string;
  position: { latitude: number; longitude: number } | null;
  callerNumber: string | null;
  confidential: boolean;
  drill: boolean;
  subject: string;
  text: string;
}

/** Whether anything is ever sent there; the reason why not otherwise. */
export function placeholderFault(channel: Channel): string | null {
  if (channel.type !== 'email') return null;
  return /\.invalid\.?$/i.test(channel.address) ? 'the address is a placeholder that nothing is sent to' : null;
}
