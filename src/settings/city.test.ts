import { directoryOf } from '../agencies/agency.ts';
import { evaluate } from '../routing/evaluate.ts';
import { incidentKinds, kindIds, type Facts } from '../routing/rule.ts';
import { validate } from '../routing/validate.ts';
import { citySettings, type CityProfile } from './city.ts';
import { cityFile, loadCity } from './load-city.ts';
import { defaultSettings, withPatch } from './setting.ts';

const everywhere: Record<(typeof kindIds)[number], string[]> = {
  fire: ['damkar'],
  medical: ['psc'],
  'traffic-accident': ['polisi', 'psc'],
  flood: ['bpbd'],
  'natural-disaster': ['bpbd', 'basarnas'],
  'fallen-tree': ['bpbd'],
  'domestic-violence': ['polisi', 'dinsos'],
  'child-violence': ['polisi', 'dinsos'],
  crime: ['polisi'],
  brawl: ['polisi', 'satpol-pp'],
  'missing-person': ['polisi', 'basarnas'],
  'animal-rescue': ['damkar'],
  'power-line': ['pln'],
  'public-works': ['pupr'],
  sanitation: ['perkim'],
  information: [],
  silent: [],
  ghost: [],
  prank: [],
  abandoned: [],
  'wrong-number': [],
  test: [],
};
const expected: Record<string, Partial<typeof everywhere>> = {
  pekanbaru: { 'fallen-tree': ['bpbd', 'damkar'], brawl: ['polisi', 'satpol-pp', 'kodim'] },
  pasuruan: {},
  // The city said so itself: fire, police, army, PLN and Basarnas at once.
  kendari: { brawl: ['polisi', 'damkar', 'kodim', 'pln', 'basarnas'] },
};
const whenCritical: Partial<typeof everywhere> = {
  fire: ['psc', 'polisi', 'pln'],
  medical: ['pmi'],
  'traffic-accident': ['damkar', 'dishub'],
  flood: ['basarnas', 'kodim', 'dinsos'],
  'natural-disaster': ['kodim', 'dinsos'],
};

describe.each(Object.keys(expected))('the profile of %s', (id) => {
  let city: CityProfile;
  beforeAll(async () => {
    city = await loadCity(cityFile(id));
  });
  const facts = (kind: Facts['kind'], severity: Facts['severity']): Facts => ({
    kind,
    severity,
    district: null,
    weekday: 'sat',
    time: '02:00',
  });
  const sent = (asked: Facts): string[] =>
    evaluate({ ...city.rules, version: 1 }, asked).actions.map(({ agencyId }) => agencyId);

  test('its rules are fit for its agencies and districts', () => {
    const agencies = directoryOf(city.agencies.map((agency) => ({ ...agency, version: 1 })));
    expect(validate(city.rules, { agencies, districts: city.districts })).toEqual([]);
  });

  test.each(kindIds)('%s', (kind) => {
    const usual = expected[id]?.[kind] ?? everywhere[kind];
    expect(sent(facts(kind, null))).toEqual(usual);
    expect(sent(facts(kind, 'low'))).toEqual(usual);
    expect(sent(facts(kind, 'critical'))).toEqual([...usual, ...(whenCritical[kind] ?? [])]);
  });

  test('no incident is left to the default: each kind has its rule', () => {
    for (const kind of incidentKinds) {
      const { trace } = evaluate({ ...city.rules, version: 1 }, facts(kind, null));
      expect(trace.at(-1)).toMatchObject({ ruleId: 'default', matched: false });
    }
  });

  test('the fire brigade has a second way in, and every trunk its own address', () => {
    const damkar = city.agencies.find((agency) => agency.id === 'damkar');
    expect(damkar?.trunks.length).toBeGreaterThanOrEqual(2);
    const trunks = city.agencies.flatMap((agency) => agency.trunks);
    expect(new Set(trunks.map((trunk) => trunk.id)).size).toBe(trunks.length);
    expect(new Set(trunks.map((trunk) => trunk.host)).size).toBe(trunks.length);
    expect(trunks.every((trunk) => /^(192\.0\.2|198\.51\.100)\./.test(trunk.host))).toBe(true);
  });

  test('its settings are fit, and it offers every kind', () => {
    const settings = withPatch(defaultSettings, citySettings(city));
    expect(settings.city).toEqual({ id, name: city.name });
    expect(new Set(settings.kinds)).toEqual(new Set(kindIds));
  });
});

test('a profile with faults is refused with all of them', async () => {
  await expect(loadCity(cityFile('nowhere'))).rejects.toThrow('ENOENT');
  await expect(loadCity(new URL('../../package.json', import.meta.url).pathname)).rejects.toThrow(
    /is no city profile:\nid: .*\n.*timeZone/s,
  );
});

test('a patch changes what it names and nothing else', () => {
  const changed = withPatch(defaultSettings, { operatorRingSeconds: 30, wrapUpSeconds: undefined });
  expect(changed).toEqual({ ...defaultSettings, operatorRingSeconds: 30 });
});
