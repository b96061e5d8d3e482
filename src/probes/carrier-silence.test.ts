import { isSilent, type CarrierSilence } from './carrier-silence.ts';

const rule: CarrierSilence = { day: 60, night: 360, nightFrom: '22:00', nightTo: '06:00' };
const timeZone = 'Asia/Jakarta';
const local = (time: string, day = 2): number => Date.parse(`2026-03-0${day}T${time}:00+07:00`);

it.each<[string, number, number, Partial<CarrierSilence>, boolean]>([
  ['by day, within its limit', local('10:00'), local('10:59'), {}, false],
  ['by day, for as long as its limit', local('10:00'), local('11:00'), {}, true],
  ['at night, for longer than by day', local('21:30'), local('23:30'), {}, false],
  ['at night, for as long as a night may be', local('22:30', 1), local('04:30'), {}, true],
  ['in the first hour of the day, since before midnight', local('23:50', 1), local('05:49'), {}, false],
  ['in the first hour of the day, since the night', local('03:00'), local('06:59'), {}, false],
  ['an hour after the day began, since the night', local('03:00'), local('07:00'), {}, true],
  ['never told by day where that is off', local('08:00'), local('13:59'), { day: 0 }, false],
  ['never told at night where that is off', local('22:00', 1), local('05:59'), { night: 0 }, false],
  ['after midnight, where the night begins then', local('23:30', 1), local('00:45'), { nightFrom: '01:00' }, true],
  ['where there is no night', local('02:00'), local('03:00'), { nightFrom: '06:00' }, true],
])('a carrier that is quiet %s', (_what, last, at, over, expected) => {
  expect(isSilent({ ...rule, ...over }, { at, last, timeZone })).toBe(expected);
});
