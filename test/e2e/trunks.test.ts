import { createSocket } from 'node:dgram';
import { z } from 'zod';
import { accepts, answers, rejects, startPhone, type Phone } from '../../scripts/sip/phone.mjs';
import { agencyBody, type AgencyBody } from '../../src/agencies/agency.ts';
import type { CallView } from '../../src/calls/view.ts';
import type { Centre } from '../support/centre.ts';
import type { Dispatch } from '../support/centre-api.ts';
import { heardIn } from '../support/ear.ts';
import { until } from '../support/rest.ts';
import { startCentre } from '../support/start-centre.ts';
import { offer, WireCall } from '../support/wire.ts';

const accepting = accepts({ pressAfter: 200 });
const started: Phone[] = [];
let centre: Centre;

beforeAll(async () => {
  centre = await startCentre({ name: 'trunks', settings: { trunkOptionsSeconds: 4 } });
  await centre.operatorPhones(answers(), [660]);
}, 60_000);
afterAll(async () => {
  for (const phone of started) await phone.stop();
  await centre.stop();
}, 30_000);
afterEach(() => centre.clear());

const trunkView = z.object({
  id: z.string(),
  host: z.string().optional(),
  port: z.number().optional(),
  health: z.string(),
  since: z.string().nullable(),
  why: z.string(),
  unusable: z.boolean(),
});
type TrunkView = z.output<typeof trunkView>;

async function trunkNow(trunkId: string): Promise<TrunkView> {
  const { items } = await centre.api.get('/v1/trunks', z.object({ items: z.array(trunkView) }));
  const trunk = items.find(({ id }) => id === trunkId);
  if (trunk === undefined) throw new Error(`there is no trunk ${trunkId}`);
  return trunk;
}
const isNow = (trunkId: string, health: string): Promise<void> =>
  until(`${trunkId} is ${health}`, async () => (await trunkNow(trunkId)).health === health, 20_000);

async function talk(): Promise<CallView> {
  const citizen = await centre.dial({ tone: 440 });
  const call = await centre.api.taken(citizen);
  await centre.feed.waitFor('operator.talking', { callId: call.id });
  return call;
}

/** Dispatches an agency to a new call, and answers the dispatch when the agency is in the call, or has failed. */
async function dispatched(agencyId: string, state: 'joined' | 'over'): Promise<Dispatch> {
  const call = await talk();
  const answer = await centre.api.ask('POST', `/v1/incidents/${call.incidentId}/dispatches`, { body: { agencyId } });
  expect(answer.status).toBe(202);
  const id = z.string().parse(answer.at('id'));
  const isSo = ({ joinedAt, endedAt }: Dispatch): boolean => (state === 'joined' ? joinedAt : endedAt) !== null;
  await until(`the dispatch is ${state}`, async () => isSo(await centre.api.dispatch(id)), 20_000);
  return centre.api.dispatch(id);
}
const tried = ({ attempts }: Dispatch): string[] => attempts.map(({ trunkId, outcome }) => `${trunkId} ${outcome}`);

