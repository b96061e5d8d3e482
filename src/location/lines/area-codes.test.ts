import { areaOf } from './area-codes.ts';

const pekanbaru = { code: '0761', name: 'Pekanbaru' };
const codes = [
  { code: '076', name: 'Riau' },
  pekanbaru,
  { code: '021', name: 'Jakarta' },
  { code: '', name: 'broken' },
];

test.each([
  ['+6276121112', pekanbaru],
  ['+62215550123', codes[2]],
  ['+6276921112', codes[0]],
  ['+6240121112', null],
  ['+6281234567890', null],
  ['+627611', pekanbaru],
  ['+12025550123', null],
  ['076121112', null],
  ['+62 761 21112', null],
  ['', null],
])('%s', (number, area) => expect(areaOf(number, codes)).toEqual(area));

test('the longest code wins, wherever it stands, and a mobile number has no area whatever the codes say', () => {
  expect(areaOf('+6276121112', [...codes].reverse())).toEqual(pekanbaru);
  expect(areaOf('+6281234567890', [{ code: '0812', name: 'nowhere' }])).toBeNull();
});
