import { arrival, circle, inside, someFix, words } from '../../test/support/fixes.ts';
import type { Fix } from './fix.ts';
import { nowhere, receive } from './location.ts';
import { sentLocation } from './sent-location.ts';

const sent = (...fixes: Fix[]) => sentLocation(receive(nowhere, { fixes, unusable: [] }, arrival).location);

test('without a fix there is nothing to send', () => {
  expect(sent()).toBeNull();
});

test('the best fix goes as its shape, whatever is known in words', () => {
  const [gps, cell] = [someFix({ shape: circle(20) }), someFix({ source: 'cell', shape: circle(900) })];
  expect(sent(cell, words('Jl. Sudirman 1'), gps)).toEqual({
    format: 'GML',
    locationInfo: 'shape=Circle,crs=2d,pos="0.5 101.45",radius=20',
  });
});

describe('in words', () => {
  test('a sentence goes as what no other element can say', () => {
    expect(sent(words('depan pasar Senapelan'))).toEqual({
      format: 'civicAddress',
      locationInfo: 'country="ID",LOC="depan pasar Senapelan"',
    });
  });

  test('elements go as they came, and nothing is said twice', () => {
    const civic = { country: 'ID', RD: 'Jl. Melati', HNO: '5', LOC: 'pintu belakang' };
    expect(sent(someFix({ source: 'pidf-lo', shape: null, civic }))).toEqual({
      format: 'civicAddress',
      locationInfo: 'country="ID",RD="Jl. Melati",HNO="5",LOC="pintu belakang"',
    });
  });

  test('the whole address goes, not the bare name of a district', () => {
    const line = someFix({ source: 'subscriber', shape: null, civic: { text: 'Jl. Melati 5' }, place: inside('Sail') });
    expect(sent(line, words('Sail', { place: inside('Sail') }))?.locationInfo).toBe('country="ID",LOC="Jl. Melati 5"');
  });

  test('nothing in them ends its value, names another one, or is a variable of the dialplan', () => {
    const text = 'x",RD="y" ${SHELL(id)} $[1+1] a\\"b\r\nX-Evil: 1';
    expect(sent(words(text))?.locationInfo).toBe(`country="ID",LOC="x',RD='y' {SHELL(id)} [1+1] a/'b X-Evil: 1"`);
  });
});
