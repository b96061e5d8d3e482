import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { awakeMilliseconds } from '../../scripts/sip/awake.mjs';
import {
  accepts,
  answers,
  ignores,
  rejects,
  rings,
  trying,
  type Behaviour,
  type Call,
  type Phone,
} from '../../scripts/sip/phone.mjs';
import { SAMPLE_RATE } from '../../scripts/sip/tones.mjs';
import { createToken } from '../../src/access/token-command.ts';
import type { CallView } from '../../src/calls/view.ts';
import type { Centre } from '../support/centre.ts';
import { startCentre } from '../support/start-centre.ts';
import type { Dispatch } from '../support/centre-api.ts';
import { heardIn, hearsPrompt, promptLength, samplesHavePrompt } from '../support/ear.ts';
import { ask, until, type Answer } from '../support/rest.ts';
import { talkOnTheWire } from '../support/wire-talk.ts';

const tones = { caller: 440, operator: 660, damkar: 880, polisi: 1100, psc: 1320, pln: 1540 };
let centre: Centre;
/** Each operator's own. */
const tokens: string[] = [];

beforeAll(async () => {
  centre = await startCentre({ name: 'dispatch', operators: 3 });
  // The third one's phone comes where its wire is listened to.
  for (const account of centre.operators.slice(0, 2)) {
    centre.phones.push(await centre.registerOperator(account, answers(), tones.operator));
    await centre.api.operatorIs(account.id, 'available');
  }
  for (const { id } of centre.operators) {
    const { token } = await createToken(centre.database.url, { role: 'operator', name: id, operatorId: id });
    tokens.push(token);
    await until('his token is known', async () => (await ask(centre, token, 'GET', '/v1/rules')).status === 200);
  }
}, 60_000);
afterAll(() => centre.stop(), 30_000);
afterEach(() => centre.clear());

const presses = (digit: string): Behaviour => accepts({ digit, pressAfter: 200 });
const accepting = accepts({ pressAfter: 200 });

/** The phone at a trunk, with the tone of its agency. */
function trunk(trunkId: string, behaviour: Behaviour): Promise<Phone> {
  const tone = Object.entries(tones).find(([agencyId]) => trunkId.startsWith(agencyId))?.[1];
  return centre.trunk(trunkId, behaviour, tone);
}

interface Talk {
  citizen: Call;
  operator: Call;
  call: CallView;
}

async function talk(): Promise<Talk> {
  const rung = Promise.race(centre.phones.map((phone) => centre.upcoming(phone)));
  const citizen = await centre.dial({ tone: tones.caller });
  const call = await centre.api.taken(citizen);
  await centre.feed.waitFor('operator.talking', { callId: call.id });
  return { citizen, operator: await rung, call };
}

const engage = (call: CallView, body: object, headers: Record<string, string> = {}): Promise<Answer> =>
  centre.api.ask('POST', `/v1/incidents/${call.incidentId}/dispatches`, { body, headers });

async function engaged(call: CallView, body: object): Promise<string> {
  const answer = await engage(call, body);
  expect(answer.status).toBe(202);
  return z.string().parse(answer.at('id'));
}

async function ended(dispatchId: string, state: string, within = 20_000): Promise<Dispatch> {
  await until(`the dispatch is ${state}`, async () => (await centre.api.dispatch(dispatchId)).state === state, within);
  return centre.api.dispatch(dispatchId);
}
const joined = (dispatchId: string): Promise<unknown> =>
  centre.feed.waitFor('dispatch.joined', { detail: { dispatchId } });
const outcomes = ({ attempts }: Dispatch): string[] => attempts.map(({ trunkId, outcome }) => `${trunkId} ${outcome}`);

async function onTimeline({ id }: CallView, event: { type: string; detail: object }): Promise<void> {
  const has = async (): Promise<boolean> => {
    const timeline = await centre.api.timelineOf(id);
    return timeline.some(
      ({ type, detail }) => type === event.type && isDeepStrictEqual({ ...detail, ...event.detail }, detail),
    );
  };
  await until(`${event.type} is on the timeline`, has);
}

/** The caller was with the operator from his first word on: never alone, in no other bridge, told of nothing. */
function neverLeft({ citizen, call }: { citizen: { readonly ended: boolean }; call: CallView }): void {
  expect(citizen.ended).toBe(false);
  for (const type of ['operator.lost', 'operator.left', 'bridge.rebuilt', 'command.failed']) {
    expect(centre.feed.all(type, { callId: call.id })).toEqual([]);
  }
}

