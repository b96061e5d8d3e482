import { carriers, type Centre } from '../support/centre.ts';
import { startCentre } from '../support/start-centre.ts';
import type { Alarm } from '../support/centre-api.ts';
import { until } from '../support/rest.ts';
import { offer, WireCall, type WireOptions } from '../support/wire.ts';

// What Asterisk refuses before any dialplan runs is a caller nobody has heard of: an alarm tells of him, with the reason.

let centre: Centre;
beforeAll(async () => {
  centre = await startCentre({ name: 'refused' });
}, 60_000);
afterAll(() => centre.stop(), 30_000);

const refused: [string, Partial<WireOptions>, number | null][] = [
  ['To: <urn:service:sos>', { to: '<urn:service:sos>' }, 416],
  ['Require: precondition', { headers: ['Require: precondition'] }, 420],
  ['a codec that nobody here knows', { body: offer(['97 EVS/16000']) }, 488],
  ['Require: resource-priority', { headers: ['Require: resource-priority'] }, 420],
];
const wires = new Map<string, WireCall>();

// All are sent at first: the alarms come two to six seconds later, at the same time for all.
beforeAll(async () => {
  for (const [what, options] of refused) {
    const wire = await WireCall.open({ server: centre.asterisk.sip, address: carriers.telkom, ...options });
    wires.set(what, wire);
    wire.invite();
  }
});
afterAll(() => wires.forEach((wire) => wire.close()));

const alarmOf = async (wire: WireCall | undefined): Promise<Alarm | undefined> =>
  (await centre.api.alarms('call-refused-by-asterisk')).find(({ detail }) => detail['sipCallId'] === wire?.callId);

test.each(refused)('%s', async (what, options, status) => {
  const wire = wires.get(what);
  await until('there is an alarm', async () => (await alarmOf(wire)) !== undefined, 12_000);
  const alarm = await alarmOf(wire);
  expect(alarm?.detail).toMatchObject({ status, requestUri: options.uri ?? 'sip:112@127.0.0.1' });
  expect(String(alarm?.detail['source'])).toMatch(new RegExp(`^${carriers.telkom}:`));
  if (status !== null) {
    expect(wire?.status).toBe(status);
    expect(alarm?.detail['reason']).not.toBe('');
  }
});

test('a stranger on the network raises none: only what a carrier sends is a call', async () => {
  const stranger = await WireCall.open({ server: centre.asterisk.sip, address: '127.0.11.99' });
  stranger.invite();
  expect((await stranger.answered()).status).toBe(401);
  // What comes later and does raise one has been judged after it.
  const later = await WireCall.open({
    server: centre.asterisk.sip,
    address: carriers.telkom,
    headers: ['Require: precondition'],
  });
  later.invite();
  await until('the later one raised its alarm', async () => (await alarmOf(later)) !== undefined);
  expect(await alarmOf(stranger)).toBeUndefined();
  stranger.close();
  later.close();
});

test('no call is recorded of any of them', async () => {
  expect((await centre.api.ask('GET', '/v1/calls')).at('items')).toEqual([]);
});
