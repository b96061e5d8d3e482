import { arrival, circle, halfCharacter, inside, north, someFix, words } from '../../test/support/fixes.ts';
import { addressLine, bestFix, uncertaintyAt95, type BestFix } from './best-fix.ts';
import type { Fix } from './fix.ts';

const best = (fixes: readonly Fix[], secondsLater = 0): BestFix => {
  const found = bestFix(fixes, arrival + secondsLater * 1_000);
  if (found === null) throw new Error('none was chosen');
  return found;
};
const point = { type: 'point', position: north(0), altitude: null } as const;

test('of no fix there is no best', () => {
  expect(bestFix([], arrival)).toBeNull();
});

test('a single fix is the best, with all that is known of it', () => {
  const fix = someFix({ place: inside('Sail', false), shape: circle(20), confidence: 68, at: arrival - 10_000 });
  expect(best([fix])).toEqual({
    fixId: fix.id,
    source: 'aml-https',
    method: 'GPS',
    position: north(0),
    radius: 32,
    address: null,
    district: 'Sail',
    districtCertain: false,
    outside: false,
    neighbour: null,
    at: arrival - 10_000,
    madeUp: false,
    reason: 'the phone (AML by HTTPS), GPS: within 32 m at 95%, 10 s old; the only position',
  });
});

describe('a point that an operator set', () => {
  const gps = someFix({ shape: circle(3) });
  const point = someFix({ source: 'operator', method: 'Manual', shape: circle(500, 100) });

  it('comes before everything else, whenever it came', () => {
    expect(best([gps, point])).toMatchObject({ fixId: point.id, radius: 500 });
    expect(best([point, gps])).toMatchObject({ fixId: point.id });
    expect(best([point, gps], 7_200).reason).toContain('a point set by an operator comes before all others');
  });

  it('gives way to a later one, also to a coarser one', () => {
    const later = someFix({ source: 'operator', shape: circle(5_000), receivedAt: arrival + 1 });
    expect(best([point, gps, later])).toMatchObject({ fixId: later.id });
  });

  it('stands before what operators only said in words', () => {
    const spoken = words('Jl. Sudirman 1', { receivedAt: arrival + 5 });
    expect(best([point, spoken])).toMatchObject({ fixId: point.id, address: 'Jl. Sudirman 1' });
  });
});

describe('among all others', () => {
  it('the smallest uncertainty wins, at 95 % whatever confidence was said', () => {
    const sure = someFix({ shape: circle(30), confidence: 95 });
    const unsure = someFix({ shape: circle(20), confidence: 50 });
    expect(best([sure, unsure]).fixId).toBe(sure.id);
    expect(best([unsure, sure]).fixId).toBe(sure.id);
    expect(best([sure, someFix({ shape: circle(20), confidence: 95 })]).radius).toBe(20);
    expect(best([sure, unsure]).reason).toContain('the smallest uncertainty of 2, its age counted');
  });

  it('a position grows uncertain by 3 m a second', () => {
    const old = someFix({ shape: circle(10), at: arrival - 100_000 });
    expect(best([old, someFix({ shape: circle(309) })]).radius).toBe(309);
    expect(best([old, someFix({ shape: circle(311) })]).radius).toBe(10);
  });

  it('GPS of an hour ago gives way to the cell of now, GPS of a minute ago does not', () => {
    const cell = someFix({ source: 'cell', method: 'Cell', shape: circle(900), confidence: null });
    const hour = someFix({ shape: circle(5), at: arrival - 3_600_000 });
    const minute = someFix({ shape: circle(5), at: arrival - 60_000 });
    expect(best([hour, cell]).fixId).toBe(cell.id);
    expect(best([minute, cell]).fixId).toBe(minute.id);
  });

  it('without a time of its own it is as old as its coming', () => {
    const early = someFix({ shape: circle(10), at: null });
    const late = someFix({ shape: circle(100), at: null, receivedAt: arrival + 60_000 });
    expect(best([early, late], 60).fixId).toBe(late.id);
    expect(best([early, { ...late, shape: circle(200) }], 60).fixId).toBe(early.id);
  });

  it('a clock that is ahead makes nothing newer than its coming', () => {
    const ahead = someFix({ shape: circle(100), at: arrival + 3_600_000 });
    expect(best([ahead], 10)).toMatchObject({ at: arrival });
    expect(best([ahead], 10).reason).toContain('10 s old');
    expect(best([ahead, someFix({ shape: circle(99) })], 10).radius).toBe(99);
    expect(best([someFix({ receivedAt: arrival + 5_000 })]).reason).toContain('0 s old');
  });

  it('the address of a fixed line does not age', () => {
    const line = someFix({ source: 'subscriber', method: 'Manual', shape: circle(50), at: arrival - 900 * 86_400_000 });
    const cell = someFix({ source: 'cell', shape: circle(400) });
    expect(best([cell, line], 600).fixId).toBe(line.id);
  });

  it('the first of two equals stays', () => {
    const [one, other] = [someFix({ shape: circle(20) }), someFix({ shape: circle(20, 5) })];
    expect(best([one, other]).fixId).toBe(one.id);
    expect(best([other, one]).fixId).toBe(other.id);
  });
});

