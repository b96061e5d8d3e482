import type { NotificationMessage } from '../notifications/message.ts';
import type { ClockName } from './sop-clock.ts';

type Note = NonNullable<NotificationMessage['note']>;

const missing: Record<ClockName, Note> = {
  accept: { id: 'belum menerima tugas', en: 'has not accepted' },
  depart: { id: 'belum berangkat', en: 'has not departed' },
  arrive: { id: 'belum tiba di lokasi', en: 'has not arrived' },
};

/** Why somebody is told of a clock, and the crew's link where there is one. Nothing of it is confidential. */
export function lateNote(agencyName: string, clock: ClockName, seconds: number, link: Note | null): Note {
  const { id, en } = missing[clock];
  const late = {
    id: `TERLAMBAT: ${agencyName} ${id} dalam ${seconds} detik.`,
    en: `LATE: ${agencyName} ${en} within ${seconds} seconds.`,
  };
  return link === null ? late : { id: `${late.id} ${link.id}`, en: `${late.en} ${link.en}` };
}
