import fc from 'fast-check';
import { storableJson, storableText } from './postgres-text.ts';

const back = (value: unknown): unknown => JSON.parse(storableJson(value));

test('NUL goes, half a character is marked, and what only looks like them stays', () => {
  expect(back('a\0b')).toBe('ab');
  expect(back('\ud83d!')).toBe('\ufffd!');
  expect(back(['\\u0000', '\\\\u0000', 'C:\\ud800', '\\\0'])).toEqual(['\\u0000', '\\\\u0000', 'C:\\ud800', '\\']);
  expect(back({ 'k\0': '😀' })).toEqual({ k: '😀' });
  expect(back(null)).toBeNull();
  expect(storableText('a\0\\u0000')).toBe('a\\u0000');
  expect(storableText(null)).toBeNull();
});

test('everything comes back well formed and without NUL, and otherwise as it was', () => {
  const units = ['\\', 'u', '0', '00', '000', 'd', '8', '"', '\0', '\ud800', '\udc00', 'x'];
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...units) }), (text) => {
      // By UTF-8 and back, half a character becomes U+FFFD.
      expect(back(text)).toBe(Buffer.from(text).toString().replaceAll('\0', ''));
    }),
  );
});