describe('a position without an uncertainty', () => {
  it.each([
    ['a point', point],
    ['a circle of 0 m', circle(0)],
    ['a sphere of 0 m', { type: 'sphere', centre: north(0), altitude: 3, radius: 0 }],
  ] as const)('is as good as its source commonly is: %s', (_what, shape) => {
    expect(best([someFix({ shape })]).radius).toBe(200);
    expect(best([someFix({ shape, source: 'subscriber' })]).radius).toBe(50);
    expect(best([someFix({ shape, source: 'pidf-lo', method: 'Cell' })]).radius).toBe(5_000);
    const gps = someFix({ shape: circle(30) });
    expect(best([someFix({ shape }), gps]).fixId).toBe(gps.id);
  });

  it('is no better for a confidence', () => {
    expect(uncertaintyAt95('cell', point, { method: 'Cell', confidence: 99 })).toBe(5_000);
  });

  it.each([0, 1e-12, 1e-300])('does not pass for exact with a confidence of %s', (confidence) => {
    const gps = someFix({ shape: circle(500) });
    const nothing = someFix({ shape: circle(10), confidence });
    expect(best([nothing, gps]).fixId).toBe(gps.id);
    expect(best([gps, nothing]).fixId).toBe(gps.id);
    expect(Number.isFinite(best([nothing]).radius)).toBe(true);
  });
});

describe('without any position', () => {
  const area = someFix({ source: 'area-code', shape: null, civic: { text: 'Pekanbaru (area code 0761)' } });
  const subscriber = someFix({
    source: 'subscriber',
    shape: null,
    civic: { text: 'Jl. Melati 5' },
    place: inside('Sail'),
  });
  const network = someFix({ source: 'pidf-lo', shape: null, civic: { RD: 'Jl. Mawar', HNO: '3', country: 'ID' } });

  it("an operator's words come first, then the subscriber's address, the network's, the area code's", () => {
    const spoken = words('Jl. Sudirman 1');
    expect(best([area, network, subscriber, spoken])).toMatchObject({ fixId: spoken.id, position: null, radius: null });
    expect(best([area, network, subscriber])).toMatchObject({ fixId: subscriber.id, address: 'Jl. Melati 5' });
    expect(best([area, network])).toMatchObject({ fixId: network.id, address: 'Jl. Mawar, 3, ID', district: null });
    expect(best([area])).toMatchObject({ fixId: area.id, address: 'Pekanbaru (area code 0761)' });
    expect(best([area]).reason).toBe("the line's area code, in words; there is no position");
  });

  it('the latest words of operators count', () => {
    const [first, second] = [words('Jl. Lama 1'), words('Jl. Baru 2', { receivedAt: arrival + 9 })];
    expect(best([first, second])).toMatchObject({ fixId: second.id, address: 'Jl. Baru 2' });
    // Also those of the same millisecond.
    expect(best([first, { ...second, receivedAt: arrival }])).toMatchObject({ fixId: second.id });
  });

  it('any position comes before all words', () => {
    const cell = someFix({ source: 'cell', shape: circle(20_000) });
    expect(best([words('Jl. Sudirman 1'), cell])).toMatchObject({ fixId: cell.id, address: 'Jl. Sudirman 1' });
  });

  it('a district that was named does not hide a whole address', () => {
    const named = words('Sail', { place: inside('Sail') });
    expect(best([subscriber, named])).toMatchObject({ fixId: named.id, address: 'Jl. Melati 5', district: 'Sail' });
    expect(best([named])).toMatchObject({ address: 'Sail', district: 'Sail', districtCertain: true });
  });
});

describe('the address', () => {
  const cell = someFix({ source: 'cell', shape: circle(900) });
  const area = someFix({ source: 'area-code', shape: null, civic: { text: 'Pekanbaru (area code 0761)' } });
  const subscriber = someFix({ source: 'subscriber', shape: null, civic: { text: 'Jl. Melati 5' } });

  it("of a position without one is the subscriber's before the area code's, whichever came first", () => {
    expect(best([area, subscriber, cell]).address).toBe('Jl. Melati 5');
    expect(best([subscriber, area, cell]).address).toBe('Jl. Melati 5');
    expect(best([area, cell]).address).toBe('Pekanbaru (area code 0761)');
    expect(best([cell]).address).toBeNull();
  });

  it('is what an operator took down last', () => {
    const own = someFix({ source: 'pidf-lo', shape: circle(10), civic: { RD: 'Jl. Mawar' } });
    expect(best([own, subscriber]).address).toBe('Jl. Mawar');
    expect(best([own, words('Jl. Lama 1'), words('Jl. Baru 2')])).toMatchObject({
      fixId: own.id,
      address: 'Jl. Baru 2',
    });
  });
});

