import qrCode from 'qrcode-generator';
import type { StoredDesk } from './desk.ts';

/** Where phones register. */
export interface SipSide {
  host: string;
  /** Of UDP and TCP. */
  port: number;
  tlsPort: number;
}

/** What a phone at a desk has to be told; the password only while it is known. */
export interface Softphone {
  username: string;
  domain: string;
  port: number;
  transport: StoredDesk['transport'];
  media: StoredDesk['media'];
  realm: string;
  codecs: string[];
  /** The same in words, Indonesian with English beside. */
  text: string;
}

/** Handed out once, with the password: for typing, for opening, for scanning. */
export interface Provisioning {
  text: string;
  uri: string;
  /** The URI as a QR code: an SVG as a data URI. */
  qr: string;
}

/** Asterisk's default. */
export const realm = 'asterisk';
const codecs = ['PCMA', 'PCMU', 'G722'];

/** The settings of a desk's phone, without the password. */
export function softphoneOf(desk: StoredDesk, side: SipSide): Softphone {
  const { account: username, transport, media } = desk;
  const port = transport === 'tls' ? side.tlsPort : side.port;
  const settings = { username, domain: side.host, port, transport, media, realm, codecs };
  return { ...settings, text: words(settings, null).join('\n') };
}

/** The same with the password. */
export function provisioningOf(desk: StoredDesk, side: SipSide, password: string): Provisioning {
  const softphone = softphoneOf(desk, side);
  const uri = uriOf(softphone, password);
  const qr = `data:image/svg+xml;base64,${Buffer.from(svgOf(uri)).toString('base64')}`;
  return { text: words(softphone, password).join('\n'), uri, qr };
}

function svgOf(uri: string): string {
  const code = qrCode(0, 'M');
  code.addData(uri);
  code.make();
  return code.createSvgTag({ cellSize: 1, margin: 4, scalable: true });
}

/** A SIP URI (RFC 3261, 19.1) with what an account needs as its parameters; a value's own signs are percent-encoded. */
function uriOf({ username, domain, port, transport, media }: Omit<Softphone, 'text'>, password: string): string {
  const parameters = { transport, username, password, domain, ...(media === 'srtp' ? { media } : {}) };
  const written = Object.entries(parameters).map(([name, value]) => `;${name}=${encodeURIComponent(value)}`);
  return `sip:${username}@${domain}:${port}${written.join('')}`;
}

function words(settings: Omit<Softphone, 'text'>, password: string | null): string[] {
  const { username, domain, port, transport, media } = settings;
  const srtp =
    media === 'srtp'
      ? 'wajib SRTP (SDES) / SRTP (SDES) is mandatory'
      : 'RTP; SRTP (SDES) bila telepon memintanya / RTP; SRTP (SDES) if the phone offers it';
  return [
    `Nama pengguna / Username: ${username}`,
    password === null
      ? 'Kata sandi / Password: hanya ditampilkan sekali; minta yang baru bila hilang / shown once only; ask for a new one if it is lost'
      : `Kata sandi / Password: ${password}`,
    `Domain: ${domain}`,
    `Port: ${port}`,
    `Transport: ${transport.toUpperCase()}`,
    `Media: ${srtp}`,
    `Realm: ${settings.realm}`,
    `Codec: ${settings.codecs.join(', ')}`,
    '1. Buat akun SIP baru di telepon dengan data di atas / Make a new SIP account on the phone with the above',
    '2. Kirim DTMF dengan RFC 4733 atau SIP INFO / Send DTMF by RFC 4733 or SIP INFO',
    '3. Matikan jawab otomatis dan jangan-ganggu / Switch off auto-answer and do-not-disturb',
    '4. Telepon harus tampak terdaftar; lalu petugas masuk di meja ini / The phone must show as registered; then a person logs in at this desk',
  ];
}
