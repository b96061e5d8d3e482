import fc from 'fast-check';
import { printElsForm, readElsForm, verifyElsHmac } from './aml-https.ts';
import { printAmlSms, readAmlSms, smsTextOf } from './aml-sms.ts';
import { refusalOf } from '../shape.ts';
import { amlMethods, emptyAmlMessage, type AmlMessage } from './aml.ts';
import type { Shape } from '../fix.ts';

const now = Date.UTC(2024, 5, 1);
const number = (min: number, max: number, decimals: number) =>
  fc.integer({ min: min * 10 ** decimals, max: max * 10 ** decimals }).map((parts) => parts / 10 ** decimals);
const digits = (length: number) =>
  fc.integer({ min: 1, max: 10 ** length - 1 }).map((value) => String(value).padStart(length, '0'));
const second = fc.integer({ min: Date.UTC(2000, 0, 2) / 1_000, max: now / 1_000 }).map((at) => at * 1_000);

const position = fc
  .record({ latitude: number(-90, 90, 5), longitude: number(-180, 180, 5) })
  .filter((position) => refusalOf({ type: 'point', position, altitude: null }) === null);
const network = fc.record({ mcc: digits(3), mnc: fc.oneof(digits(2), digits(3)) });
const method = fc.constantFrom(amlMethods.gnss, amlMethods.wifi, amlMethods.cell, null);
const radius = number(1, 100_000, 1);
const message: fc.Arbitrary<AmlMessage> = fc
  .record({
    imei: fc.option(digits(15)),
    network: fc.option(network),
    at: fc.option(second),
    where: fc.option(fc.record({ position, radius: fc.option(radius), method, confidence: number(0, 100, 0) })),
  })
  .map(({ imei, network, at, where }) => ({
    ...emptyAmlMessage,
    imei,
    network,
    sighting:
      where === null
        ? null
        : {
            method: where.method,
            shape: shapeOf(where.position, where.radius, null),
            civic: null,
            confidence: where.confidence,
            at,
          },
  }));

function shapeOf(at: { latitude: number; longitude: number }, radius: number | null, altitude: number | null): Shape {
  return radius === null ? { type: 'point', position: at, altitude } : { type: 'circle', centre: at, radius };
}

/** Version 2 alone can say these. */
const version2: fc.Arbitrary<AmlMessage> = fc
  .record({
    base: message,
    callAt: second,
    delay: fc.integer({ min: -9_998, max: 9_998 }),
    homeNetwork: fc.option(network),
    altitude: fc.option(fc.record({ metres: number(-999, 9_000, 1), accuracy: fc.option(radius) })),
    language: fc.option(fc.constantFrom('id-ID', 'en-US,jv')),
  })
  .map(({ base, callAt, delay, homeNetwork, altitude, language }) => ({
    ...base,
    sentAt: callAt,
    homeNetwork,
    language,
    emergencyNumber: '112',
    altitude: base.sighting === null ? null : altitude,
    sighting: base.sighting && {
      ...base.sighting,
      at: base.sighting.at === null ? null : callAt + delay * 1_000,
      shape:
        base.sighting.shape?.type === 'point'
          ? { ...base.sighting.shape, altitude: altitude?.metres ?? null }
          : base.sighting.shape,
    },
  }));

const none = (read: AmlMessage | null): AmlMessage | null =>
  read === null ? null : { ...read, version: null, unusable: [] };

