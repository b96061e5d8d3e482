import { outsideTarget, targetFinder } from './target.ts';

const asked: string[] = [];
const find = targetFinder({
  operators: () => [{ operator: { id: 'budi', extension: '102' } }],
  outside(number, by) {
    asked.push(`${number} ${by}`);
    if (number === '191') return { refused: 'not-allowed' };
    return number === '0809'
      ? outsideTarget({ allowed: false, reason: 'refused' }, number, 60_000)
      : outsideTarget({ allowed: true, number: '0761', uri: 'sip:0761@trunk', shownNumber: '112' }, number, 60_000);
  },
});

it('an extension is a colleague’s, and counts as no call to the outside', () => {
  expect(find('102', 'op1')).toEqual({ target: { operatorId: 'budi' } });
  expect(asked).toEqual([]);
});

it('any other number is outside, within the limits of calls there', () => {
  const target = {
    number: '0761',
    typed: '+62761',
    uri: 'sip:0761@trunk',
    callerNumber: '112',
    limitMilliseconds: 60_000,
  };
  expect(find('+62761', 'op1')).toEqual({ target });
  expect(find('0809', 'op1')).toEqual({ refused: 'refused' });
  expect(asked).toEqual(['+62761 op1', '0809 op1']);
});

it('a mistyped extension is said to be one, and asks nobody outside; a short number outside is still called', () => {
  asked.length = 0;
  expect(find('999', 'op1')).toEqual({ refused: 'unknown-extension' });
  expect(asked).toEqual([]);
  expect(find('113', 'op1')).toMatchObject({ target: { typed: '113' } });
  expect(find('191', 'op1')).toEqual({ refused: 'unknown-extension' });
});
