import { arrival } from '../../../test/support/fixes.ts';
import { emptyMap } from '../districts/district-map.ts';
import { emptyAmlMessage, type AmlMessage } from './aml.ts';
import { amlLocation, belongsTo, receivedAml, type Caller, type ReceivedAml } from './aml-received.ts';

const imei = '358240059447631';
const number = '+6281234567890';
const window = 300_000;

const message = (over: Partial<AmlMessage> = {}): AmlMessage => ({ ...emptyAmlMessage, ...over });
const received = (over: Partial<AmlMessage> = {}, later = 0): ReceivedAml =>
  receivedAml('sms', message(over), 'A"ML=1', arrival + later);
const caller = (over: Partial<Caller> = {}): Caller => ({
  arrivedAt: arrival,
  endedAt: arrival,
  e164: number,
  imei,
  ...over,
});

describe('a message', () => {
  test('is tied by E.164 and by 15 digits, however they were written', () => {
    expect(received({ sender: '0812-3456-7890', imei: '35824005944763' })).toMatchObject({ e164: number, imei });
    expect(received({ sender: '1500', imei: '00000000000000' })).toMatchObject({ e164: null, imei: null });
    expect(received()).toMatchObject({ e164: null, imei: null });
  });

  test('is known again by its channel and what came, not by when', () => {
    const { digest } = received();
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(received({}, 5_000).digest).toBe(digest);
    expect(receivedAml('sms', message(), Buffer.from('A"ML=1'), arrival).digest).toBe(digest);
    expect(receivedAml('https', message(), 'A"ML=1', arrival).digest).not.toBe(digest);
    expect(receivedAml('sms', message(), 'A"ML=1;', arrival).digest).not.toBe(digest);
  });
});

describe('a message belongs to a call', () => {
  test.each([
    ['of its number', { sender: number }, caller({ imei: null }), true],
    ['of its number, whatever the phone', { sender: number, imei: '490154203237518' }, caller(), true],
    ['of its phone where the message has no number', { imei }, caller(), true],
    ['of its phone where the call has no number', { sender: '+6281399999999', imei }, caller({ e164: null }), true],
    ['of no other number, even from the same phone', { sender: '+6281399999999', imei }, caller(), false],
    ['of no other phone', { imei: '490154203237518' }, caller({ e164: null }), false],
    ['of nobody where both know nothing', {}, caller({ e164: null, imei: null }), false],
    ['of nobody where only the call knows', {}, caller(), false],
    ['of nobody where only the message knows', { sender: number, imei }, caller({ e164: null, imei: null }), false],
  ])('%s', (_what, over, who, expected) => {
    expect(belongsTo(received(over), who, window)).toBe(expected);
  });

  test.each([
    [-window, true],
    [window, true],
    [0, true],
    [-window - 1, false],
    [window + 1, false],
  ])('%s ms after its arrival: %s', (later, expected) => {
    expect(belongsTo(received({ sender: number }, later), caller(), window)).toBe(expected);
    expect(belongsTo(received({ imei }, later), caller(), window)).toBe(expected);
  });
});

test('a message belongs to a call that goes on, however long it has', () => {
  const late = received({ sender: number }, 10 * window);
  expect(belongsTo(late, caller({ endedAt: null }), window)).toBe(true);
  expect(belongsTo(late, caller({ endedAt: arrival + 9 * window }), window)).toBe(true);
  expect(belongsTo(late, caller({ endedAt: arrival + 8 * window }), window)).toBe(false);
});

describe('what a message says', () => {
  const call = { callId: 'call', arrivedAt: arrival };
  const shape = { type: 'circle', centre: { latitude: 0.5, longitude: 101.45 }, radius: 14 } as const;
  const sighting = { method: 'GPS', shape, civic: null, confidence: 68, at: arrival - 5_000 };

  test('is a fix with what an operator may want to know', () => {
    const whole = message({
      sighting,
      altitude: { metres: 41.5, accuracy: 3 },
      floor: '2',
      language: 'id-ID',
      deviceModel: 'Pixel',
      network: { mcc: '510', mnc: '10' },
      cellId: '1234',
      crashAt: arrival - 60_000,
      imsi: '510101234567890',
      sender: number,
    });
    const { fixes, unusable } = amlLocation(receivedAml('https', whole, 'x', arrival), call, emptyMap);
    expect(unusable).toEqual([]);
    expect(fixes).toMatchObject([
      { ...sighting, source: 'aml-https', receivedAt: arrival, place: null, madeUp: false },
    ]);
    expect(fixes[0]?.detail).toEqual({
      altitude: '41.5 m',
      floor: '2',
      language: 'id-ID',
      deviceModel: 'Pixel',
      network: '510-10',
      cell: '1234',
      carCrashAt: '2026-05-01T02:59:00.000Z',
    });
  });

  test('is no fix without a position, and the reason is kept', () => {
    const none = received({ unusable: ['the phone knows no position'] });
    expect(amlLocation(none, call, emptyMap)).toEqual({
      fixes: [],
      unusable: [{ source: 'aml-sms', reason: 'the phone knows no position' }],
    });
  });

  test('has no empty words', () => {
    const { fixes } = amlLocation(received({ sighting, floor: '' }), call, emptyMap);
    expect(fixes[0]).toMatchObject({ source: 'aml-sms', detail: {} });
  });
});
