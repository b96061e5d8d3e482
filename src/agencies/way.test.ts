import { trunkSchema } from './agency.ts';
import { wayTo } from './way.ts';

const means = {
  outgoingTrunk: { host: '10.0.0.5', port: 5060 },
  outgoingNumber: '0761112',
  accountOf: (trunkId: string) => (trunkId === 'desk-1' ? 'ag-0123456789abcdef' : undefined),
};

test.each([
  [
    'sip',
    { id: 'a', host: 'sip.example', number: '*1#', transport: 'tcp' },
    { endpoint: 'agency', uri: 'sip:*1%23@sip.example:5060;transport=tcp', shows: null },
  ],
  [
    'carrier',
    { id: 'a', type: 'carrier', number: '0761113' },
    { endpoint: 'outside', uri: 'sip:0761113@10.0.0.5:5060', shows: '0761112' },
  ],
  ['desk', { id: 'desk-1', type: 'desk', name: 'Meja' }, { endpoint: 'ag-0123456789abcdef', uri: null, shows: null }],
])('the way to a trunk of the type %s', (_type, trunk, way) => {
  expect(wayTo(trunkSchema.parse(trunk), means)).toEqual(way);
});

test('there is none to a number without a trunk to the outside, nor to a desk without an account', () => {
  const carrier = trunkSchema.parse({ id: 'a', type: 'carrier', number: '1' });
  expect(wayTo(carrier, { ...means, outgoingTrunk: null })).toHaveProperty('unusable');
  expect(wayTo(trunkSchema.parse({ id: 'desk-2', type: 'desk', name: 'Meja' }), means)).toHaveProperty('unusable');
});