describe('the district', () => {
  const located = someFix({ place: inside('Kulim') });

  it('that an operator named comes before the one in which the position lies, and the reason says so', () => {
    const named = words('Sail', { place: inside('Sail') });
    for (const fixes of [
      [located, named],
      [named, located],
    ]) {
      expect(best(fixes)).toMatchObject({ fixId: located.id, district: 'Sail', districtCertain: true });
      expect(best(fixes).reason).toMatch(/; an operator says Sail, and this lies in Kulim$/);
    }
    expect(best([located, words('Kulim', { place: inside('Kulim') })]).reason).not.toContain('an operator says');
  });

  it('is that of the latest word', () => {
    const [first, last] = [words('Sail', { place: inside('Sail') }), words('Lima', { place: inside('Lima') })];
    expect(best([first, last]).district).toBe('Lima');
    expect(best([first, words('Jl. Tanpa Kecamatan')]).district).toBe('Sail');
  });

  it('of a point that an operator set after he named one is that of the point', () => {
    const named = words('Sail', { place: inside('Sail') });
    const point = someFix({ source: 'operator', shape: circle(50), place: inside('Kulim') });
    expect(best([named, point])).toMatchObject({ fixId: point.id, district: 'Kulim' });
    expect(best([point, named])).toMatchObject({ fixId: point.id, district: 'Sail' });
  });

  it('is that of any other fix where the best has none', () => {
    const line = someFix({ source: 'subscriber', shape: null, civic: { text: 'x' }, place: inside('Sail') });
    expect(best([someFix({ place: null }), line])).toMatchObject({ district: 'Sail' });
  });

  it('is none outside the city, where the neighbour is told', () => {
    const place = { district: null, certain: true, outside: true, neighbour: 'Kampar', madeUp: true };
    expect(best([someFix({ place })])).toMatchObject({
      district: null,
      outside: true,
      neighbour: 'Kampar',
      madeUp: true,
    });
  });
});

describe('what contradicts the choice', () => {
  const gps = someFix({ shape: circle(20) });

  it('is told with its distance', () => {
    const far = someFix({ source: 'cell', shape: circle(1_000, 12_000) });
    expect(best([gps, far]).reason).toMatch(/; the tower of the cell says otherwise, 12\.0 km away$/);
    const point = someFix({ source: 'operator', shape: circle(50, 500) });
    expect(best([gps, point]).reason).toMatch(/; the phone \(AML by HTTPS\) says otherwise, 500 m away$/);
  });

  it('is nothing within the uncertainty of both, generously taken', () => {
    const near = someFix({ source: 'cell', shape: circle(1_000, 2_000) });
    expect(best([gps, near]).reason).not.toContain('otherwise');
    // Whoever moves is elsewhere later.
    const old = someFix({ shape: circle(20, 2_000), at: arrival - 600_000 });
    expect(best([gps, old]).reason).not.toContain('otherwise');
  });

  it('is told of three at most', () => {
    const others = [1, 2, 3, 4, 5].map((n) => someFix({ shape: circle(30, n * 10_000) }));
    expect(best([gps, ...others]).reason.match(/otherwise/g)).toHaveLength(3);
  });
});

test('what rests on made-up data says so', () => {
  const real = someFix();
  expect(best([someFix({ madeUp: true })]).madeUp).toBe(true);
  expect(best([someFix({ place: { ...inside('Sail'), madeUp: true } })]).madeUp).toBe(true);
  expect(best([real, someFix({ madeUp: true, source: 'cell', shape: circle(900) })]).madeUp).toBe(false);
});

describe('an address on one line', () => {
  test.each([
    [{ text: 'depan pasar' }, 'depan pasar'],
    [{ country: 'ID', A1: 'Riau', A3: 'Pekanbaru', RD: 'Jl. Melati', HNO: '5' }, 'Jl. Melati, 5, Pekanbaru, Riau, ID'],
    [{ STS: 'Raya', RD: 'Sudirman' }, 'Sudirman, STS Raya'],
  ])('%j is %s', (civic, line) => {
    expect(addressLine(civic)).toBe(line);
  });

  it('is cut between characters, never within one', () => {
    const line = addressLine({ RD: 'x'.repeat(499), NAM: '😀'.repeat(250), LOC: '😀'.repeat(300) });
    expect(line).toBe(`${'😀'.repeat(250)}, ${'😀'.repeat(248)}`);
    expect(line).not.toMatch(halfCharacter);
    expect(addressLine({ NAM: `x${'😀'.repeat(600)}` })).not.toMatch(halfCharacter);
  });
});
