import { peopleInLine } from './desk.ts';

it('the waiting line is told of people and desks all that it decides by, and none of their secrets', () => {
  const person = { id: 'o1', name: 'Ani', extension: '101', skills: ['medis'], languages: ['id', 'min'] };
  const desk = { id: 'd1', name: 'Meja', account: 'op-a' };
  expect(
    peopleInLine({
      operators: [{ ...person, tier: 'standby', pinDigest: 'secret' }],
      desks: [{ ...desk, passwordDigest: 'secret', transport: 'tls', media: 'srtp', owner: 'o1' }],
    }),
  ).toEqual({ operators: [{ ...person, tier: 'standby' }], desks: [desk] });
});
