import { z } from 'zod';
import { answers } from '../../scripts/sip/phone.mjs';
import { timePasses, until } from '../support/rest.ts';
import { startCentre } from '../support/start-centre.ts';
import { carriers, type Centre } from '../support/centre.ts';

/** As often as the setting allows. */
const every = 10;
/** A round of two carriers, of which each may fail for its whole time. */
const round = 35_000;
let centre: Centre;

beforeAll(async () => {
  centre = await startCentre({ name: 'probes', operators: 1, settings: { carrierProbeSeconds: every } });
  await centre.operatorPhones(answers());
}, 60_000);
afterAll(() => centre.stop(), 30_000);

const listed = z.object({
  items: z.array(
    z.object({
      carrier: z.string(),
      probe: z.object({ at: z.string(), failure: z.string().nullable() }).nullable(),
      lastCallAt: z.string().nullable(),
    }),
  ),
});
const results = async (): Promise<Record<string, string | null>> => {
  const { items } = await centre.api.get('/v1/carriers', listed);
  return Object.fromEntries(items.flatMap(({ carrier, probe }) => (probe === null ? [] : [[carrier, probe.failure]])));
};
const readiness = async (): Promise<string | undefined> => {
  const response = await fetch(`${centre.base}/readyz`);
  return z.object({ parts: z.record(z.string(), z.string()) }).parse(await response.json()).parts['probes'];
};
const names = Object.keys(carriers).sort();
const global = (variable: string, value: string) =>
  centre.ari('POST', `asterisk/variable?variable=${variable}&value=${value}`);

/** Whatever was made of calls: rows that a citizen's call leaves, and made-up ones must not. */
async function traces(): Promise<number> {
  const count = z.object({ n: z.coerce.number() });
  const tables = ['calls', 'incidents', 'timeline', 'routing_decisions'];
  const counts = await Promise.all(
    tables.map((table) => centre.api.sql(count, `select count(*) as n from ${table}`).then(([one]) => one?.n ?? 0)),
  );
  return counts.reduce((sum, n) => sum + n, 0);
}

test('the way of every carrier is tried, heard both ways, and leaves nothing behind', async () => {
  await until('both came through', async () => Object.keys(await results()).length === names.length, round);
  expect(await results()).toEqual(Object.fromEntries(names.map((name) => [name, null])));
  expect(await readiness()).toBe('up');
  await until('no channel is left', async () => (await centre.channels()).length === 0);
  const before = (await centre.api.get('/v1/carriers', listed)).items[0]?.probe?.at;
  const metrics = await (await fetch(`${centre.base}/metrics`)).text();
  for (const name of names) expect(metrics).toContain(`siaga_probes_total{carrier="${name}",result="through"}`);
  // Another round: by now the event log of the first has been read.
  await until(
    'they were tried again',
    async () => (await centre.api.get('/v1/carriers', listed)).items[0]?.probe?.at !== before,
    round,
  );
  expect(await traces()).toBe(0);
  // Nor is it a word on the carrier's silence.
  expect((await centre.api.get('/v1/carriers', listed)).items.map(({ lastCallAt }) => lastCallAt)).toEqual([
    null,
    null,
  ]);
  expect(centre.phoneOf(0).calls).toEqual([]);
  const happened = centre.feed.seen.map(({ type }) => type);
  expect(
    happened.filter((type) => /^(call|caller|operator|screen|incident)\./.test(type) && type !== 'operator.state'),
  ).toEqual([]);
  expect(await centre.api.alarms('probe-failed')).toEqual([]);
}, 120_000);

test('whoever claims to be made up is a citizen like any other, also by the name of one that is under way', async () => {
  // So that the name does not change meanwhile.
  await centre.api.set({ carrierProbeSeconds: 0 });
  await global('SIAGA_PROBE', 'abc123');
  const headers = ['X-Siaga-Probe-Id: abc123', 'X-Siaga-Probe: guessed-telkom'];
  const citizen = await centre.dialLine(440, { headers });
  const call = await centre.api.taken(citizen.wire);
  expect(call.carrier).toBe('telkom');
  await centre.feed.waitFor('operator.talking', { callId: call.id });
  await until('it is the last call of its carrier', async () => {
    const { items } = await centre.api.get('/v1/carriers', listed);
    return items.some(({ carrier, lastCallAt }) => carrier === 'telkom' && lastCallAt === call.arrivedAt);
  });
  await citizen.hangUp();
  await global('SIAGA_PROBE', '');
  await centre.clear();
  await centre.api.set({ carrierProbeSeconds: every });
}, 60_000);

test('a way that fails is told of once, and again when it comes through', async () => {
  await global('SIAGA_PROBE_SECRET', 'unknown');
  for (const name of names)
    await centre.feed.waitFor('alarm.raised', { detail: { code: 'probe-failed', carrier: name }, within: round });
  const [failed] = centre.feed.all('alarm.raised', { detail: { code: 'probe-failed' } });
  expect(failed?.detail).toMatchObject({ failure: 'not-offered' });
  expect(String(failed?.detail['tried'])).toMatch(/^sip:112@127\.0\.0\.1:\d+ as carrier-/);
  // Asterisk's refusal of its own INVITE is no lost caller.
  expect(await centre.api.alarms('call-refused-by-asterisk')).toEqual([]);
  await until('it is said', async () => (await readiness()) === 'failing');
  // The record is written once the whole round has been told of.
  const recorded = async (): Promise<string[]> => Object.values(await results()).map(String);
  await until('it is on record', async () => (await recorded()).every((failure) => failure === 'not-offered'));
}, 90_000);

// Last: no controller is left.
test('a controller that dies with one in its hands leaves no channel, and no operator is rung for it', async () => {
  const [controller] = centre.controllers;
  if (controller === undefined) throw new Error('there is a controller');
  const secret = await rendered();
  await global('SIAGA_PROBE_SECRET', secret);
  for (const name of names)
    await centre.feed.waitFor('alarm.raised', { detail: { code: 'probe-well', carrier: name }, within: round });
  const calls = centre.phoneOf(0).calls.length;
  const held = async (): Promise<boolean> =>
    (await centre.channels()).some((channel) => channel.startsWith('PJSIP/carrier-'));
  let caught = false;
  for (let rounds = 0; rounds < 5 && !caught; rounds += 1) {
    await until('one is under way', held, round);
    controller.kill('SIGSTOP');
    // Had it been about to hang up, that is done by now.
    await timePasses(200);
    caught = await held();
    if (!caught) controller.kill('SIGCONT');
  }
  expect(caught).toBe(true);
  controller.kill('SIGKILL');
  // Longer than the guardian needs to send a forsaken citizen to the operators' phones.
  await timePasses(4_000);
  expect(await held()).toBe(true);
  await until('it has ended by itself', async () => (await centre.channels()).length === 0, 25_000);
  expect(centre.phoneOf(0).calls).toHaveLength(calls);
}, 120_000);

/** The secret that Asterisk was rendered with, as its configuration has it. */
async function rendered(): Promise<string> {
  const shown = await centre.cli('pjsip show identify probe-telkom');
  const secret = /X-Siaga-Probe: ([0-9a-f]+)-telkom/.exec(shown)?.[1];
  if (secret === undefined) throw new Error(`no secret in ${shown}`);
  return secret;
}