/** An exchange that answers whatever it is asked with this status. */
async function answerOptions(status: number): Promise<{ port: number; close: () => void }> {
  const socket = createSocket('udp4');
  socket.on('message', (data, from) => {
    const kept = data
      .toString()
      .split('\r\n')
      .filter((line) => /^(Via|From|To|Call-ID|CSeq):/i.test(line))
      .map((line) => (/^To:/i.test(line) ? `${line};tag=exchange` : line));
    const answer = [`SIP/2.0 ${status} No`, ...kept, 'Content-Length: 0', '', ''].join('\r\n');
    socket.send(answer, from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return { port: socket.address().port, close: () => socket.close() };
}

async function change(agencyId: string, over: Partial<AgencyBody>): Promise<void> {
  const path = `/v1/agencies/${agencyId}`;
  const { body, headers } = await centre.api.ask('GET', path);
  const before = z.object(agencyBody.shape).parse(body);
  const put = { body: { ...before, ...over }, headers: { 'if-match': headers.get('etag') ?? '' } };
  expect((await centre.api.ask('PUT', path, put)).status).toBe(200);
}

test('a trunk that died costs one attempt, is then tried last, and has its place again when it answers OPTIONS', async () => {
  const told = (): string | undefined =>
    ['trunk.down', 'trunk.up']
      .flatMap((type) => centre.feed.all(type, { detail: { trunkId: 'damkar-1', agencyId: 'damkar' } }))
      .sort((a, b) => a.at - b.at)
      .at(-1)?.type;
  const first = await centre.trunk('damkar-1', accepting);
  const second = await centre.trunk('damkar-2', accepting);
  await Promise.all([isNow('damkar-1', 'up'), isNow('damkar-2', 'up')]);
  expect((await trunkNow('damkar-1')).why).toMatch(/OPTIONS/);
  expect(tried(await dispatched('damkar', 'joined'))).toEqual(['damkar-1 null']);
  await centre.clear();

  const { host = '', port = 0 } = await trunkNow('damkar-1');
  await first.stop();
  expect(tried(await dispatched('damkar', 'joined'))).toEqual([
    expect.stringMatching(/^damkar-1 (unreachable|no-answer)$/),
    'damkar-2 null',
  ]);
  await centre.clear();
  await isNow('damkar-1', 'down');
  await until('it is told', () => told() === 'trunk.down');
  const down = await trunkNow('damkar-1');
  expect(Date.parse(down.since ?? '')).toBeLessThanOrEqual(Date.now());
  await until('there is an alarm', async () =>
    (await centre.api.alarms('trunk-down')).some(({ detail }) => detail['trunkId'] === 'damkar-1'),
  );
  expect(await centre.api.metric('siaga_trunks', { health: 'up' })).toBeGreaterThan(0);

  // It is tried all the same, when nothing else is left.
  second.behave(rejects(486));
  expect(tried(await dispatched('damkar', 'over'))).toEqual([
    'damkar-2 busy',
    expect.stringMatching(/^damkar-1 (unreachable|no-answer)$/),
  ]);
  await centre.clear();

  const back = await startPhone({
    sipp: centre.tools.sipp,
    folder: await centre.folder('damkar-1-again'),
    name: 'damkar-1 again',
    address: host,
    port,
    behaviour: accepting,
    tone: 880,
  });
  started.push(back);
  await isNow('damkar-1', 'up');
  await until('it is told', () => told() === 'trunk.up');
  expect(tried(await dispatched('damkar', 'joined'))).toEqual(['damkar-1 null']);
}, 120_000);

test.each([404, 405, 481, 501])('a trunk that answers OPTIONS with %i is alive', async (status) => {
  const answering = await answerOptions(status);
  const trunk = { id: `psc-${status}`, type: 'sip', transport: 'udp', host: '127.0.0.1', number: '119' } as const;
  await change('psc', { trunks: [{ ...trunk, port: answering.port }] });
  await isNow(trunk.id, 'up');
  answering.close();
});

test("an agency's own desk: an account, a phone that rings and is in the call, and calls nobody itself", async () => {
  await change('pln', { acceptance: 'key', trunks: [{ id: 'pln-desk', type: 'desk', name: 'Meja piket' }] });
  expect(await trunkNow('pln-desk')).toMatchObject({ health: 'down', unusable: true });
  expect(tried(await dispatched('pln', 'over'))).toEqual([]);
  await centre.clear();

  const path = '/v1/agencies/pln/trunks/pln-desk/credentials';
  expect((await centre.api.ask('POST', path, { as: 'supervisor' })).status).toBe(403);
  const made = await centre.api.ask('POST', path);
  const { pushed, sip } = z
    .object({ pushed: z.boolean(), sip: z.object({ username: z.string(), password: z.string() }) })
    .parse(made.body);
  expect([made.status, pushed]).toEqual([200, true]);
  expect(sip.username).toMatch(/^ag-[0-9a-f]{16}$/);
  await isNow('pln-desk', 'down');
  expect(await trunkNow('pln-desk')).toMatchObject({ unusable: false });
  expect(tried(await dispatched('pln', 'over'))).toEqual(['pln-desk unreachable']);
  await centre.clear();

  const phone = await centre.registerOperator({ id: 'x', extension: 'pln', ...sip }, accepting, 1540);
  started.push(phone);
  await isNow('pln-desk', 'up');
  const dispatch = await dispatched('pln', 'joined');
  expect(tried(dispatch)).toEqual(['pln-desk null']);
  const heard = centre.recording(`${dispatch.id}.a1`, 'heard');
  await until('the desk hears the caller', () => heardIn(heard, { caller: 440 }).includes('caller'));
  await centre.clear();

  const wire = await WireCall.open({
    server: centre.asterisk.sip,
    address: '127.0.0.1',
    account: sip,
    uri: 'sip:101@127.0.0.1',
    from: `<sip:${sip.username}@127.0.0.1>`,
    body: offer(),
  });
  await expect(wire.talk()).rejects.toThrow('refused');
  expect(wire.status).toBe(403);
  wire.close();

  // A new password ends the old one, and the account stays.
  const renewed = await centre.api.ask('POST', path);
  expect(renewed.at('sip.username')).toBe(sip.username);
  expect(renewed.at('sip.password')).not.toBe(sip.password);
}, 90_000);

test("a desk's phone that registers anew from elsewhere is never away", async () => {
  const made = await centre.api.ask('POST', '/v1/agencies/pln/trunks/pln-desk/credentials');
  const { sip } = z.object({ sip: z.object({ username: z.string(), password: z.string() }) }).parse(made.body);
  const downs = (): number => centre.feed.all('trunk.down', { detail: { trunkId: 'pln-desk' } }).length;
  started.push(await centre.registerOperator({ id: 'x', extension: 'pln-1', ...sip }, accepting, 1540));
  await isNow('pln-desk', 'up');
  const before = downs();
  started.push(await centre.registerOperator({ id: 'x', extension: 'pln-2', ...sip }, accepting, 1540));
  expect(tried(await dispatched('pln', 'joined'))).toEqual(['pln-desk null']);
  expect([downs(), (await trunkNow('pln-desk')).health]).toEqual([before, 'up']);
}, 90_000);

test('a number in the telephone network is rung over the trunk to the outside, as the centre', async () => {
  await change('pmi', { trunks: [{ id: 'pmi-tel', type: 'carrier', number: '0761119' }] });
  expect(await trunkNow('pmi-tel')).toMatchObject({ health: 'down', unusable: true });
  const phone = await centre.outsidePhone({ tone: 1320, behaviour: accepting });
  await centre.api.set({ outgoingNumber: '0761112' });
  await until('the way is there', async () => !(await trunkNow('pmi-tel')).unusable);
  const upcoming = centre.upcoming(phone);
  expect(tried(await dispatched('pmi', 'joined'))).toEqual(['pmi-tel null']);
  const { invite } = await upcoming;
  expect(invite.uri).toMatch(/^sip:0761119@127\.0\.0\.1/);
  expect(invite.header('From')).toContain('sip:0761112@');
  expect((await trunkNow('pmi-tel')).health).toBe('up');
}, 60_000);
