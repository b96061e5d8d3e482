import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { z } from 'zod';
import { answers, rejects, rings, type Behaviour, type Call, type Phone } from '../../scripts/sip/phone.mjs';
import { outgoingView, type OutgoingView } from '../../src/outgoing/store.ts';
import type { Centre } from '../support/centre.ts';
import { heardIn, hearsPrompt } from '../support/ear.ts';
import { until, type Answer } from '../support/rest.ts';
import { startCentre } from '../support/start-centre.ts';

const tones = { caller: 440, operator: 660, outside: 1100 };
let centre: Centre;
/** Whoever is called outside: everything that the trunk is asked for comes to this phone. */
let outside: Phone;

beforeAll(async () => {
  centre = await startCentre({ name: 'outgoing', operators: 1 });
  outside = await centre.outsidePhone({ tone: tones.outside });
  await centre.api.set({ outgoingNumber: '0761112' });
  await centre.operatorPhones(answers(), [tones.operator]);
}, 60_000);
afterAll(() => centre.stop(), 30_000);
afterEach(() => centre.clear());

const operatorId = (): string => centre.operators[0]?.id ?? '';
const ask = (number: string, over: object = {}): Promise<Answer> =>
  centre.api.ask('POST', '/v1/outgoing-calls', { body: { number, operatorId: operatorId(), ...over } });
const ended = (outgoingId: string) => centre.feed.waitFor('outgoing.ended', { detail: { outgoingId } });
const read = (id: string): Promise<OutgoingView> => centre.api.get(`/v1/outgoing-calls/${id}`, outgoingView);
const phone = (): Phone => centre.phoneOf(0);

interface Rung {
  id: string;
  operator: Call;
  other: Call;
}

/** The operator's phone, then the one outside, which does what is given. */
async function rung(behaviour: Behaviour, number = '0812-3456-7890', over: object = {}): Promise<Rung> {
  outside.behave(behaviour);
  const [operator, other] = [centre.upcoming(phone()), centre.upcoming(outside)];
  const answer = await ask(number, over);
  expect([answer.status, answer.code]).toEqual([202, undefined]);
  return { id: z.string().parse(answer.at('id')), operator: await operator, other: await other };
}

async function talking(number?: string, over?: object): Promise<Rung> {
  const made = await rung(answers(), number, over);
  await centre.feed.waitFor('outgoing.answered', { detail: { outgoingId: made.id } });
  return made;
}

test("the operator's phone rings, then the number outside; they hear each other, and it is on the incident's record", async () => {
  const citizen = await centre.dial({ tone: tones.caller });
  const call = await centre.api.taken(citizen);
  await centre.feed.waitFor('operator.talking', { callId: call.id });
  await citizen.hangUp();
  await centre.quiet();

  const { id, operator, other } = await talking();
  expect(other.invite.uri).toMatch(/^sip:081234567890@127\.0\.0\.1/);
  expect(other.from.user).toBe('0761112');
  expect(other.header('P-Asserted-Identity')).toContain('0761112@');
  expect(other.header('Priority')).toBeUndefined();
  await centre.api.operatorIs(operatorId(), 'talking');
  // With no controller left the dialplan ends it, a little after we would have.
  const limit = z.object({ value: z.coerce.number() });
  const { body } = await centre.ari('GET', `channels/${id}.x1/variable?variable=TIMEOUT(absolute)`);
  expect(limit.parse(body).value).toBeGreaterThan(3_500);
  expect(limit.parse(body).value).toBeLessThanOrEqual(3_630);
  await other.pause(1_500);
  await other.hangUp();
  await ended(id);
  await operator.waitFor('ended');
  await centre.quiet();

  expect(heardIn(centre.recording(`${id}.x1`, 'heard'), tones)).toEqual(['operator']);
  expect(heardIn(centre.recording(`${id}.o1`, 'heard'), tones)).toEqual(['outside']);
  expect(await read(id)).toMatchObject({
    outcome: 'answered',
    operatorId: operatorId(),
    number: '081234567890',
    purpose: 'dial-out',
    incidentId: call.incidentId,
    reason: 'the other side hung up',
    channels: { operator: `${id}.o1`, outside: `${id}.x1` },
  });
  // REST answers from memory at first; the timeline is in PostgreSQL.
  const lines = z.object({ type: z.string(), detail: z.record(z.string(), z.unknown()) });
  const told = async (): Promise<string[]> => {
    const { items } = await centre.api.get(
      `/v1/incidents/${call.incidentId}/timeline`,
      z.object({ items: z.array(lines) }),
    );
    return items.filter(({ detail }) => detail['outgoingId'] === id).map(({ type }) => type);
  };
  await until('all is stored', async () => (await told()).includes('outgoing.ended'));
  expect(await told()).toEqual([
    'outgoing.ringing-operator',
    'outgoing.ringing',
    'outgoing.answered',
    'outgoing.ended',
  ]);
}, 60_000);

