import { openIncident } from '../incidents/incident.ts';
import { placesOf } from './places.ts';
import { nowhere } from '../location/location.ts';
import { joinedBy, type AbandonedCall } from './redial.ts';

const number = { kind: 'number', key: '+62811' } as const;
const phone = { kind: 'imei', key: '358240051111110' } as const;
const abandoned = (over: Partial<AbandonedCall> = {}): AbandonedCall => ({
  callId: 'first',
  keys: [number, phone],
  endedAt: 10_000,
  incident: openIncident('incident', 5_000),
  callIds: ['first'],
  emergencyIncidentId: 'urn',
  redialledBy: null,
  ...over,
});
const redial = { callId: 'second', keys: [number], at: 20_000 };

describe('a redial', () => {
  it('takes the incident over under its next version', () => {
    expect(joinedBy(redial, [abandoned()], 60)).toEqual({
      relation: 'joined',
      callId: 'first',
      callIds: ['first'],
      incident: { ...openIncident('incident', 5_000), version: 2 },
      emergencyIncidentId: 'urn',
    });
  });

  it('joins the latest of several', () => {
    const later = abandoned({ callId: 'later', endedAt: 15_000 });
    expect(joinedBy(redial, [later, abandoned()], 60)?.callId).toBe('later');
  });

  it.each<[string, Partial<AbandonedCall>, boolean]>([
    ['by its number', { keys: [number] }, true],
    ['of another number', { keys: [{ kind: 'number', key: '+62812' }] }, false],
    ['whose phone has the digits of the number', { keys: [{ kind: 'imei', key: '+62811' }] }, false],
    ['at the end of the window', { endedAt: -40_000 }, true],
    ['after the window', { endedAt: -40_001 }, false],
    ['of a closed incident', { incident: { ...openIncident('incident', 0), status: 'closed' } }, false],
    ['that another redial has served', { redialledBy: 'other' }, false],
    ['that it has served itself, in another process', { redialledBy: 'second' }, true],
    ['of itself', { callId: 'second' }, false],
  ])('%s', (_, over, joins) => {
    expect(joinedBy(redial, [abandoned(over)], 60) !== null).toBe(joins);
  });

  it('of a caller whom nothing names joins nothing', () => {
    expect(joinedBy({ ...redial, keys: [] }, [abandoned({ keys: [] })], 60)).toBeNull();
  });
});

test('a call comes from its cells and its district', () => {
  const network = {
    header: 'P-Access-Network-Info' as const,
    accessType: '3GPP-E-UTRAN-FDD',
    networkProvided: true,
    mcc: '510',
    mnc: '10',
    cellId: null,
    cell: { radio: 'LTE' as const, mcc: 510, mnc: 10, area: 1, cell: 2 },
    accessPoint: null,
    age: null,
  };
  expect(placesOf({ ...nowhere, networks: [network, { ...network, cell: null }] }, 'Sail')).toEqual([
    'cell 510-10-1-2 LTE',
    'district sail',
  ]);
  expect(placesOf(nowhere, null)).toEqual([]);
});
