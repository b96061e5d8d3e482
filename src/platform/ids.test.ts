import { validate, version } from 'uuid';
import fc from 'fast-check';
import { derivedId, newId, timeOf } from './ids.ts';

describe('ids', () => {
  const time = fc.integer({ min: 1, max: 2 ** 47 });

  test('a derived id depends on its arguments and nothing else', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), time, (kind, node, uniqueid, at) => {
        const id = derivedId(kind, node, uniqueid, at);
        expect(derivedId(kind, node, uniqueid, at)).toBe(id);
        expect(validate(id) && version(id) === 7).toBe(true);
      }),
    );
  });

  test('every argument changes it', () => {
    const ids = [
      derivedId('call', 'a', '1.1', 1000),
      derivedId('incident', 'a', '1.1', 1000),
      derivedId('call', 'b', '1.1', 1000),
      derivedId('call', 'a', '1.2', 1000),
      derivedId('call', 'a', '1.1', 1001),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('ids of different milliseconds sort by time', () => {
    fc.assert(
      fc.property(time, time, fc.string(), fc.string(), (a, b, x, y) => {
        fc.pre(a < b);
        expect(derivedId('call', 'n', x, a) < derivedId('call', 'n', y, b)).toBe(true);
        expect(newId(a) < newId(b)).toBe(true);
      }),
    );
  });

  test('a new id is valid and carries the time given', () => {
    const at = Date.UTC(2026, 4, 17);
    const id = newId(at);
    expect(validate(id) && version(id) === 7).toBe(true);
    expect(timeOf(id)).toBe(at);
    expect(newId(at)).not.toBe(id);
  });
});
