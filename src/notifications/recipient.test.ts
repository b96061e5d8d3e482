import { recipientBody, recipientsOf, type Recipient } from './recipient.ts';
import { signatureOf } from './signature.ts';

const withChannel = (channel: unknown) => recipientBody.safeParse({ name: 'Wali Kota', channels: [channel] }).success;

it.each([
  { type: 'webhook', url: 'https://pesan.example/kirim?kota=1' },
  { type: 'webhook', url: 'http://10.0.0.5:8080/sms' },
  { type: 'email', address: 'wali.kota@kendari.invalid' },
  { type: 'voice', number: '+6281234567890' },
])('takes a channel that can be tried: %j', (channel) => {
  expect(withChannel(channel)).toBe(true);
});

it.each([
  { type: 'webhook', url: 'ftp://pesan.example/' },
  { type: 'webhook', url: 'https://user:pass@pesan.example/' },
  { type: 'webhook', url: 'https://pesan.example/\r\nX-Other: 1' },
  { type: 'webhook', url: 'https://pesan.example\\@10.0.0.1/' },
  { type: 'webhook', url: 'https://pesan.example/#part' },
  { type: 'webhook', url: 'pesan.example' },
  { type: 'email', address: 'wali.kota@kendari.invalid\r\nBcc: other@example.org' },
  { type: 'email', address: 'a@b, c@d' },
  { type: 'voice', number: '0812 3456' },
  { type: 'voice', number: 'sip:0812@10.0.0.1' },
  { type: 'fax', number: '0761' },
])('refuses a channel that is none: %j', (channel) => {
  expect(withChannel(channel)).toBe(false);
});

test("a directory knows an agency's contacts and the leaders", () => {
  const one = (id: string, over: Partial<Recipient>): Recipient => {
    return { id, name: id, agencyId: null, leader: false, language: 'id', channels: [], version: 1, ...over };
  };
  const directory = recipientsOf([one('piket', { agencyId: 'damkar' }), one('wali-kota', { leader: true })]);
  expect(directory.ofAgency('damkar').map(({ id }) => id)).toEqual(['piket']);
  expect(directory.leaders().map(({ id }) => id)).toEqual(['wali-kota']);
  expect([directory.find('piket')?.name, directory.find('sekda')]).toEqual(['piket', undefined]);
});

test('a signature is what docs/api.md says: HMAC-SHA256 of time, a dot and the body', () => {
  // From: printf '1767225600.{"a":1}' | openssl dgst -sha256 -hmac secret
  expect(signatureOf('secret', '1767225600', '{"a":1}')).toBe(
    'sha256=96a067a1c95eb143fc00b9097bcfcbcd5456adda508c443ff219748e764dbed7',
  );
});
