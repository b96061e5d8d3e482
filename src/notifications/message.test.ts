import { brawl, channels } from '../../test/support/notifications.ts';
import { fitToSend, placeholderFault, subjectOf, textOf } from './message.ts';

const text = (over: object = {}, language: 'id' | 'en' = 'id'): string =>
  textOf(fitToSend({ ...brawl, ...over }), language, 'Asia/Makassar');

test('it says what happened, where, and when in the time of the city', () => {
  expect(subjectOf(fitToSend(brawl), 'id')).toBe('[112] Tawuran, Mandonga (kejadian 004711)');
  expect(text().split('\n')).toEqual([
    'Jenis: Tawuran',
    'Nomor kejadian: 004711',
    'Dilaporkan: 1 Januari 2026 pukul 22.05',
    'Tingkat: tinggi',
    'Kecamatan: Mandonga',
    'Posisi: -3.9675, 122.5947',
    'Nomor penelepon: +6281298765432',
  ]);
  expect(subjectOf(fitToSend(brawl), 'en')).toBe('[112] Brawl, Mandonga (incident 004711)');
  expect(text({ note: { id: 'Belum diterima.', en: 'Not accepted yet.' } }, 'en')).toContain('\nNot accepted yet.');
});

test.each(['domestic-violence', 'child-violence'])('of a confidential incident kind and number alone: %s', (kind) => {
  const message = fitToSend({ ...brawl, kind });
  const all = subjectOf(message, 'en') + textOf(message, 'en', 'Asia/Jakarta') + JSON.stringify(message);
  expect(all).toContain('004711');
  expect(all).not.toMatch(/Mandonga|3\.9675|122\.5947|81298765432|high/);
  expect(message.confidential).toBe(true);
});

test('a drill says first that it is one', () => {
  expect(subjectOf(fitToSend({ ...brawl, drill: true }), 'id')).toMatch(/^LATIHAN: /);
  expect(text({ drill: true }, 'en').split('\n')[0]).toBe('This is a drill, not a real incident.');
});

test('one that nobody has classified is told all the same', () => {
  expect(text({ kind: null, severity: null, district: null, position: null, callerNumber: null })).toBe(
    'Jenis: Belum diklasifikasi\nNomor kejadian: 004711\nDilaporkan: 1 Januari 2026 pukul 22.05',
  );
});

test('an address that ships with a city is written to by nobody', () => {
  const placeholder = { type: 'email', address: 'sekda@kendari.invalid' } as const;
  expect(placeholderFault(placeholder)).toBe('the address is a placeholder that nothing is sent to');
  expect(Object.values(channels).map(placeholderFault)).toEqual([null, null, null]);
});
