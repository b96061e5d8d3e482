import { defaultSettings } from '../settings/setting.ts';
import { mayCall, normalise, type OutgoingLimits } from './limits.ts';

const settings: OutgoingLimits = { ...defaultSettings, outgoingTrunk: { host: '10.0.0.5', port: 5060 } };
const none = { atOnce: 0, lastHour: 0 };
const verdict = (number: string, over: Partial<OutgoingLimits> = {}, counters = none): string => {
  const answer = mayCall(number, { ...settings, ...over }, counters);
  return answer.allowed ? answer.uri : answer.reason;
};

describe('numbers as people write them', () => {
  it.each([
    ['0812 3456 789', '08123456789'],
    ['+62 812-3456-789', '08123456789'],
    ['+62 (0) 812 3456 789', '08123456789'],
    ['62812.3456.789', '08123456789'],
    ['0062812 3456789', '08123456789'],
    ['8123456789', '08123456789'],
    ['(0761) 23456', '076123456'],
    ['118', '118'],
    ['1500-045', '1500045'],
    ['23456', '23456'],
    ['+65 6123 4567', '+6561234567'],
    ['0065 6123 4567', '006561234567'],
  ])('%s is dialled as %s', (text, dialled) => {
    expect(normalise(text)?.dialled).toBe(dialled);
  });

  it.each([
    '',
    '1',
    '11',
    '+',
    '++62812',
    '0812x3456',
    '%2B62812345678',
    '0812;456',
    '0812,456',
    '0812\r\n456',
    '0812*456',
    '٠٨١٢٣٤٥٦٧٨',
    '0812@evil',
    'sip:0812345678',
    '+62001234567',
    '00',
    '123456789',
    '0'.repeat(16),
    '1'.repeat(60),
    'anonymous',
  ])('%j is none', (text) => {
    expect(normalise(text)).toBeUndefined();
  });
});

describe('who may be called', () => {
  it.each(['0812345678', '110', '113', '118', '119', '129', '115', '1500045', '(0761) 23456'])('%s may', (number) => {
    expect(verdict(number)).toMatch(/^sip:[0-9]+@10\.0\.0\.5:5060$/);
  });

  it.each(['112', '62 112', '1-1-2', '1123', '0761112', '+62 761 112', '0343112'])('%s is ourselves', (number) => {
    expect(verdict(number)).toBe('ourselves');
    expect(verdict(number, { outgoingAllowed: ['0', '+', '1', '6'], outgoingRefused: [] })).toBe('ourselves');
  });

  // 010XY and 170XY lead to other carriers, 130XY to theirs, 0808 is for calling cards.
  it.each(['0101767712345', '+62 1017 677123', '17017', '13012', '0808 123456', '0112', '+62112'])(
    '%s leads elsewhere, and is not called',
    (number) => {
      expect(['refused', 'malformed']).toContain(verdict(number));
    },
  );

  it.each([
    ['0809 1 234 567', 'refused'],
    ['+62 809 1234567', 'refused'],
    ['62-809-1234567', 'refused'],
    ['0062 809 1234567', 'refused'],
    ['809 1234567', 'refused'],
    ['8091234', 'refused'],
    ['+1 202 555 0100', 'refused'],
    ['001 1 202 555 0100', 'refused'],
    ['008 65 6123 4567', 'refused'],
    ['23456', 'not-allowed'],
    ['911', 'malformed'],
    ['', 'malformed'],
  ])('%s: %s', (number, reason) => {
    expect(verdict(number)).toBe(reason);
  });

  it('a refused prefix counts before an allowed one, be that longer', () => {
    expect(verdict('08091234567', { outgoingAllowed: ['08091234567'] })).toBe('refused');
  });

  it('abroad by a prefix that says so, and never by the 0 of the country itself', () => {
    const open = { outgoingRefused: [] };
    expect(verdict('+65 6123 4567', open)).toBe('not-allowed');
    expect(verdict('0065 6123 4567', open)).toBe('not-allowed');
    expect(verdict('+65 6123 4567', { ...open, outgoingAllowed: ['+65'] })).toBe('sip:+6561234567@10.0.0.5:5060');
    expect(verdict('+65 6123 4567', { outgoingAllowed: ['+65'], outgoingRefused: ['0065'] })).toBe('refused');
  });

  it('not without a trunk, and not more than so many', () => {
    expect(verdict('118', { outgoingTrunk: null })).toBe('no-trunk');
    expect(verdict('118', {}, { atOnce: 4, lastHour: 0 })).toBe('at-once');
    expect(verdict('118', {}, { atOnce: 3, lastHour: 30 })).toBe('per-hour');
    expect(verdict('118', {}, { atOnce: 3, lastHour: 29 })).toMatch(/^sip:118@/);
    expect(verdict('118', { outgoingAtOnce: 0 })).toBe('at-once');
  });
});
