import { longestPin, readDialled } from './codes.ts';

describe('what is dialled at a desk', () => {
  it.each([
    ['*11101', { code: 'log-in', extension: '101', pin: null }],
    ['*11101*4711', { code: 'log-in', extension: '101', pin: '4711' }],
    ['*12', { code: 'log-out' }],
    ['*13', { code: 'available' }],
    ['*14', { code: 'pause', reason: 'break' }],
    ['*141', { code: 'pause', reason: 'break' }],
    ['*142', { code: 'pause', reason: 'meal' }],
    ['*143', { code: 'pause', reason: 'training' }],
    ['*144', { code: 'pause', reason: 'other work' }],
    ['*9', { code: 'ghost' }],
    ['110', { code: 'call', number: '110' }],
    ['+628123456789', { code: 'call', number: '+628123456789' }],
    ['9'.repeat(20), { code: 'call', number: '9'.repeat(20) }],
  ])('%s is a code', (text, dialled) => {
    expect(readDialled(text)).toEqual(dialled);
  });

  it.each(['', '*', '*1', '*11', '*111', '*111234567', '*11101*', '*11101*12#', '*145', '*1422', '*99', '*80', '12'])(
    '"%s" is none',
    (text) => {
      expect(readDialled(text)).toEqual({ code: 'unknown' });
    },
  );

  it.each(['9'.repeat(21), '08 12', '0812a', '0812\n', '٠٨١٢', `*11101*${'1'.repeat(longestPin + 1)}`])(
    '"%s" is none either',
    (text) => {
      expect(readDialled(text)).toEqual({ code: 'unknown' });
    },
  );
});
