import { answers, freePort } from '../../scripts/sip/phone.mjs';
import type { CallView } from '../../src/calls/view.ts';
import { pauseOperator, resumeOperator } from '../support/idle.ts';
import { Media, type LineCaller } from '../support/line-caller.ts';
import { LinePhone } from '../support/line-phone.ts';
import { until } from '../support/rest.ts';
import { startCentre } from '../support/start-centre.ts';
import type { Centre } from '../support/centre.ts';

const tones = { caller: 440, operator: 660, colleague: 550, damkar: 880 };
const stopsAfter = 3_000;
let centre: Centre;
let media: Media;
let operator: LinePhone;
/** Whose phone is an ordinary one. */
const colleague = 1;

beforeAll(async () => {
  centre = await startCentre({
    name: 'media-stops',
    operators: 2,
    settings: { mediaStopsSeconds: stopsAfter / 1_000 },
  });
  const [first, second] = centre.operators;
  if (first === undefined || second === undefined) throw new Error('two operators were asked for');
  media = new Media();
  const [server, port] = [centre.asterisk.sip, await freePort()];
  operator = await LinePhone.start(media, { server, port, account: first, tone: tones.operator });
  centre.phones.push(await centre.registerOperator(second, answers(), tones.colleague));
  for (const { id } of centre.operators) await centre.api.operatorIs(id, 'available');
  await pauseOperator(centre, colleague);
}, 60_000);
afterAll(async () => {
  operator.close();
  await centre.stop();
  await media.stop();
}, 30_000);
afterEach(() => centre.clear());

async function talk(): Promise<{ citizen: LineCaller; call: CallView }> {
  const citizen = await centre.dialLine(tones.caller);
  const call = await centre.api.taken(citizen.wire);
  await centre.feed.waitFor('operator.talking', { callId: call.id });
  await until('they hear each other', () => {
    return citizen.secondsOf(tones.operator) > 0.5 && operator.secondsOf(tones.caller) > 0.5;
  });
  return { citizen, call };
}

const stopped = (call: CallView, leg: string, count = 1) =>
  centre.feed.waitFor('media.stopped', { callId: call.id, detail: { leg }, count, within: 15_000 });
const returned = (call: CallView, leg: string) =>
  centre.feed.waitFor('media.returned', { callId: call.id, detail: { leg }, within: 10_000 });

/** On the timeline in PostgreSQL. */
const onRecord = (call: CallView, type: string): Promise<void> =>
  until(`${type} is on record`, async () => (await centre.api.timelineOf(call.id)).some((one) => one.type === type));

test('a caller whose packets stop is kept: his operator is told, and told again when they return', async () => {
  const { citizen, call } = await talk();
  expect(centre.feed.all('media.stopped', { callId: call.id })).toEqual([]);
  citizen.fallSilent();
  const event = await stopped(call, 'caller');
  expect(event.detail).toMatchObject({ id: null, channelId: call.channelId });
  const operatorId = centre.operators[0]?.id;
  await centre.feed.waitFor('screen.updated', { callId: call.id, detail: { operatorId, because: 'media' } });
  expect(await centre.api.call(call.id)).toMatchObject({
    stage: 'talking',
    mediaStopped: [{ leg: 'caller', id: null }],
  });
  const since = Date.now();
  citizen.say(tones.caller);
  await returned(call, 'caller');
  await until('he is heard again', () => operator.secondsOf(tones.caller, since) > 0.5);
  expect(await centre.api.call(call.id)).toMatchObject({ stage: 'talking', mediaStopped: [] });
  expect([citizen.ended, operator.ended]).toEqual([false, false]);
  await onRecord(call, 'media.returned');
  await citizen.hangUp();
}, 60_000);

// Last: its operator is somebody else from then on.
test("an operator's phone that stops for a moment keeps its caller; one that Asterisk gives up sends him to the head of the line", async () => {
  const { citizen, call } = await talk();
  // Those of the call before.
  const byes = operator.requests.filter(({ method }) => method === 'BYE').length;
  operator.fallSilent();
  await stopped(call, 'operator');
  expect(await centre.api.call(call.id)).toMatchObject({
    stage: 'talking',
    mediaStopped: [{ leg: 'operator', id: centre.operators[0]?.id }],
  });
  operator.speak();
  await returned(call, 'operator');
  expect(centre.feed.all('operator.lost', { callId: call.id })).toEqual([]);

  const behind = await centre.dial();
  const next = await centre.api.taken(behind);
  const gone = Date.now();
  operator.fallSilent();
  await stopped(call, 'operator', 2);
  // Told, and nothing is done: Asterisk holds the leg, and takes it away itself when nothing has come for 10 s.
  expect(await centre.api.call(call.id)).toMatchObject({ stage: 'talking' });
  expect(operator.requests.filter(({ method }) => method === 'BYE')).toHaveLength(byes);
  await pauseOperator(centre, 0);
  const lost = await centre.feed.waitFor('operator.lost', { callId: call.id, within: 25_000 });
  expect(lost.at - gone).toBeGreaterThan(9_000);
  expect(await centre.api.call(call.id)).toMatchObject({ stage: 'waiting', mediaStopped: [] });
  await resumeOperator(centre, colleague);
  const talking = await centre.feed.waitFor('operator.talking', { callId: call.id, count: 2, within: 20_000 });
  expect(talking.detail).toEqual({ operatorId: centre.operators[colleague]?.id });
  expect(centre.feed.all('operator.talking', { callId: next.id })).toEqual([]);
  await until('the caller hears him', () => citizen.secondsOf(tones.colleague) > 0.5, 20_000);
  expect([citizen.ended, behind.ended]).toEqual([false, false]);
}, 90_000);
