import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { awakeMilliseconds } from '../../scripts/sip/awake.mjs';
import { answers, freePort, rings, startPhone, type Call, type Phone } from '../../scripts/sip/phone.mjs';
import { carriers, type Centre } from '../support/centre.ts';
import { circle, withLocation } from '../support/citizen-location.ts';
import { startCentre } from '../support/start-centre.ts';
import { hearsMusic, hearsPrompt } from '../support/ear.ts';
import { until } from '../support/rest.ts';
import { WireCall } from '../support/wire.ts';

// The dialplan alone: the only controller is killed before the first call, and starts again in the last test.
const tones = { caller: 440, first: 660, second: 880, overflow: 990 };
let centre: Centre;
let overflowPort: number;
const dialled: { call: Call; outcome: 'human-path' | 'abandoned' }[] = [];

beforeAll(async () => {
  overflowPort = await freePort();
  centre = await startCentre({
    name: 'no-controller',
    operators: 3,
    asteriskEnv: { ASTERISK_OVERFLOW: `999@127.0.0.1:${overflowPort}`, ASTERISK_HUMAN_PATH_RING_SECONDS: '2' },
  });
  for (const controller of centre.controllers) controller.kill('SIGKILL');
  await Promise.all(centre.controllers.map(({ exited }) => exited));
}, 60_000);
afterAll(() => centre.stop(), 30_000);
afterEach(async () => {
  await centre.hangUpAll();
  await centre.noChannelLeft(8_000);
});

/** A phone of an operator for one test; its registration ends with it. */
async function withPhones(behaviours: Parameters<Phone['behave']>[0][], test: (phones: Phone[]) => Promise<void>) {
  const phones: Phone[] = [];
  try {
    for (const [index, behaviour] of behaviours.entries()) {
      const operator = centre.operators[index];
      if (operator === undefined) throw new Error('more phones than operators');
      phones.push(await centre.registerOperator(operator, behaviour, index === 0 ? tones.first : tones.second));
    }
    await test(phones);
  } finally {
    await Promise.all(phones.map((phone) => phone.kill()));
    for (const phone of phones) await phone.unregister();
  }
}

/** Callers on record, for the last test. */
async function dial(outcome: 'human-path' | 'abandoned', options: Parameters<Centre['dial']>[0] = {}): Promise<Call> {
  const call = await centre.dial(options);
  dialled.push({ call, outcome });
  return call;
}

function only(phones: Phone[]): Phone {
  const phone = phones[0];
  if (phone === undefined) throw new Error('there is no phone');
  return phone;
}

test('several phones ring, one takes the call and the others stop; the operator hangs up and the call is over', () =>
  withPhones([answers({ after: 400 }), rings()], async ([taker, other]) => {
    if (taker === undefined || other === undefined) throw new Error('two phones');
    const citizen = await centre.dialLine(tones.caller);
    const ringing = await other.waitForCall({ within: 5_000 });
    const operator = await taker.waitForCall({ within: 5_000 });
    await operator.waitFor('answered');
    await ringing.waitFor('cancelled');
    expect(operator.from.user).toBe('081234567890');
    await until('the caller hears the operator', () => citizen.secondsOf(tones.first) > 0.5);
    await operator.hangUp();
    await until('the caller is hung up', () => citizen.ended, 5_000);
  }));

test('a caller who hangs up stops the ringing; one who gives up before anybody asked is on record as well', () =>
  withPhones([rings()], async (phones) => {
    const citizen = await dial('abandoned');
    const ringing = await only(phones).waitForCall({ within: 5_000 });
    await ringing.waitFor('ringing');
    await citizen.waitFor('answered');
    await citizen.hangUp();
    await ringing.waitFor('cancelled', { within: 5_000 });
    const hasty = await dial('abandoned', { cancelAfter: 200 });
    await hasty.waitFor('ended');
    expect(hasty.status).toBe(487);
  }));

