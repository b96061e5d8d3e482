import fc from 'fast-check';
import { plainCopy } from './plain-copy.ts';

/** Every object and array in it. */
function objectsIn(value: unknown): object[] {
  return typeof value === 'object' && value !== null ? [value, ...Object.values(value).flatMap(objectsIn)] : [];
}

it('has the same in it, and shares nothing', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const copy: unknown = plainCopy(value);
      expect(copy).toStrictEqual(value);
      const before = new Set(objectsIn(value));
      expect(objectsIn(copy).filter((one) => before.has(one))).toEqual([]);
    }),
  );
});

it('keeps what is undefined, and a property of any name', () => {
  expect(plainCopy({ a: undefined })).toStrictEqual({ a: undefined });
  const named: unknown = JSON.parse('{"__proto__":{"a":[1]},"b":2}');
  expect(JSON.stringify(plainCopy(named))).toBe('{"__proto__":{"a":[1]},"b":2}');
});
