import { testAgency } from '../../test/support/agencies.ts';
import { directoryOf, type TrunkHealth } from '../agencies/agency.ts';
import { completeFacts, factsSchema, type Moment } from './facts.ts';

const health: Record<string, TrunkHealth> = { 'psc-1': 'down', 'psc-2': 'up', 'pln-1': 'down' };
const moment: Moment = {
  at: Date.parse('2026-08-16T17:30:00Z'),
  timeZone: 'Asia/Jakarta',
  holidays: ['2026-08-17'],
  directory: directoryOf(
    [
      testAgency('psc', ['psc-1', 'psc-2']),
      testAgency('pln'),
      testAgency('pmi', ['pmi-1'], { hours: [{ weekdays: [7], from: '08:00', to: '00:00' }] }),
      testAgency('none', []),
    ],
    (trunkId) => health[trunkId] ?? 'unknown',
  ),
};

describe('completeFacts', () => {
  test('what is not said is as it is in the city at that moment', () => {
    const facts = completeFacts({ kind: 'fire' }, moment);
    expect(facts).toEqual({
      kind: 'fire',
      severity: null,
      district: null,
      weekday: 'mon',
      time: '00:30',
      date: '2026-08-17',
      holiday: true,
      position: null,
      language: null,
      carrier: null,
      source: 'call',
      confidential: false,
      calls: 1,
      drill: false,
      agencies: {
        psc: { open: true, reachable: true },
        pln: { open: true, reachable: false },
        pmi: { open: false, reachable: true },
        none: { open: true, reachable: false },
      },
      trunks: { 'psc-1': 'down', 'psc-2': 'up', 'pln-1': 'down', 'pmi-1': 'unknown' },
    });
    expect(factsSchema.parse(facts)).toEqual(facts);
  });

  test('what is said stands, and of agencies and trunks only the one that is named', () => {
    const said = {
      kind: 'crime' as const,
      severity: 'low' as const,
      district: 'Sail',
      position: { latitude: 0.5, longitude: 101.4 },
      language: 'min',
      carrier: 'carrier-2',
      source: 'app' as const,
      confidential: true,
      calls: 7,
      drill: true,
    };
    const agencies = { psc: { open: false, reachable: false } };
    const facts = completeFacts({ ...said, agencies, trunks: { 'pmi-1': 'down' } }, moment);
    expect(facts).toMatchObject({ ...said, agencies, trunks: { 'psc-2': 'up', 'pmi-1': 'down' } });
    expect(facts.agencies['pmi']).toEqual({ open: false, reachable: true });
  });

  test('an incident is as confidential as its kind', () => {
    expect(completeFacts({ kind: 'domestic-violence' }, moment).confidential).toBe(true);
  });

  test('the day after in the city is no holiday', () => {
    expect(completeFacts({ kind: 'fire' }, { ...moment, at: Date.parse('2026-08-17T17:00:00Z') })).toMatchObject({
      date: '2026-08-18',
      holiday: false,
    });
  });
});