test('with nobody at any desk the caller hears words and music, without end; whoever comes gets him within five seconds', async () => {
  const overflow = await startPhone({
    sipp: centre.tools.sipp,
    folder: await centre.folder('overflow-busy'),
    port: overflowPort,
    behaviour: (call) => call.reject(486),
  });
  try {
    const citizen = await dial('human-path');
    await citizen.waitFor('answered');
    // Three rounds: refused by the overflow trunk in every second one.
    await overflow.waitForCall({ within: 10_000 });
    await overflow.waitForCall({ within: 15_000 });
    expect(citizen.ended).toBe(false);
    const from = awakeMilliseconds();
    await withPhones([answers({ after: 100 })], async (phones) => {
      const operator = await only(phones).waitForCall({ within: 6_000 });
      expect(awakeMilliseconds() - from).toBeLessThan(5_000);
      await operator.waitFor('answered');
      await citizen.hangUp();
      await operator.waitFor('bye-received');
    });
    const channel = await uniqueIdOf(citizen);
    const heard = centre.recording(channel, 'heard');
    expect(hearsPrompt(heard, 'please-wait')).toBe(true);
    expect(hearsMusic(heard)).toBe(true);
  } finally {
    await overflow.stop();
  }
}, 60_000);

test('the overflow trunk is rung in every second round, and connects', async () => {
  const overflow = await startPhone({
    sipp: centre.tools.sipp,
    folder: await centre.folder('overflow'),
    port: overflowPort,
    behaviour: answers({ after: 100 }),
    tone: tones.overflow,
  });
  try {
    const citizen = await centre.dialLine(tones.caller, { address: carriers.seluler });
    const other = await overflow.waitForCall({ within: 10_000 });
    expect(other.invite.uri).toBe(`sip:999@127.0.0.1:${overflowPort}`);
    await until('the caller hears the other centre', () => citizen.secondsOf(tones.overflow) > 0.5);
    await other.hangUp();
    await until('the caller is hung up', () => citizen.ended, 5_000);
  } finally {
    await overflow.stop();
  }
});

test(
  'a phone that dies in mid-call does not take the caller with it: the next one rings',
  () =>
    withPhones([answers({ after: 100 })], async (phones) => {
      const citizen = await dial('human-path');
      const operator = await only(phones).waitForCall({ within: 5_000 });
      await operator.waitFor('answered');
      await only(phones).kill();
      const second = centre.operators[1];
      if (second === undefined) throw new Error('two operators');
      const next = await centre.registerOperator(second, answers({ after: 100 }), tones.second);
      try {
        // Ten seconds without RTP, then at once.
        const again = await next.waitForCall({ within: 15_000 });
        await again.waitFor('answered');
        expect(citizen.ended).toBe(false);
        await citizen.hangUp();
        await again.waitFor('bye-received');
      } finally {
        await next.kill();
        await next.unregister();
      }
    }),
  40_000,
);

test.each([
  ['a number', 'sip:112@{host}'],
  ['another number', 'sip:0761112@{host}'],
  ['no user at all', 'sip:{host}'],
  ['a name of the dialplan', 'sip:h@{host}'],
  ['another name of the dialplan', 'sip:i@{host}'],
  ['a third one', 'sip:s@{host}'],
  ['a telephone number', 'tel:112;phone-context=+62'],
  ['encoded octets', 'sip:%23112%C3%A4@{host}'],
  ['a very long number', `sip:${'9'.repeat(200)}@{host}`],
])('dialled as %s, it is a 112 call', async (_what, uri) => {
  const { host, port } = centre.asterisk.sip;
  const wire = await WireCall.open({
    server: { host, port },
    address: carriers.telkom,
    uri: uri.replace('{host}', `${host}:${port}`),
  });
  await wire.talk();
  await wire.hangUp();
  wire.close();
});

