import fc from 'fast-check';
import { e164 } from '../../calls/identity.ts';
import { openSubscribers, subscriberHeader } from './subscriber-row.ts';
import { valuesOf } from '../import/import-lines.ts';

const judge = (line: string, header = subscriberHeader) => {
  const opening = openSubscribers(header.split(','));
  if ('refused' in opening) throw new Error(opening.refused);
  return opening.judge(valuesOf(line) ?? []);
};

test.each([
  ['0761-21112', '+6276121112'],
  ['(0761) 21112', '+6276121112'],
  ['+62 761 21112', '+6276121112'],
  ['6276121112', '+6276121112'],
  ['62-761-21112', '+6276121112'],
  ['76121112', '+6276121112'],
  ['0761 21112 ext. 5', '+6276121112'],
  ['0622 21112', '+6262221112'],
  ['62221112', '+6262221112'],
  ['021 5550123', '+62215550123'],
  ['112', null],
  ['0761', null],
  ['', null],
  ['0761-21112 / 21113', null],
  ['call 0761-21112', null],
  ['0'.repeat(5_000), null],
])('%s is %s', (text, number) => expect(e164(text)).toBe(number));

test('a number in E.164 stays what it is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 200_000, max: 9_999_999 }), (line) => {
      const number = e164(`0761${line}`);
      expect(number).toBe(`+62761${line}`);
      expect(e164(number ?? '')).toBe(number);
    }),
  );
});

test('a row with and without a position', () => {
  expect(judge('0761-21112,Ibu Made Up,"Jl. Contoh, 1",Sail,0.5,101.4')).toEqual({
    kind: 'row',
    values: ['+6276121112', 'Ibu Made Up', 'Jl. Contoh, 1', 'Sail', 0.5, 101.4, 't'],
  });
  expect(judge('0761-21112,Ibu Made Up,Jl. Contoh 1,Sail,,')).toMatchObject({
    kind: 'row',
    values: ['+6276121112', 'Ibu Made Up', 'Jl. Contoh 1', 'Sail', null, null, 't'],
  });
});

test('the columns may stand in any order, and those of the position may lack', () => {
  expect(judge('Sail,x,Jl. 1,N,0761-21112', 'District,other,address,name,number')).toMatchObject({
    values: ['+6276121112', 'N', 'Jl. 1', 'Sail', null, null, 't'],
  });
});

test('a file without its header, or with columns twice, is refused without repeating it', () => {
  for (const header of ['0761-21112,Ibu Made Up,Jl. 1,Sail,,', 'number;name;address;district', '']) {
    const opening = openSubscribers(header.split(','));
    expect(opening).toHaveProperty('refused');
    expect(JSON.stringify(opening)).not.toMatch(/Made Up|21112/);
  }
  expect(openSubscribers([...subscriberHeader.split(','), 'name'])).toHaveProperty('refused');
});

test('what cannot be used is rejected, without repeating what it says', () => {
  const person = 'Ibu Made Up';
  for (const line of [
    `nobody,${person},Jl. 1,Sail,,`,
    `0761-21112,${person},,Sail,,`,
    `0761-21112,${person},Jl. 1,Sail,0,0`,
    `0761-21112,${person},Jl. 1,Sail,0.5,`,
    `0761-21112,${person},Jl. 1,Sail,north,101`,
    `0761-21112,${person},${'Jl'.repeat(300)},Sail,,`,
    `0761-21112,${person},Jl. 1`,
  ]) {
    const verdict = judge(line);
    expect(verdict.kind).toBe('rejected');
    expect(verdict.kind === 'rejected' ? verdict.reason : '').not.toMatch(/Made Up|21112|Jl|nobody/);
  }
});

test('a row that is rejected still says that its number is in the file', () => {
  expect(judge('0761-21112,N,Jl. 1,Sail,91,0')).toMatchObject({ values: ['+6276121112', '', '', '', null, null, 'f'] });
});

test('a row with a position needs no address', () => {
  expect(judge('0761-21112,N,,Sail,0.5,101.4')).toMatchObject({ kind: 'row' });
});

test('what PostgreSQL or a terminal would stumble over becomes a space', () => {
  expect(judge('0761-21112,A\u0000B\tC\u001bD,Jl.\u2028 1,Sail,,')).toMatchObject({
    values: ['+6276121112', 'A B C D', 'Jl. 1', 'Sail', null, null, 't'],
  });
});
