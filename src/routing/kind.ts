import { z } from 'zod';
import { severities } from '../incidents/incident.ts';

/**
 * Every kind of incident. An `incident` always has an agency to send; a `request` is the operator's own to answer;
 * a `non-incident` is only noted. Confidential kinds are for those who need to know.
 */
export const kinds = [
  { id: 'fire', name: 'Kebakaran', english: 'Fire', group: 'incident', confidential: false },
  { id: 'medical', name: 'Gawat darurat medis', english: 'Medical emergency', group: 'incident', confidential: false },
  {
    id: 'traffic-accident',
    name: 'Kecelakaan lalu lintas',
    english: 'Traffic accident',
    group: 'incident',
    confidential: false,
  },
  { id: 'flood', name: 'Banjir', english: 'Flood', group: 'incident', confidential: false },
  {
    id: 'natural-disaster',
    name: 'Bencana alam lain',
    english: 'Other natural disaster',
    group: 'incident',
    confidential: false,
  },
  { id: 'fallen-tree', name: 'Pohon tumbang', english: 'Fallen tree', group: 'incident', confidential: false },
  {
    id: 'domestic-violence',
    name: 'Kekerasan dalam rumah tangga',
    english: 'Domestic violence',
    group: 'incident',
    confidential: true,
  },
  {
    id: 'child-violence',
    name: 'Kekerasan terhadap anak',
    english: 'Violence against children',
    group: 'incident',
    confidential: true,
  },
  { id: 'crime', name: 'Tindak kriminal', english: 'Crime', group: 'incident', confidential: false },
  { id: 'brawl', name: 'Tawuran', english: 'Brawl', group: 'incident', confidential: false },
  { id: 'missing-person', name: 'Orang hilang', english: 'Missing person', group: 'incident', confidential: false },
  { id: 'animal-rescue', name: 'Penyelamatan hewan', english: 'Animal rescue', group: 'incident', confidential: false },
  {
    id: 'power-line',
    name: 'Gangguan listrik',
    english: 'Power line or outage',
    group: 'incident',
    confidential: false,
  },
  {
    id: 'public-works',
    name: 'Jalan atau fasilitas umum rusak',
    english: 'Damaged road or public works',
    group: 'incident',
    confidential: false,
  },
  { id: 'sanitation', name: 'Kebersihan', english: 'Sanitation', group: 'incident', confidential: false },
  {
    id: 'information',
    name: 'Permintaan informasi',
    english: 'Information request',
    group: 'request',
    confidential: false,
  },
  { id: 'silent', name: 'Panggilan tanpa suara', english: 'Silent call', group: 'non-incident', confidential: false },
  {
    id: 'ghost',
    name: 'Panggilan tidak sengaja',
    english: 'Ghost (accidental) call',
    group: 'non-incident',
    confidential: false,
  },
  { id: 'prank', name: 'Panggilan iseng', english: 'Prank', group: 'non-incident', confidential: false },
  {
    id: 'abandoned',
    name: 'Ditutup sebelum dijawab',
    english: 'Abandoned',
    group: 'non-incident',
    confidential: false,
  },
  { id: 'wrong-number', name: 'Salah sambung', english: 'Wrong number', group: 'non-incident', confidential: false },
  { id: 'test', name: 'Uji coba', english: 'Test', group: 'non-incident', confidential: false },
] as const;

type Kind = (typeof kinds)[number];
type KindId = Kind['id'];

export const kindIds = kinds.map((kind) => kind.id);
export const kindSchema = z.enum(kindIds);
export const severitySchema = z.enum(severities);
/** Kinds for which there is always an agency to send. */
export const incidentKinds: readonly KindId[] = kinds.filter(({ group }) => group === 'incident').map(({ id }) => id);

/** The kind with this id; undefined for a text that is none. */
export function findKind(id: string): Kind | undefined {
  return kinds.find((kind) => kind.id === id);
}

/** Violence at home and against children: for those who need to know only. Null: nobody has classified it. */
export function isConfidential(kind: string | null): boolean {
  return kind !== null && findKind(kind)?.confidential === true;
}