test.each([
  ['a short session', ['Session-Expires: 60', 'Supported: timer']],
  ['reliable provisional answers', ['Require: 100rel', 'Supported: 100rel']],
  ['a session timer', ['Session-Expires: 90', 'Require: timer']],
  ['no hop left', ['Max-Forwards: 0']],
])('with %s asked for, it is answered', async (_what, headers) => {
  const wire = await WireCall.open({ server: centre.asterisk.sip, address: carriers.telkom, headers });
  await wire.talk();
  await wire.hangUp();
  wire.close();
});

test('the guardian comes back by itself, and stays the only one', async () => {
  const guardians = async (): Promise<string[]> =>
    (await centre.cli('core show channels concise'))
      .split('\n')
      .map((line) => line.split('!')[0] ?? '')
      .filter((name) => name.includes('@guardian'));
  const one = /^Local\/s@guardian-[0-9a-f]+;/;
  const [first = ''] = await guardians();
  const fresh = async (than: string): Promise<string> => {
    const both = await guardians();
    return both.length === 2 && both.every((name) => one.test(name) && name.split(';')[0] !== than.split(';')[0])
      ? (both[0] ?? '')
      : '';
  };
  let current = first;
  for (const half of [';1', ';2', 'all']) {
    const old = current;
    await centre.cli(`channel request hangup ${half === 'all' ? 'all' : old.replace(/;.$/, half)}`);
    await until('another guardian is there', async () => (current = await fresh(old)) !== '', 5_000);
  }
  for (let more = 0; more < 3; more += 1) {
    await centre.cli('channel originate Local/s@guardian/n extension sleep@guardian');
  }
  await until('the others have gone', async () => (await guardians()).length === 2, 8_000);
});

