import { directoryOf } from '../agencies/agency.ts';
import { evaluate } from '../routing/evaluate.ts';
import { factsSchema, type Facts } from '../routing/facts.ts';
import { incidentKinds, kindIds } from '../routing/kind.ts';
import { validate } from '../routing/validate.ts';
import { citySettings, type CityProfile } from './city.ts';
import { cityFile, loadCity } from './load-city.ts';
import { defaultSettings, withPatch } from './setting.ts';

/** Each agency with its mode unless it is `bridge`, `2:` before one of the second stage, and in whose place who is asked. */
const everywhere: Record<(typeof kindIds)[number], string[]> = {
  fire: ['damkar'],
  medical: ['psc (pmi)'],
  'traffic-accident': ['polisi', 'psc'],
  flood: ['bpbd', 'pupr notify'],
  'natural-disaster': ['bpbd', 'basarnas'],
  'fallen-tree': ['bpbd', 'pln notify'],
  'domestic-violence': ['polisi', '2:dinsos'],
  'child-violence': ['polisi', 'dinsos'],
  crime: ['polisi'],
  brawl: ['polisi', 'satpol-pp'],
  'missing-person': ['polisi', 'basarnas'],
  'animal-rescue': ['damkar (bpbd)'],
  'power-line': ['pln'],
  'public-works': ['pupr', 'dishub notify'],
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
  // Its dispatchers hear calls before they are wanted.
  pekanbaru: {
    'natural-disaster': ['bpbd', 'basarnas', 'damkar listen'],
    'fallen-tree': ['bpbd', 'damkar', 'pln notify'],
    brawl: ['polisi', 'satpol-pp', 'kodim', 'psc listen'],
    'missing-person': ['polisi', 'basarnas', 'satpol-pp listen'],
  },
  pasuruan: {},
  // The city said so itself: fire, police, army, PLN and Basarnas at once.
  kendari: { brawl: ['polisi', 'damkar', 'kodim', 'pln', 'basarnas'] },
};
const whenCritical: Partial<typeof everywhere> = {
  fire: ['psc', 'polisi', 'pln'],
  medical: ['2:pmi'],
  'traffic-accident': ['damkar', '2:dishub'],
  flood: ['basarnas', '2:kodim', '2:dinsos'],
  'natural-disaster': ['2:kodim', '2:dinsos'],
};
const alsoWhenCritical: Record<string, Partial<typeof everywhere>> = { pekanbaru: { fire: ['satpol-pp listen'] } };
const leaders = ['wali-kota', 'wakil-wali-kota', 'sekda'];
const told: Record<string, Partial<typeof everywhere>> = {
  pekanbaru: { brawl: ['sekda'] },
  pasuruan: { brawl: ['sekda'] },
  kendari: { brawl: leaders },
};
const toldWhenCritical: Partial<typeof everywhere> = { fire: leaders, flood: leaders, 'natural-disaster': leaders };

describe.each(Object.keys(expected))('the profile of %s', (id) => {
  let city: CityProfile;
  beforeAll(async () => {
    city = await loadCity(cityFile(id));
  });
  const facts = (kind: Facts['kind'], severity: Facts['severity']): Facts =>
    factsSchema.parse({ kind, severity, weekday: 'sat', time: '02:00' });
  const decide = (kind: Facts['kind'], severity: Facts['severity']) => {
    const { actions, tell } = evaluate({ ...city.rules, version: 1 }, facts(kind, severity));
    const sent = actions.map(({ agencyId, mode, stage, fallbacks }) =>
      [
        `${stage === 1 ? '' : `${stage}:`}${agencyId}`,
        ...(mode === 'bridge' ? [] : [mode]),
        ...(fallbacks.length === 0 ? [] : [`(${fallbacks.join(', ')})`]),
      ].join(' '),
    );
    return { sent, told: tell.map(({ recipientId }) => recipientId) };
  };

  test('its rules are fit for its agencies, districts and recipients', () => {
    const agencies = directoryOf(city.agencies.map((agency) => ({ ...agency, version: 1 })));
    const recipients = city.recipients.map((recipient) => recipient.id);
    expect(validate(city.rules, { agencies, districts: city.districts, recipients })).toEqual({ faults: [], total: 0 });
  });

  test.each(kindIds)('%s', (kind) => {
    const usual = { sent: expected[id]?.[kind] ?? everywhere[kind], told: told[id]?.[kind] ?? [] };
    expect(decide(kind, null)).toEqual(usual);
    expect(decide(kind, 'low')).toEqual(usual);
    expect(decide(kind, 'critical')).toEqual({
      sent: [...usual.sent, ...(whenCritical[kind] ?? []), ...(alsoWhenCritical[id]?.[kind] ?? [])],
      told: [...usual.told, ...(toldWhenCritical[kind] ?? [])],
    });
  });

  test('its leaders can be told, and each agency that is told only has somebody on duty', () => {
    const known = city.recipients.filter(({ leader }) => leader).map((recipient) => recipient.id);
    expect(known).toEqual(leaders);
    const notified = city.rules.rules.flatMap(({ then }) => then.filter(({ mode }) => mode === 'notify'));
    expect(notified.length).toBeGreaterThan(0);
    for (const { agencyId } of notified) {
      expect(city.recipients.some((one) => one.agencyId === agencyId && one.channels.length > 0)).toBe(true);
    }
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
    const hosts = trunks.flatMap((trunk) => (trunk.type === 'sip' ? [trunk.host] : []));
    expect(new Set(hosts).size).toBe(trunks.length);
    expect(hosts.every((host) => /^(192\.0\.2|198\.51\.100)\./.test(host))).toBe(true);
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