test('when the operator hangs up the other side is hung up', async () => {
  const { id, operator, other } = await talking('118');
  await operator.hangUp();
  await other.waitFor('ended');
  expect(other.endedBy).toBe('them');
  await ended(id);
  await until('it is on record', async () => (await read(id)).reason === 'the operator hung up');
});

test('it is ended over REST', async () => {
  const { id, operator, other } = await talking();
  expect((await centre.api.ask('POST', `/v1/outgoing-calls/${id}/end`)).status).toBe(202);
  await Promise.all([operator.waitFor('ended'), other.waitFor('ended'), ended(id)]);
  expect((await centre.api.ask('POST', `/v1/outgoing-calls/${id}/end`)).code).toBe('outgoing.ended');
});

test.each([
  [rejects(486), 'busy'],
  [rejects(603), 'declined'],
  [rejects(503), 'unreachable'],
] as const)('the other side does not take it: the operator is told (%#)', async (behaviour, outcome) => {
  const { id, operator } = await rung(behaviour);
  const over = await ended(id);
  expect(over.detail['outcome']).toBe(outcome);
  await operator.waitFor('ended');
  expect(hearsPrompt(centre.recording(`${id}.o1`, 'heard'), 'code-refused')).toBe(true);
});

test('an operator who hangs up while it rings outside ends that too', async () => {
  const { id, operator, other } = await rung(rings());
  await centre.feed.waitFor('outgoing.ringing', { detail: { outgoingId: id } });
  await operator.hangUp();
  await other.waitFor('ended');
  expect((await ended(id)).detail['outcome']).toBe('cancelled');
});

test('an operator who does not answer: nobody outside is rung', async () => {
  const before = outside.calls.length;
  phone().behave(rings());
  try {
    const answer = await ask('0812 3456 7890');
    const over = await ended(z.string().parse(answer.at('id')));
    expect(over.detail['outcome']).toBe('no-operator');
  } finally {
    phone().behave(answers());
  }
  expect(outside.calls.length).toBe(before);
});

test('a number that may not be called is not, however it is written', async () => {
  const before = outside.calls.length;
  const numbers = ['0809 1234567', '+62809-1234567', '001 202 555 0100', '+1 (202) 555-0100', '112', '%2B62812345678'];
  for (const number of [...numbers, '0812345678@127.0.0.1', '0812345678;phone-context=x']) {
    const answer = await ask(number);
    expect([number, answer.status, answer.code]).toEqual([
      number,
      422,
      expect.stringMatching(/^outgoing\.number-(refused|malformed)$/),
    ]);
  }
  expect(centre.feed.all('outgoing.refused').length).toBe(numbers.length + 2);
  await centre.quiet();
  expect(outside.calls.length).toBe(before);
  expect(phone().calls.every((call) => call.ended)).toBe(true);
});

test('not more at once than the settings allow', async () => {
  await centre.api.set({ outgoingAtOnce: 1 });
  try {
    await talking();
    const second = await ask('0812 3456 7890');
    expect([second.status, second.code]).toEqual([429, 'outgoing.too-many']);
  } finally {
    await centre.api.set({ outgoingAtOnce: 4 });
  }
});

test('whoever redirects (302) to another number gets nobody called', async () => {
  const trunk = await redirecting('08091234567');
  const elsewhere = await listening();
  await centre.api.set({ outgoingTrunk: { host: '127.0.0.1', port: trunk.address().port } });
  const before = outside.calls.length;
  try {
    trunk.emit('target', elsewhere.socket.address().port);
    const answer = await ask('0812 3456 7890');
    const over = await ended(z.string().parse(answer.at('id')));
    expect(over.detail['outcome']).not.toBe('answered');
    await centre.quiet();
    expect([elsewhere.heard(), outside.calls.length]).toEqual([0, before]);
  } finally {
    await centre.api.set({ outgoingTrunk: { host: '127.0.0.1', port: outside.port } });
    trunk.close();
    elsewhere.socket.close();
  }
});

/** A trunk that answers every INVITE with a 302 to a number at whatever port it is told. */
async function redirecting(number: string): Promise<Socket> {
  const socket = createSocket('udp4');
  let target = 0;
  socket.on('target', (port: number) => (target = port));
  socket.on('message', (message, from) => {
    const text = message.toString();
    if (!text.startsWith('INVITE ')) return;
    const kept = text.split('\r\n').filter((line) => /^(Via|From|Call-ID|CSeq):/i.test(line));
    const to = text.split('\r\n').find((line) => /^To:/i.test(line)) ?? '';
    const contact = `Contact: <sip:${number}@127.0.0.1:${target}>`;
    const reply = ['SIP/2.0 302 Moved Temporarily', ...kept, `${to};tag=moved`, contact, 'Content-Length: 0', '', ''];
    socket.send(reply.join('\r\n'), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

/** Counts what comes to a port. */
async function listening(): Promise<{ socket: Socket; heard: () => number }> {
  const socket = createSocket('udp4');
  let count = 0;
  socket.on('message', () => (count += 1));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { socket, heard: () => count };
}
