import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { answers, rings, type SipMessage } from '../../scripts/sip/phone.mjs';
import type { CallView } from '../../src/calls/view.ts';
import { carriers, type Centre } from '../support/centre.ts';
import { startCentre } from '../support/start-centre.ts';
import { timePasses, until } from '../support/rest.ts';
import { offer, WireCall, type WireOptions } from '../support/wire.ts';

let centre: Centre;
const open: WireCall[] = [];
const callRow = z.object({ records: z.number(), outcomes: z.number(), calls: z.number() });
const outcomeRow = z.object({ outcome: z.string().nullable(), sip_call_id: z.string().nullable() });

beforeAll(async () => {
  centre = await startCentre({ name: 'bad-input', operators: 2 });
  await centre.operatorPhones(answers());
}, 60_000);
afterAll(() => centre.stop(), 30_000);
afterEach(async () => {
  for (const wire of open.splice(0)) {
    await wire.hangUp();
    wire.close();
  }
  await centre.clear();
  // Whatever came in: nothing was so odd that a record could not be kept, and nobody has died of it.
  expect(await centre.api.alarms('record-refused')).toEqual([]);
  expect(centre.controllers.map(({ ended }) => ended)).toEqual([null]);
  expect(centre.asterisk.ended).toBeNull();
});

async function wireCall(options: Partial<WireOptions> = {}): Promise<WireCall> {
  const wire = await WireCall.open({ server: centre.asterisk.sip, address: carriers.telkom, ...options });
  open.push(wire);
  return wire;
}

/** Calls as told, talks with the operator, hangs up; the one record of it. */
async function fullCall(
  options: Partial<WireOptions>,
): Promise<{ answer: SipMessage; record: CallView; wire: WireCall }> {
  const wire = await wireCall(options);
  const answer = await wire.talk();
  const call = await centre.api.taken(wire);
  await centre.feed.waitFor('operator.talking', { callId: call.id });
  await wire.hangUp();
  const record = await centre.api.recordOf(wire.callId);
  expect(record).toMatchObject({ outcome: 'answered', recordedBy: 'controller', stage: 'ended' });
  return { answer, record, wire };
}

/** Records with an outcome of calls that came since then. */
function arrivedSince(began: number): Promise<z.output<typeof outcomeRow>[]> {
  // One that was given back has its outcome when Asterisk's log has told of its end.
  const all =
    "select outcome, sip_call_id from calls where arrived_at >= to_timestamp($1) and outcome is not null and outcome <> 'returned'";
  return centre.api.sql(outcomeRow, all, [began / 1_000]);
}

/** The dialplan keeps so much of a header. */
const kept = 512;