test('classifying an incident rings the agencies that the rules name; all three hear each other', async () => {
  await trunk('damkar-1', accepts({ pressAfter: 1_500 }));
  const talking = await talk();
  const { call, citizen } = talking;
  const classified = await centre.api.edit(`/v1/incidents/${call.incidentId}`, { kind: 'fire', severity: 'low' });
  const [dispatchId = ''] = z.array(z.string()).length(1).parse(classified.at('dispatchIds'));
  await joined(dispatchId);
  const dispatch = await centre.api.dispatch(dispatchId);
  expect(dispatch).toMatchObject({ agencyId: 'damkar', mode: 'bridge', state: 'joined', callId: call.id });
  expect(dispatch.reason).toMatchObject({ by: 'rule', ruleId: 'fire' });
  await citizen.pause(1_500);
  await citizen.hangUp();
  await talking.operator.hangUp();
  await centre.quiet();

  const heard = (channelId: string): string[] => heardIn(centre.recording(channelId, 'heard'), tones);
  expect(heard(call.channelId)).toEqual(['operator', 'damkar']);
  expect(heard(`${call.id}.o1`)).toEqual(['caller', 'damkar']);
  expect(heard(`${dispatchId}.a1`)).toEqual(['caller', 'operator']);
  expect(hearsPrompt(centre.recording(`${dispatchId}.a1`, 'heard'), 'announcement-intro')).toBe(true);
  expect(await ended(dispatchId, 'left')).toMatchObject({ outcome: 'call-ended' });
}, 40_000);

test('the agency sees the number of the caller and which incident it is', async () => {
  const phone = await trunk('damkar-1', accepting);
  const { call } = await talk();
  const upcoming = centre.upcoming(phone);
  const dispatchId = await engaged(call, { agencyId: 'damkar' });
  const rung = await upcoming;
  expect(rung.from.user).toBe(call.callerNumber);
  expect(rung.header('X-Siaga-Incident')).toBe(call.incidentId);
  expect(rung.header('X-Siaga-Dispatch')).toBe(dispatchId);
  await joined(dispatchId);
});

const failures: [string, Behaviour, string][] = [
  ['is busy (486)', rejects(486), 'busy'],
  ['is out of service (503)', rejects(503), 'unreachable'],
  ['declines (603)', rejects(603), 'refused'],
  ['presses 9', presses('9'), 'declined'],
  ['hangs up during the announcement', answers({ hangUpAfter: 300 }), 'not-accepted'],
];
test.each(failures)('a first trunk that %s is followed by the second at once', async (_what, behaviour, outcome) => {
  await trunk('damkar-1', behaviour);
  await trunk('damkar-2', accepting);
  const talking = await talk();
  const asked = awakeMilliseconds();
  const dispatchId = await engaged(talking.call, { agencyId: 'damkar' });
  await joined(dispatchId);
  // Nobody waited for the first trunk's ring time.
  expect(awakeMilliseconds() - asked).toBeLessThan(5_000);
  const dispatch = await centre.api.dispatch(dispatchId);
  expect(outcomes(dispatch)).toEqual([`damkar-1 ${outcome}`, 'damkar-2 null']);
  expect(dispatch.reason).toMatchObject({ by: 'person' });
  const failed = { dispatchId, trunkId: 'damkar-1', attempt: 1, reason: outcome };
  await onTimeline(talking.call, { type: 'dispatch.attempt-failed', detail: failed });
  neverLeft(talking);
});

const silences: [string, Behaviour, string][] = [
  ['rings and is not answered', rings(), 'no-answer'],
  ['says 100 and nothing more', trying(), 'no-answer'],
  ['does not reply at all', ignores(), 'no-answer'],
  ['answers and says nothing', answers(), 'not-accepted'],
  ['presses a key that means nothing', presses('5'), 'not-accepted'],
];
test('trunks that stay silent, each in its way, are given up after their time', async () => {
  // All at once, each on an agency of its own: the waiting is the same for five as for one.
  const agencies = ['damkar', 'bpbd', 'psc', 'polisi'];
  const talking = await talk();
  const asked = await Promise.all(
    silences.map(async ([, behaviour], index) => {
      const agency = agencies[index] ?? 'basarnas';
      await trunk(`${agency}-1`, behaviour);
      if (agency !== 'basarnas') await trunk(`${agency}-2`, rejects(486));
      return engaged(talking.call, { agencyId: agency });
    }),
  );
  const dispatches = await Promise.all(asked.map((id) => ended(id, 'failed')));
  expect(dispatches.map((dispatch) => dispatch.attempts[0]?.outcome)).toEqual(silences.map(([, , outcome]) => outcome));
  for (const [index, [, , reason]] of silences.entries()) {
    const detail = { dispatchId: asked[index], attempt: 1, reason };
    await onTimeline(talking.call, { type: 'dispatch.attempt-failed', detail });
  }
  neverLeft(talking);
}, 60_000);

