import { startOfDay, zonedTime } from './zoned-time.ts';

describe('clocks', () => {
  it.each([
    ['Asia/Jakarta', '2026-03-04T16:59:59.999Z', '2026-03-04', 'wed', 23, 59, 59],
    ['Asia/Jakarta', '2026-03-04T17:00:00.000Z', '2026-03-05', 'thu', 0, 0, 0],
    ['Asia/Makassar', '2026-03-04T15:59:59.000Z', '2026-03-04', 'wed', 23, 59, 59],
    ['Asia/Makassar', '2026-03-04T16:00:01.000Z', '2026-03-05', 'thu', 0, 0, 1],
    ['Asia/Jayapura', '2026-12-31T14:59:59.000Z', '2026-12-31', 'thu', 23, 59, 59],
    ['Asia/Jayapura', '2026-12-31T15:00:00.000Z', '2027-01-01', 'fri', 0, 0, 0],
    ['Europe/Berlin', '2026-03-29T00:59:59.000Z', '2026-03-29', 'sun', 1, 59, 59],
    ['Europe/Berlin', '2026-03-29T01:00:00.000Z', '2026-03-29', 'sun', 3, 0, 0],
    ['Europe/Berlin', '2026-10-25T00:59:00.000Z', '2026-10-25', 'sun', 2, 59, 0],
    ['Europe/Berlin', '2026-10-25T01:00:00.000Z', '2026-10-25', 'sun', 2, 0, 0],
  ])('in %s at %s', (zone, at, date, weekday, hour, minute, second) => {
    expect(zonedTime(Date.parse(at), zone)).toEqual({ date, weekday, hour, minute, second });
  });

  it('are not made up where nobody knows the zone', () => {
    expect(() => zonedTime(0, 'Asia/Nowhere')).toThrow(RangeError);
  });
});

describe('the day', () => {
  it.each([
    ['Asia/Jakarta', '2026-03-04T16:59:59.999Z', '2026-03-03T17:00:00.000Z'],
    ['Asia/Jakarta', '2026-03-04T17:00:00.000Z', '2026-03-04T17:00:00.000Z'],
    ['Asia/Makassar', '2026-03-04T16:00:00.001Z', '2026-03-04T16:00:00.000Z'],
    ['Asia/Jayapura', '2026-03-04T14:59:59.999Z', '2026-03-03T15:00:00.000Z'],
    ['UTC', '2026-12-31T23:59:59.500Z', '2026-12-31T00:00:00.000Z'],
    ['UTC', '1969-12-31T23:59:59.500Z', '1969-12-31T00:00:00.000Z'],
    ['Europe/Berlin', '2026-03-29T10:00:00.000Z', '2026-03-28T23:00:00.000Z'],
    ['Europe/Berlin', '2026-10-25T10:00:00.000Z', '2026-10-24T22:00:00.000Z'],
    ['Europe/Berlin', '2026-10-25T22:30:00.000Z', '2026-10-24T22:00:00.000Z'],
    ['Europe/Berlin', '2026-03-29T21:59:59.999Z', '2026-03-28T23:00:00.000Z'],
  ])('in %s of %s', (zone, at, start) => {
    expect(new Date(startOfDay(Date.parse(at), zone)).toISOString()).toBe(start);
  });
});