describe('callers that no phone would make are answered like any other', () => {
  test('without a number', async () => {
    const { record } = await fullCall({ from: '"Anonymous" <sip:anonymous@anonymous.invalid>' });
    expect(record).toMatchObject({ callerNumber: null });
    expect(centre.phones.flatMap((phone) => phone.calls).at(-1)?.from.user).toBe('anonymous');
  });

  test('with From that has no user part, an empty display name, and no name at all', async () => {
    expect((await fullCall({ from: '<sip:127.0.0.1>' })).record.callerNumber).toBeNull();
    expect((await fullCall({ from: '"" <sip:0812@127.0.0.1>' })).record.callerNumber).toBe('0812');
    expect((await fullCall({ from: 'sip:0813@127.0.0.1' })).record.callerNumber).toBe('0813');
  });

  test('with a display name of 4 KB, and one of 3 KB, of which the beginning is kept', async () => {
    const long = await fullCall({ from: `"${'x'.repeat(4_096)}" <sip:0812@127.0.0.1>` });
    expect(long.record.callerNumber).toBe('0812');
    const { record } = await fullCall({ from: `"${'y'.repeat(3_000)}" <sip:0812@127.0.0.1>` });
    expect(record.callerNumber).toBe('0812');
    expect(record.headers['From']).toMatch(/^"yyyy/);
    expect(record.headers['From']?.length).toBe(kept);
  });

  test('with SQL in the display name, the number and the asserted identity', async () => {
    const sql = "Robert'); DROP TABLE calls; --";
    const { record } = await fullCall({
      from: `"${sql}" <sip:0812%27%3B%20drop@127.0.0.1>`,
      headers: [`P-Asserted-Identity: "${sql}" <sip:0812'or'1'='1@127.0.0.1>`],
    });
    expect(record.headers['P-Asserted-Identity']).toContain('DROP TABLE');
    expect(record.callerName).toContain('DROP TABLE');
  });

  test('with control characters in display name and identity', async () => {
    const odd = '\u0001\u0007\u001b[31m\u0008\u007f\u0085\u202e';
    const { record } = await fullCall({
      from: `"A${odd}B" <sip:0812@127.0.0.1>`,
      headers: [`P-Asserted-Identity: "C${odd}D" <sip:0813@127.0.0.1>`],
    });
    expect(record.outcome).toBe('answered');
    // What the operator's phone is shown has none of them.
    const shown = centre.phones.flatMap((phone) => phone.calls).at(-1)?.from.name ?? '';
    expect(shown).toMatch(/^[\p{L}\p{N} .,'+*#-]*$/u);
  });

  test('with a percent-encoded line break in name and number: no header is born of it', async () => {
    const { record } = await fullCall({
      from: '"Evil%0d%0aX-Injected: yes" <sip:0812%0d%0aX-Injected:%20yes@127.0.0.1>',
    });
    expect(record.outcome).toBe('answered');
    const rung = centre.phones.flatMap((phone) => phone.calls).at(-1);
    expect(rung?.header('X-Injected')).toBeUndefined();
  });

  test('with bytes that are no UTF-8', async () => {
    const bytes = Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0xed, 0xa0, 0x80, 0xf8, 0x88]);
    const { record } = await fullCall({
      headers: [
        Buffer.concat([Buffer.from('P-Asserted-Identity: "'), bytes, Buffer.from('" <sip:0812@127.0.0.1>')]),
        Buffer.concat([Buffer.from('Call-Info: <'), bytes, Buffer.from('>')]),
        Buffer.concat([Buffer.from('P-Access-Network-Info: '), bytes]),
      ],
    });
    expect(record.outcome).toBe('answered');
  });

  test('with bytes that are no UTF-8 in From', async () => {
    const name = Buffer.from([0x22, 0xff, 0xfe, 0xc3, 0x28, 0x22]).toString('latin1');
    const { record } = await fullCall({ from: `${name} <sip:0812@127.0.0.1>`, encoding: 'latin1' });
    expect(record.callerNumber).toBe('0812');
  });

  test('with a header of 60 KB', async () => {
    const { record } = await fullCall({ headers: [`X-Long: ${'y'.repeat(60_000)}`] });
    expect(record.outcome).toBe('answered');
  });

  test('with an access network of 3 KB, of which the beginning is kept', async () => {
    const value = `3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=5101${'%'.repeat(3_000)}`;
    const { record } = await fullCall({ headers: [`P-Access-Network-Info: ${value}`] });
    expect(record.headers['P-Access-Network-Info']).toContain('utran-cell-id-3gpp=5101');
  });

  test('with a Call-ID of brackets, quotes and commas', async () => {
    const { record } = await fullCall({ callId: `a)b:"c,d(e\\f${'g'.repeat(200)}` });
    expect(record.outcome).toBe('answered');
  });

  test('with a Call-ID that is no UTF-8: no event can tell of it, and a person answers all the same', async () => {
    const began = Date.now();
    const upcoming = Promise.race(centre.phones.map((phone) => centre.upcoming(phone)));
    const wire = await wireCall({ callId: `\u00ff\u00fe${Date.now()}`, encoding: 'latin1' });
    await wire.talk();
    await (await upcoming).waitFor('answered');
    await wire.hangUp();
    const rows = (): Promise<z.output<typeof outcomeRow>[]> => arrivedSince(began);
    await until("Asterisk's event log has told of it", async () => (await rows()).length === 1, 15_000);
    expect(await rows()).toEqual([{ outcome: 'human-path', sip_call_id: null }]);
  });

  test('with a name that closes brackets it never opened: the header is kept all the same', async () => {
    const { record } = await fullCall({
      from: '"a)b:c}d]e)" <sip:0812@127.0.0.1>',
      headers: ['P-Access-Network-Info: )):0:1 ${CHANNEL(name)} $[1+1] ${EVAL(${UNIQUEID})}'],
    });
    expect(record.headers['From']).toContain('<sip:0812@127.0.0.1>');
    // And nothing in it is taken for a variable.
    expect(record.headers['P-Access-Network-Info']).toContain('${CHANNEL(name');
  });

  test('with headers of nothing but closing brackets: none of it stands in the log of Asterisk', async () => {
    const names = ['P-Asserted-Identity', 'Remote-Party-ID', 'P-Access-Network-Info', 'Call-Info'];
    const { record } = await fullCall({ headers: names.map((name) => `${name}: ${')'.repeat(600)}`) });
    expect(record.headers['Call-Info']).toMatch(/^）{300}/);
    const log = await readFile(join(centre.asterisk.runDirectory, 'log/messages.log'), 'utf8');
    expect(log).not.toMatch(/trailing parenthesis|%EF%BC%89/);
  });

  test('without a SIM: anonymous, the IMEI in Contact', async () => {
    const { record } = await fullCall({
      from: '<sip:anonymous@anonymous.invalid>',
      contact: '<sip:{address}:5070>;+sip.instance="<urn:gsma:imei:90420156-025763-0>"',
    });
    expect(record.callerNumber).toBeNull();
    expect(record.headers['Contact']).toContain('urn:gsma:imei:90420156-025763-0');
  });
});

describe('any number or URI that a carrier dials is 112', () => {
  const uris: [string, string][] = [
    ['sip:0761123@127.0.0.1', '0761123'],
    ['tel:112', '112'],
    ['sip:+6281234567890@127.0.0.1', '+6281234567890'],
    ['sip:%31%31%32@127.0.0.1', '112'],
    ['sip:112;phone-context=+62@127.0.0.1;user=phone', '112;phone-context=+62'],
    ['sip:sos%20%22%3b@127.0.0.1', 'sos ";'],
    [`sip:${'9'.repeat(70)}@127.0.0.1`, '9'.repeat(70)],
    ['sip:sos%29%3a0%2812@127.0.0.1', 'sos）:0(12'],
    ['sip:127.0.0.1', 's'],
  ];
  test.each(uris)('%s', async (uri, dialled) => {
    const { record } = await fullCall({ uri, to: `<${uri}>` });
    expect(record.dialled).toBe(dialled);
  });
});

test('a session timer that is too short is no reason to refuse', async () => {
  const { answer } = await fullCall({ headers: ['Supported: timer', 'Session-Expires: 30'] });
  expect(answer.status).toBe(200);
});

describe('offers', () => {
  test('AMR beside what we speak: the caller hears us', async () => {
    const body = offer(['98 AMR/8000', '99 AMR-WB/16000', '8 PCMA/8000']);
    const { answer, wire } = await fullCall({ body });
    expect(answer.body).toMatch(/^m=audio \d+ RTP\/AVP .*\b8\b/m);
    expect(wire.packets.filter(({ payload }) => payload === 8).length).toBeGreaterThan(0);
    expect(wire.packets.filter(({ payload }) => payload === 98 || payload === 99)).toEqual([]);
  });

  test('SRTP keys in a plain offer are taken up', async () => {
    const crypto = 'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz';
    const { answer } = await fullCall({ body: offer(['8 PCMA/8000'], [crypto]) });
    expect(answer.body).toMatch(/^a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:/m);
  });

  test('no offer at all: we make one', async () => {
    const wire = await wireCall({ body: '' });
    wire.invite();
    const answer = await wire.answered();
    expect(answer.status).toBe(200);
    expect(answer.body).toContain('m=audio');
    wire.ack();
    await wire.hangUp();
    expect((await centre.api.recordOf(wire.callId)).outcome).not.toBeNull();
  });

  test('a location that is no XML beside the offer', async () => {
    const parts = [
      '--grenze',
      'Content-Type: application/sdp',
      '',
      offer(),
      '--grenze',
      'Content-Type: application/pidf+xml',
      'Content-ID: <lokasi@carrier>',
      '',
      '<presence xmlns="urn:ietf:params:xml:ns:pidf"><tuple><status><gp:geopriv>&broken;<<</presence>',
      '--grenze--',
      '',
    ];
    const { record } = await fullCall({
      headers: ['Geolocation: <cid:lokasi@carrier>', 'Geolocation-Routing: yes'],
      contentType: 'multipart/mixed;boundary=grenze',
      body: parts.join('\r\n'),
    });
    expect(record.headers['Geolocation']).toContain('cid:lokasi@carrier');
  });
});

describe('callers who are gone as soon as they came', () => {
  // Nobody answers whom the caller has not waited for, however slow the machine is.
  beforeEach(() => centre.phones.forEach((phone) => phone.behave(rings())));
  afterAll(() => centre.phones.forEach((phone) => phone.behave(answers())));
  const takeCalls = (): void => centre.phones.forEach((phone) => phone.behave(answers()));

  test('BYE right behind the 200', async () => {
    const wire = await wireCall();
    await wire.talk();
    wire.bye();
    expect((await centre.api.recordOf(wire.callId)).outcome).toBe('abandoned');
  });

  test('BYE before any answer', async () => {
    const wire = await wireCall();
    wire.invite();
    wire.bye();
    const final = await wire.answered();
    if (final.status === 200) {
      wire.ack();
      await wire.hangUp();
    }
    expect((await centre.api.recordOf(wire.callId)).outcome).toBe('abandoned');
  });

  test('a 200 that is never acknowledged', async () => {
    takeCalls();
    const wire = await wireCall();
    wire.invite();
    await wire.answered();
    const call = await centre.api.taken(wire);
    await centre.feed.waitFor('operator.talking', { callId: call.id });
    wire.bye();
    expect((await centre.api.recordOf(wire.callId)).outcome).toBe('answered');
  });

  test('CANCEL at every moment of the first half second leaves one record each, with an outcome', async () => {
    const delays = [0, 5, 10, 15, 20, 30, 40, 60, 90, 130, 200, 300];
    const began = Date.now();
    const wires = await Promise.all(
      delays.map(async (delay) => {
        const wire = await wireCall();
        wire.invite();
        await timePasses(delay);
        wire.cancel();
        return wire;
      }),
    );
    for (const wire of wires) {
      const { status } = await wire.answered();
      if (status !== 200) continue;
      wire.ack();
      await wire.hangUp();
    }
    // One that was gone before the dialplan began is known to Asterisk's event log by its channel only.
    const rows = (): Promise<z.output<typeof outcomeRow>[]> => arrivedSince(began);
    await until('every call has its outcome', async () => (await rows()).length === delays.length, 15_000);
    expect((await rows()).filter(({ outcome }) => outcome !== 'abandoned')).toEqual([]);
  }, 40_000);

  test('the same INVITE twice is one call', async () => {
    takeCalls();
    const wire = await wireCall();
    wire.invite();
    wire.invite();
    const answer = await wire.answered();
    expect(answer.status).toBe(200);
    wire.ack();
    const call = await centre.api.taken(wire);
    await centre.feed.waitFor('operator.talking', { callId: call.id });
    await wire.hangUp();
    expect((await centre.api.recordOf(wire.callId)).outcome).toBe('answered');
  });
});

test('every call of this file has exactly one record, and each an outcome', async () => {
  const count = async () => {
    const [row] = await centre.api.sql(
      callRow,
      'select count(*)::int as records, count(outcome)::int as outcomes, count(distinct channel_id)::int as calls from calls',
    );
    return row;
  };
  await until('each has its outcome', async () => {
    const row = await count();
    return row !== undefined && row.records === row.outcomes;
  });
  const row = await count();
  expect(row?.records).toBeGreaterThan(0);
  expect(row?.records).toBe(row?.calls);
});