test('when every trunk has failed the operator is told, with the reason, and nothing else has happened', async () => {
  await trunk('damkar-1', rejects(503));
  await trunk('damkar-2', rejects(486));
  // Who stands in for it.
  for (const other of ['bpbd-1', 'bpbd-2']) await trunk(other, rejects(486));
  await talkOnTheWire(centre, { operator: 2, away: [0, 1], tones }, async (talking) => {
    const { citizen, operator, call } = talking;
    const since = Date.now();
    const dispatchId = await engaged(call, { agencyId: 'damkar' });
    const dispatch = await ended(dispatchId, 'failed');
    expect(dispatch).toMatchObject({ outcome: 'busy', joinedAt: null });
    expect(outcomes(dispatch)).toEqual(['damkar-1 unreachable', 'damkar-2 busy']);
    const told = (): boolean => samplesHavePrompt(operator.samples(since), 'agency-unreachable', tones.caller);
    await until('the operator hears that nobody was reached', told);
    const over = Date.now() + (promptLength('agency-unreachable') * 1_000) / SAMPLE_RATE;
    await until('it has been said, and they talk on', () => citizen.secondsOf(tones.operator, over) > 0.5);
    expect(citizen.missed(tones.operator, since)).toBeLessThan(200);
    expect(operator.longestWithout(tones.caller, since)).toBeLessThan(200);
    expect(samplesHavePrompt(citizen.samples(), 'agency-unreachable', tones.operator)).toBe(false);
    neverLeft(talking);
    // And may try again.
    const agency = centre.upcoming(await trunk('damkar-1', accepting));
    await joined(await engaged(call, { agencyId: 'damkar' }));
    await (await agency).hangUp();
  });
}, 60_000);

test('an agency that has no path at all has failed at once, and the timeline says so', async () => {
  const headers = { 'if-none-match': '*' };
  const noPath = { name: 'Tagana', nameEnglish: 'Social services', number: '1500112', trunks: [] };
  const made = await centre.api.ask('PUT', '/v1/agencies/tagana', { body: noPath, headers });
  expect(made.status).toBe(201);
  const talking = await talk();
  const dispatchId = await engaged(talking.call, { agencyId: 'tagana' });
  expect(await ended(dispatchId, 'failed')).toMatchObject({ outcome: 'unreachable', attempts: [] });
  await onTimeline(talking.call, {
    type: 'dispatch.failed',
    detail: { dispatchId, attempts: 0, reason: 'unreachable' },
  });
  neverLeft(talking);
});

test('a transfer: the agency takes over, the operator leaves, caller and agency go on', async () => {
  await trunk('polisi-1', accepting);
  const { citizen, operator, call } = await talk();
  const dispatchId = await engaged(call, { agencyId: 'polisi', mode: 'transfer' });
  await joined(dispatchId);
  await operator.waitFor('ended');
  expect(operator.endedBy).toBe('them');
  // They talk on, with nobody else in between.
  const caller = centre.recording(call.channelId, 'heard');
  await until('the caller hears the agency', () => heardIn(caller, tones).includes('polisi'));
  expect(citizen.ended).toBe(false);
  expect(await centre.api.call(call.id)).toMatchObject({ stage: 'talking' });
  await citizen.hangUp();
  expect(await centre.api.recordOf(citizen.callId)).toMatchObject({ outcome: 'answered' });
  const types = (await centre.api.timelineOf(call.id)).map(({ type }) => type);
  expect(types).toEqual(expect.arrayContaining(['dispatch.joined', 'operator.left', 'call.ended']));
});

test('until the agency accepts, a transfer leaves everybody where he is', async () => {
  await trunk('polisi-1', answers());
  await trunk('polisi-2', rejects(603));
  const talking = await talk();
  const dispatchId = await engaged(talking.call, { agencyId: 'polisi', mode: 'transfer' });
  await ended(dispatchId, 'failed');
  expect(talking.operator.ended).toBe(false);
  neverLeft(talking);
  await talking.citizen.hangUp();
  await centre.quiet();
  expect(heardIn(centre.recording(talking.call.channelId, 'heard'), tones)).toEqual(['operator']);
}, 40_000);

test('an agency that accepts by answering needs no key', async () => {
  await trunk('pln-1', answers());
  const { call } = await talk();
  const dispatchId = await engaged(call, { agencyId: 'pln' });
  await joined(dispatchId);
  expect(centre.feed.all('dispatch.announced', { detail: { dispatchId } })).toEqual([]);
});

