import fc from 'fast-check';
import { conditionArbitrary, factsArbitrary } from '../../test/support/rule-arbitrary.ts';
import { comparable, covers } from './covers.ts';
import { incidentKinds } from './kind.ts';
import { match } from './match.ts';
import { overlaps } from './overlap.ts';
import { ruleSetContent } from './rule.ts';

const square = (west: number) => ({
  type: 'Polygon',
  coordinates: [
    [
      [west, 0],
      [west + 1, 0],
      [west + 1, 1],
      [west, 0],
    ],
  ],
});
const day = (n: number): string => new Date(Date.UTC(2026, 0, 1 + n)).toISOString().slice(0, 10);
const clock = (n: number): string => new Date(n * 60_000).toISOString().slice(11, 16);

describe('overlaps', () => {
  const severe = ['low', 'moderate', 'high', 'critical'];
  const thousands: [string, (n: number) => object][] = [
    ['each for hours of its own', (n) => ({ hours: { from: clock(n), to: clock(n + 1 + (n % 700)) } })],
    ['each for an area of its own', (n) => ({ areas: [square(n / 100)] })],
    ['each for dates of its own', (n) => ({ dates: [{ from: day(n), to: day(n + 30) }] })],
    ['each for a district and a severity', (n) => ({ districts: [`d${n % 200}`], severities: [severe[n % 4]] })],
    ['all for one kind', (n) => ({ kinds: ['fire'], dates: [{ from: day(n), to: day(n + 30) }] })],
    ['all the same', () => ({})],
  ];
  test.each(thousands)('ten thousand rules, %s, are checked in less than two seconds', (_name, when) => {
    const rules = Array.from({ length: 10_000 }, (_, n) => ({
      id: `r${n}`,
      name: 'r',
      when: { kinds: [incidentKinds[n % incidentKinds.length]], ...when(n) },
      then: [{ agencyId: `a${n % 5}` }, { agencyId: `a${(n + 1) % 5}` }],
    }));
    const parsed = ruleSetContent.parse({ rules }).rules;
    // The processor's time: the machine may have other things to do.
    const began = process.cpuUsage();
    const takenBy = overlaps(parsed);
    const taken = parsed.map((_, index) => takenBy(index).size);
    expect(process.cpuUsage(began).user / 1_000).toBeLessThan(2_000);
    expect(taken[0]).toBe(0);
    expect(Math.max(...taken)).toBeLessThanOrEqual(2);
  });

  test('whatever covers another condition matches whenever that one does', () => {
    let covered = 0;
    fc.assert(
      fc.property(conditionArbitrary, conditionArbitrary, factsArbitrary, (wide, narrow, asked) => {
        const [one, other] = [comparable(wide), comparable(narrow)];
        if (!covers(one, other)) return;
        covered += 1;
        for (const [word, bits] of other.signature.entries()) expect(bits & ~(one.signature[word] ?? 0)).toBe(0);
        if (match(narrow, asked).matched) expect(match(wide, asked).matched).toBe(true);
      }),
      { numRuns: 5_000 },
    );
    expect(covered).toBeGreaterThan(500);
  });
});