test('the dialplan asks Asterisk for nothing that it has not loaded', async () => {
  const dialplan = await readFile(join(centre.asterisk.runDirectory, 'etc/extensions.conf'), 'utf8');
  const lines = dialplan.split('\n').filter((line) => /^(exten| same) ?=> ?/.test(line.trimStart() && line));
  const applications = new Set(
    lines.flatMap((line) => /^(?:exten => [^,]+,\d+,| same => n(?:\([a-z]+\))?,)(\w+)/.exec(line)?.[1] ?? []),
  );
  const functions = new Set(
    lines.flatMap((line) =>
      [...line.matchAll(/\$\{([A-Z_]+)\(|Set\(([A-Z_]+)\(/g)].map(([, read, written]) => read ?? written ?? ''),
    ),
  );
  expect(applications.size).toBeGreaterThan(15);
  expect(functions.size).toBeGreaterThan(10);
  const missing: string[] = [];
  for (const [kind, names] of [
    ['application', applications],
    ['function', functions],
  ] as const) {
    for (const name of names) {
      const said = await centre.cli(`core show ${kind} ${name}`);
      if (/^(Your application\(s\) is \(are\) not registered|No function by that name registered)/m.test(said))
        missing.push(`${kind} ${name}`);
    }
  }
  expect(missing).toEqual([]);
});

test('Asterisk starts without a complaint, but for the pattern that takes every number', async () => {
  const log = await readFile(join(centre.asterisk.runDirectory, 'log/messages.log'), 'utf8');
  const untilFirstCall = log.split(/^.*\[C-/m)[0] ?? '';
  const complaints = untilFirstCall.split('\n').filter((line) => /\] (WARNING|ERROR)\[/.test(line));
  // The cities' trunks have addresses for documentation, to which nothing can be sent from the loopback.
  const expected = /'_!' for an extension|not claimed within|eb ?[sS]ocket|stir_shaken|exited non-zero|OPTIONS request/;
  expect(complaints.filter((line) => !expected.test(line))).toEqual([]);
  // Asterisk says so of each phone as often as its phones are read: three phones, added one by one or at once.
  expect(complaints.filter((line) => line.includes('stir_shaken')).length).toBeLessThan(24);
});

test('a controller that comes back takes who waits, and every call is on record once', async () => {
  await withPhones([rings()], async (phones) => {
    const waiting = await centre.dial();
    await waiting.waitFor('answered');
    await centre.startController({ rank: 0, name: 'controller-back' });
    const taken = await centre.api.taken(waiting, 8_000);
    expect(taken.stage).not.toBe('ended');
    await until('it rings the operator', () => only(phones).calls.length > 1);
    await waiting.hangUp();
    const record = await centre.api.recordOf(waiting.callId);
    expect(record).toMatchObject({ recordedBy: 'controller', outcome: 'abandoned' });
  });
  for (const { call, outcome } of dialled) {
    const logged = await centre.api.recordOf(call.callId);
    expect(logged).toMatchObject({ recordedBy: 'cel', outcome });
    expect(logged.endedAt).not.toBeNull();
    expect((await centre.api.timelineOf(logged.id)).map(({ type }) => type)).toEqual(['call.logged']);
    expect((await centre.api.incident(logged.incidentId)).status).toBe('open');
  }
  const rows = await centre.api.sql(
    z.object({ calls: z.coerce.number(), channels: z.coerce.number() }),
    'select count(*) as calls, count(distinct channel_id) as channels from calls',
  );
  expect(rows[0]?.calls).toBe(rows[0]?.channels);
}, 40_000);

test('what the log tells of a call that a controller ended is not told twice, even when all of it is read again', async () => {
  // Read to its end: what came in while no controller lived is many a call.
  const inLog = new Set((await eventLog()).filter((line) => line.includes('"SIAGA_CALL"')).map(uniqueIdIn)).size;
  await until('every call of the log is on record', async () => (await everyCall()).length === inLog, 15_000);
  const before = await everyCall();
  for (const controller of centre.controllers) controller.kill('SIGKILL');
  await Promise.all(centre.controllers.map(({ exited }) => exited));
  await writeFile(join(centre.directory, 'state/journal/cel-position.json'), '{"bytes":0}\n');
  const citizen = await centre.dial({
    ...withLocation(circle(0.5071, 101.4478, 45)),
    accessNetwork: '3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=5101012340ABCDE1;network-provided',
    imei: '35824005-944763-1',
  });
  await citizen.waitFor('answered');
  await citizen.hangUp();
  await centre.startController({ rank: 0, name: 'controller-again' });
  // The last line of the log has been read when this one is there.
  const logged = await centre.api.recordOf(citizen.callId);
  expect(logged).toMatchObject({ recordedBy: 'cel', outcome: 'abandoned' });
  // Nobody was there to ask who calls and from where: the log has it all the same.
  expect(logged.identity).toMatchObject({ number: '+6281234567890', network: 'Telkomsel', trunk: 'telkom' });
  expect(logged.identity?.imei).toMatch(/^35824005944763\d$/);
  expect(logged.bestFix).toMatchObject({ source: 'pidf-lo', radius: 45, district: 'Sail' });
  expect(logged.location.networks).toMatchObject([{ mcc: '510', mnc: '10' }]);
  const after = await everyCall();
  expect(after.filter(({ sip_call_id: id }) => id !== citizen.callId)).toEqual(before);
}, 40_000);

const callRow = z.object({
  sip_call_id: z.string(),
  outcome: z.string().nullable(),
  recorded_by: z.string(),
  lines: z.coerce.number(),
});
function everyCall() {
  return centre.api.sql(
    callRow,
    `select sip_call_id, outcome, recorded_by, (select count(*) from timeline where call_id = calls.id) as lines
     from calls order by arrived_at, id`,
  );
}

/** The caller's channel, by which recordings are named, from Asterisk's own log. */
async function uniqueIdOf(call: Call): Promise<string> {
  const found = (await eventLog()).find((text) => text.includes('SIAGA_CALL') && text.includes(call.callId));
  if (found === undefined) throw new Error(`${call.callId} is not in the event log`);
  return uniqueIdIn(found);
}

async function eventLog(): Promise<string[]> {
  return (await readFile(centre.asterisk.celFile, 'utf8')).split('\n');
}

const uniqueIdIn = (line: string): string => z.object({ uniqueid: z.string() }).parse(JSON.parse(line)).uniqueid;
