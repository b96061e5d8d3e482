import fc from 'fast-check';
import { defaultSettings } from '../settings/setting.ts';
import { mayCall, type OutgoingLimits } from './limits.ts';

const settings: OutgoingLimits = { ...defaultSettings, outgoingTrunk: { host: 'trunk', port: 5060 } };
const none = { atOnce: 0, lastHour: 0 };

const digits = (min: number, max: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: min, maxLength: max }).map((all) => all.join(''));
/** Separators anywhere between the digits, or percent-encoding of any of them. */
const written = (number: fc.Arbitrary<string>) =>
  fc
    .tuple(number, fc.infiniteStream(fc.constantFrom('', '', '', ' ', '-', '.', '(', ')', '/', '%20', '%2')))
    .map(([text, between]) => Array.from(text, (one) => one + String(between.next().value)).join(''));

/** National number without its 0 or country code, in every form. */
const forms = (subscriber: string): string[] => [
  `0${subscriber}`,
  `+62${subscriber}`,
  `62${subscriber}`,
  `0062${subscriber}`,
  `+620${subscriber}`,
  subscriber,
  `%2B62${subscriber}`,
  `+062${subscriber}`,
];

it('no premium number is ever dialled, however it is written', () => {
  fc.assert(
    fc.property(
      fc
        .tuple(digits(2, 10), fc.integer({ min: 0, max: 7 }))
        .chain(([rest, form]) => written(fc.constant(forms(`809${rest}`)[form] ?? ''))),
      (text) => {
        expect(mayCall(text, settings, none).allowed).toBe(false);
      },
    ),
  );
});

it('nothing abroad is dialled unless it is allowed, however it is written', () => {
  const prefix = fc.constantFrom('+1', '+65', '00', '001', '007', '008', '0065', '00165', '+44', '+');
  fc.assert(
    fc.property(
      fc.tuple(prefix, digits(5, 12)).chain(([start, rest]) => written(fc.constant(start + rest))),
      (text) => {
        const verdict = mayCall(text, settings, none);
        // With the country's own code behind, it is none abroad.
        if (verdict.allowed) expect(verdict.number).toMatch(/^0[1-9]/);
      },
    ),
  );
});

it('whatever is typed, what is dialled begins with nothing that is refused, and holds nothing but digits', () => {
  const text = fc.oneof(fc.string(), written(digits(1, 16)), written(digits(1, 16).map((one) => `+${one}`)));
  const prefixes = fc.array(
    fc.tuple(fc.constantFrom('', '+', '0', '62', '+62', '00'), digits(1, 5)).map((parts) => parts.join('')),
    { maxLength: 4 },
  );
  fc.assert(
    fc.property(text, prefixes, prefixes, (number, refused, allowed) => {
      const limits = { ...settings, outgoingRefused: refused, outgoingAllowed: [...allowed, '0', '1', '+'] };
      const verdict = mayCall(number, limits, none);
      if (!verdict.allowed) return;
      expect(verdict.uri).toMatch(/^sip:\+?[0-9]{3,17}@trunk:5060$/);
      const national = verdict.number.replace(/^0/, '');
      const ways = [verdict.number, `+62${national}`, `62${national}`].slice(0, /^0[1-9]/.test(verdict.number) ? 3 : 1);
      for (const way of ways) expect(refused.filter((prefix) => way.startsWith(prefix))).toEqual([]);
      expect(verdict.number).not.toMatch(/^0?112/);
    }),
    { numRuns: 2_000 },
  );
});