test('an agency that hangs up leaves operator and caller talking', async () => {
  const phone = await trunk('damkar-1', accepting);
  const talking = await talk();
  const upcoming = centre.upcoming(phone);
  const dispatchId = await engaged(talking.call, { agencyId: 'damkar' });
  await joined(dispatchId);
  await (await upcoming).hangUp();
  expect(await ended(dispatchId, 'left')).toMatchObject({ outcome: 'accepted' });
  neverLeft(talking);
  expect(talking.operator.ended).toBe(false);
  // The place is free: the same agency can be called again.
  await joined(await engaged(talking.call, { agencyId: 'damkar' }));
});

test('after a transfer, an agency that hangs up gives the caller back to the line', async () => {
  const phone = await trunk('polisi-1', accepting);
  const { citizen, call } = await talk();
  const upcoming = centre.upcoming(phone);
  const dispatchId = await engaged(call, { agencyId: 'polisi', mode: 'transfer' });
  await joined(dispatchId);
  await (await upcoming).hangUp();
  await centre.feed.waitFor('operator.talking', { callId: call.id, count: 2 });
  expect(citizen.ended).toBe(false);
});

test('a dispatch can be called off: while the phone rings, and when the agency is in the call', async () => {
  const phone = await trunk('damkar-1', rings());
  const talking = await talk();
  const first = await engaged(talking.call, { agencyId: 'damkar' });
  await centre.feed.waitFor('dispatch.ringing', { detail: { dispatchId: first } });
  const rung = phone.calls.at(-1);
  expect((await centre.api.ask('POST', `/v1/dispatches/${first}/cancel`)).status).toBe(202);
  await rung?.waitFor('ended');
  expect(await ended(first, 'cancelled')).toMatchObject({ outcome: 'cancelled' });

  await trunk('damkar-1', accepting);
  const second = await engaged(talking.call, { agencyId: 'damkar' });
  await joined(second);
  expect((await centre.api.ask('POST', `/v1/dispatches/${second}/cancel`)).status).toBe(202);
  await ended(second, 'left');
  await until('the agency is out of the call', () => phone.calls.at(-1)?.ended === true);
  neverLeft(talking);
});

test('the same command twice rings once: with one Idempotency-Key, and without any', async () => {
  const phone = await trunk('damkar-1', accepting);
  const { call } = await talk();
  const before = phone.calls.length;
  const key = { 'idempotency-key': `damkar-${call.id}` };
  const first = await engage(call, { agencyId: 'damkar' }, key);
  const second = await engage(call, { agencyId: 'damkar' }, key);
  expect([first.status, second.status]).toEqual([202, 202]);
  expect(second.at('id')).toBe(first.at('id'));
  const third = await engage(call, { agencyId: 'damkar' });
  expect([third.status, third.code]).toEqual([409, 'dispatches.engaged']);
  await joined(String(first.at('id')));
  expect(phone.calls.length).toBe(before + 1);
});

test('two operators dispatch the same agency at once: it is rung once, and the second hears by which dispatch', async () => {
  const phone = await trunk('damkar-1', accepting);
  const { call } = await talk();
  const before = phone.calls.length;
  const path = `/v1/incidents/${call.incidentId}/dispatches`;
  const both = await Promise.all(
    tokens.map((token) => ask(centre, token, 'POST', path, { body: { agencyId: 'damkar' } })),
  );
  const [won, lost] = [202, 409].map((wanted) => both.find(({ status }) => status === wanted));
  expect([lost?.code, lost?.at('dispatchId')]).toEqual(['dispatches.engaged', won?.at('id')]);
  await centre.feed.waitFor('dispatch.joined', { callId: call.id });
  expect(phone.calls.length).toBe(before + 1);
});

test('an agency that does not exist is not dispatched', async () => {
  const { call } = await talk();
  const unknown = await engage(call, { agencyId: 'pemadam-jauh' });
  expect([unknown.status, unknown.code]).toEqual([422, 'agencies.unknown']);
});

test('a caller who hangs up while the agency rings ends that too', async () => {
  const phone = await trunk('damkar-1', rings());
  const { citizen, call } = await talk();
  const dispatchId = await engaged(call, { agencyId: 'damkar' });
  await centre.feed.waitFor('dispatch.ringing', { detail: { dispatchId } });
  await citizen.hangUp();
  await phone.calls.at(-1)?.waitFor('ended');
  expect(await ended(dispatchId, 'cancelled')).toMatchObject({ outcome: 'call-ended' });
});