/** A location is either sound or not there, and reasons are short, clean and without anybody's number. */
function ensureSound(read: AmlMessage): void {
  const shape = read.sighting?.shape ?? null;
  if (shape?.type === 'point') {
    expect(refusalOf({ type: 'point', position: shape.position, altitude: null })).toBeNull();
  } else if (shape?.type === 'circle') {
    expect(refusalOf({ type: 'point', position: shape.centre, altitude: null })).toBeNull();
    expect(shape.radius > 0 && shape.radius < 20_100_000).toBe(true);
  } else {
    expect(read.sighting).toBeNull();
    expect(read.unusable).not.toEqual([]);
  }
  for (const at of [read.sighting?.at, read.sentAt, read.crashAt])
    expect(at ?? now).toBeLessThanOrEqual(now + 86_400_000);
  for (const reason of read.unusable) expect(reason).toMatch(/^[A-Za-z0-9 ,:;.+'-]{1,100}$/);
}

const flipped = (text: string, at: number, piece: string): string => {
  const place = at % (text.length + 1);
  return text.slice(0, place) + piece + text.slice(place + 1);
};

describe('an AML message by SMS', () => {
  it('is read back as it was printed', () => {
    fc.assert(
      fc.property(message, (sent) => {
        const text = printAmlSms(sent, '1');
        const read = readAmlSms(text, null, now);
        expect(none(read)).toEqual(sent);
        expect(read?.unusable).toEqual(sent.sighting === null ? ['the phone says that it has no location'] : []);
      }),
    );
    fc.assert(
      fc.property(version2, (sent) => {
        expect(none(readAmlSms(printAmlSms(sent, '2'), null, now))).toEqual(sent);
      }),
    );
  });

  it('comes through every coding of a data SMS', () => {
    fc.assert(
      fc.property(message, fc.constantFrom('1' as const, '2' as const), fc.nat({ max: 6 }), (sent, version, bit) => {
        const text = printAmlSms(sent, version);
        expect(smsTextOf(Buffer.from(text))).toBe(text);
        expect(smsTextOf(Buffer.from(text, 'utf16le').swap16())).toBe(text);
        expect(smsTextOf(packed(text, bit))).toBe(text);
      }),
    );
  });

  it('never throws and never invents a place, whatever is sent', () => {
    const mutated = fc
      .tuple(version2, fc.constantFrom('1' as const, '2' as const), fc.nat(), fc.string({ maxLength: 4 }))
      .map(([sent, version, at, piece]) => flipped(printAmlSms(sent, version), at, piece));
    const attributes = fc
      .array(fc.tuple(fc.constantFrom('lt', 'lg', 'lo', 'rd', 'top', 'et', 'pm', 'ml', 'ei'), fc.string()), {
        maxLength: 12,
      })
      .map((list) => `A"ML=1;${list.map(([name, value]) => `${name}=${value}`).join(';')}`);
    fc.assert(
      fc.property(fc.oneof(mutated, attributes, fc.string({ unit: 'binary' })), fc.string(), (text, sender) => {
        const read = readAmlSms(text, sender, now);
        if (read !== null) ensureSound(read);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is looked for in any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(smsTextOf(bytes)).toMatch(/^(A"ML=[ -~]*)?$/i);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('an AML message by HTTPS', () => {
  const fields = fc.dictionary(
    fc.oneof(
      fc.constantFrom('location_latitude', 'location_longitude', 'location_accuracy', 'location_time', 'time', 'v'),
      fc.constantFrom('device_number', 'device_imei', 'location_certainty', 'cell_id', 'location_altitude', 'hmac'),
      fc.string(),
    ),
    fc.oneof(fc.string({ unit: 'grapheme' }), fc.double().map(String), fc.integer().map(String)),
  );

  it('is read back as it was sent', () => {
    fc.assert(
      fc.property(position, radius, second, digits(15), (where, accuracy, at, imei) => {
        const form = {
          location_latitude: String(where.latitude),
          location_longitude: String(where.longitude),
          location_accuracy: String(accuracy),
          location_time: String(at),
          device_imei: imei,
        };
        expect(none(readElsForm(printElsForm(form, 'key'), now))).toEqual({
          ...emptyAmlMessage,
          imei,
          sighting: { method: null, shape: shapeOf(where, accuracy, null), civic: null, confidence: null, at },
        });
      }),
    );
  });

  it('never throws and never invents a place, whatever is sent', () => {
    const bodies = fc.oneof(
      fields.map((form) => printElsForm(form, 'key')),
      fc.string({ unit: 'binary' }),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(bodies, fc.nat(), fc.string({ maxLength: 3 }), (body, at, piece) => {
        ensureSound(readElsForm(typeof body === 'string' ? flipped(body, at, piece) : body, now));
        verifyElsHmac(Buffer.from(body), piece);
      }),
      { numRuns: 2_000 },
    );
  });

  it('proves its sender, and no more with any bit flipped', () => {
    fc.assert(
      fc.property(fields, fc.string({ minLength: 1 }), fc.nat(), (form, key, at) => {
        const body = Buffer.from(printElsForm(form, key));
        expect(verifyElsHmac(body, key)).toBe(true);
        const bit = at % (body.length * 8);
        body[bit >> 3] = (body[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(verifyElsHmac(body, key)).toBe(false);
        expect(verifyElsHmac(Buffer.concat([body, Buffer.from([at & 0xff])]), key)).toBe(false);
      }),
    );
  });
});

/** 3GPP TS 23.038, 6.1.2.1: seven bits a character, the first in the lowest bits, here from any bit on. */
function packed(text: string, from: number): Buffer {
  const stream = Array.from(text).reduceRight((bits, character) => (bits << 7n) | BigInt(character.charCodeAt(0)), 0n);
  const octets = Math.ceil((from + 7 * text.length) / 8);
  return Buffer.from((stream << BigInt(from)).toString(16).padStart(2 * octets, '0'), 'hex').reverse();
}
