import { cityFile, loadCity } from '../settings/load-city.ts';
import { testAgency } from '../../test/support/agencies.ts';
import type { Agency } from './agency.ts';
import { validateAgency } from './validate.ts';

const surroundings = {
  agencies: [testAgency('damkar'), testAgency('bpbd')],
  districts: ['Kadia', 'Kendari Barat'],
  recipients: ['piket'],
};
const faults = (over: Partial<Agency>): string[] =>
  validateAgency('damkar', testAgency('damkar', ['damkar-1'], over), surroundings).map(({ path }) => path);
const drillTrunk = {
  id: 'latihan',
  type: 'sip',
  host: '192.0.2.9',
  port: 5060,
  transport: 'udp',
  number: '1',
} as const;

test('what exists passes', () => {
  expect(faults({ alternates: ['bpbd'], districts: ['kendari  barat'], contacts: ['piket'], drillTrunk })).toEqual([]);
});

test.each<[Partial<Agency>, string]>([
  [{ alternates: ['bpbd', 'nobody'] }, 'body.alternates.1'],
  [{ alternates: ['damkar'] }, 'body.alternates.0'],
  [{ alternates: ['bpbd', 'bpbd'] }, 'body.alternates.1'],
  [{ districts: ['Kadia', 'Atlantis'] }, 'body.districts.1'],
  [{ contacts: ['nobody'] }, 'body.contacts.0'],
  [{ drillTrunk: { ...drillTrunk, id: 'damkar-1' } }, 'body.drillTrunk.id'],
])('%j is a fault at %s', (over, path) => {
  expect(faults(over)).toEqual([path]);
});

test('every fault is told at once', () => {
  expect(faults({ alternates: ['nobody'], districts: ['Atlantis'], contacts: ['nobody'] })).toHaveLength(3);
});

test('a city without districts takes any', () => {
  expect(validateAgency('x', testAgency('x', [], { districts: ['Any'] }), { ...surroundings, districts: [] })).toEqual(
    [],
  );
});

test.each(['pekanbaru', 'pasuruan', 'kendari'])('the agencies of %s name only what the profile has', async (id) => {
  const { agencies, districts, recipients } = await loadCity(cityFile(id));
  const known = { agencies, districts, recipients: recipients.map((one) => one.id) };
  expect(agencies.flatMap((agency) => validateAgency(agency.id, agency, known))).toEqual([]);
  expect(agencies.find((agency) => agency.id === 'damkar')?.sop.arriveSeconds).toBe(420);
  // Who is told is on duty there.
  for (const agency of agencies) {
    for (const contact of agency.contacts)
      expect(recipients.find((one) => one.id === contact)?.agencyId).toBe(agency.id);
  }
});
