import fc from 'fast-check';
import { readTyped, typedLimit } from './key-codes.ts';

const keys = fc.array(fc.constantFrom(...Array.from('0123456789*#')), { maxLength: 60 });

describe('whatever is typed', () => {
  it('is never more than the limit, and two stars always begin anew', () => {
    fc.assert(
      fc.property(keys, (typed) => {
        let kept = '';
        for (const key of typed) {
          kept += key;
          if (readTyped(kept).type !== 'incomplete') kept = '';
          expect(kept.length).toBeLessThanOrEqual(typedLimit);
        }
        const forgotten = readTyped(`${kept}**`.replace(/\*{3,}$/, '**')).type;
        expect(['forgotten', 'unknown']).toContain(kept === '' ? 'forgotten' : forgotten);
      }),
    );
  });

  it('is a number as it was typed', () => {
    const number = fc.stringMatching(/^[0-9]{1,20}$/);
    fc.assert(
      fc.property(fc.constantFrom('3', '4', '5'), number, (code, digits) => {
        for (let length = 0; length < digits.length; length += 1) {
          expect(readTyped(`*${code}${digits.slice(0, length)}`).type).toBe('incomplete');
        }
        expect(readTyped(`*${code}${digits}#`)).toMatchObject({ type: 'command', command: { number: digits } });
      }),
    );
  });
});
