import { createCelGatherer, readCelLine, type CelEvent } from './cel.ts';
import type { LoggedCall } from './entry.ts';

const line = (over: Record<string, string>): string =>
  JSON.stringify({
    eventtype: 'CHAN_START',
    eventtime: '1795325501.508087',
    name: 'Warga',
    num: '0811',
    context: 'siaga-112',
    channame: 'PJSIP/carrier-telkomsel-00000001',
    appname: '',
    uniqueid: 'n1-1795325501.2',
    linkedid: 'n1-1795325501.2',
    peer: '',
    userdeftype: '',
    eventextra: '',
    ...over,
  });
const event = (over: Record<string, string>): CelEvent => {
  const read = readCelLine(line(over));
  if (read === null) throw new Error('unreadable');
  return read;
};
const gather = (...events: CelEvent[]): LoggedCall[] => {
  const ended: LoggedCall[] = [];
  const gatherer = createCelGatherer({ node: 'n1', onEnded: (call) => ended.push(call) });
  events.forEach(gatherer.take);
  return ended;
};
const sipCall = event({ eventtype: 'SIAGA_CALL', userdeftype: 'SIAGA_CALL', eventextra: '{"extra":"a@b"}' });

describe("Asterisk's event log", () => {
  it('says of a call to the backup centre that the centre was evacuated', () => {
    const evacuated = event({ eventtype: 'SIAGA_EVACUATED', userdeftype: 'SIAGA_EVACUATED' });
    const end = event({ eventtype: 'CHAN_END' });
    const talked = gather(sipCall, evacuated, event({ eventtype: 'BRIDGE_ENTER' }), end);
    expect(talked).toMatchObject([{ outcome: 'human-path', reason: 'evacuated' }]);
    expect(gather(sipCall, evacuated, end)).toMatchObject([
      { outcome: 'abandoned', reason: 'evacuated; hung up before anybody answered' },
    ]);
  });

  it('has 112 dialled at a desk as a call of the desk, and nothing else that is dialled there', () => {
    const channame = 'PJSIP/op-0123456789abcdef-00000001';
    const start = event({ channame });
    const end = event({ eventtype: 'CHAN_END', channame });
    expect(gather(start, end)).toEqual([]);
    const named = event({
      eventtype: 'SIAGA_CALL',
      userdeftype: 'SIAGA_CALL',
      eventextra: '{"extra":"a@b"}',
      channame,
    });
    expect(gather(start, named, end)).toMatchObject([{ sipCallId: 'a@b', origin: { carrier: 'desk' } }]);
  });

  it('has no made-up call, and no crew that reports, unless it says that it is an emergency', () => {
    const crew = event({ eventtype: 'SIAGA_CREW', userdeftype: 'SIAGA_CREW', eventextra: '{"extra":"c@d"}' });
    const end = event({ eventtype: 'CHAN_END' });
    expect(gather(event({}), crew, event({ eventtype: 'ANSWER' }), end)).toEqual([]);
    const probe = event({ eventtype: 'SIAGA_PROBE', userdeftype: 'SIAGA_PROBE', eventextra: '{"extra":"e@f"}' });
    expect(gather(event({}), probe, event({ eventtype: 'ANSWER' }), end)).toEqual([]);
    expect(gather(event({}), crew, sipCall, end)).toMatchObject([{ sipCallId: 'a@b' }]);
    const gatherer = createCelGatherer({ node: 'n1', onEnded: () => undefined });
    [event({}), crew].forEach((one) => gatherer.take(one));
    expect([gatherer.sawSipCall('c@d'), gatherer.oldest()]).toEqual([true, null]);
  });

  it('makes a record of a call that the human path answered', () => {
    const calls = gather(
      event({}),
      sipCall,
      event({ eventtype: 'ANSWER', eventtime: '1795325502.0' }),
      event({ eventtype: 'BRIDGE_ENTER', eventtime: '1795325503.0' }),
      event({ eventtype: 'CHAN_END', eventtime: '1795325509.25' }),
    );
    expect(calls).toMatchObject([
      {
        node: 'n1',
        channelId: 'n1-1795325501.2',
        sipCallId: 'a@b',
        callerNumber: '0811',
        arrivedAt: 1_795_325_501_508,
        answeredAt: 1_795_325_502_000,
        firstTalkAt: 1_795_325_503_000,
        endedAt: 1_795_325_509_250,
        outcome: 'human-path',
      },
    ]);
  });

  it('keeps what the dialplan noted of the INVITE, cut values as well, and nothing that is not noted', () => {
    const noted = (extra: string): CelEvent =>
      event({ eventtype: 'SIAGA_NOTED', userdeftype: 'SIAGA_NOTED', eventextra: JSON.stringify({ extra }) });
    const [call] = gather(
      event({}),
      sipCall,
      noted('SIAGA_FROM=%22Warga%22%20%3Csip%3A0811%40a%3E'),
      noted('SIAGA_PANI=3GPP-GERAN%3Bcgi-3gpp%3D51010%2'),
      noted('SIAGA_DIALLED=112'),
      noted('__proto__=x'),
      noted('SIAGA_CONTACT='),
      event({ eventtype: 'CHAN_END' }),
    );
    expect(call?.origin).toEqual({
      sipCallId: 'a@b',
      callerNumber: '0811',
      callerName: 'Warga',
      carrier: 'telkomsel',
      dialled: '112',
      source: null,
      headers: {
        From: '"Warga" <sip:0811@a>',
        'P-Access-Network-Info': '3GPP-GERAN;cgi-3gpp=51010',
      },
      location: null,
    });
  });

  it('calls it abandoned when nobody talked with the caller', () => {
    expect(gather(event({}), event({ eventtype: 'CHAN_END' }))).toMatchObject([{ outcome: 'abandoned' }]);
  });

  it('gives a call the same id whoever reads it', () => {
    const [first] = gather(event({}), event({ eventtype: 'CHAN_END' }));
    const [again] = gather(event({}), event({ eventtype: 'CHAN_END', eventtime: '1795325599.0' }));
    expect(first?.id).toBe(again?.id);
    expect(first?.id).not.toBe(first?.incidentId);
  });

  it.each([
    ["an operator's leg", { channame: 'PJSIP/op-1-00000001' }],
    ["a leg of somebody else's call", { linkedid: 'n1-1.1' }],
    ['the guardian', { channame: 'Local/s@guardian-0;2' }],
  ])('makes no record of %s', (_what, over) => {
    expect(gather(event(over), event({ ...over, eventtype: 'CHAN_END' }))).toEqual([]);
  });

  it.each(['', '{', '[]', '{"eventtype":1}', line({ eventextra: '{torn' })])('reads nothing from %j', (text) => {
    expect(readCelLine(text)).toBeNull();
  });

  it('is bounded', () => {
    const ended: LoggedCall[] = [];
    const gatherer = createCelGatherer({ node: 'n1', onEnded: (call) => ended.push(call), limit: 2 });
    for (const id of ['n1-1.1', 'n1-1.2', 'n1-1.3']) gatherer.take(event({ uniqueid: id, linkedid: id }));
    for (const id of ['n1-1.1', 'n1-1.2', 'n1-1.3']) {
      gatherer.take(event({ uniqueid: id, linkedid: id, eventtype: 'CHAN_END' }));
    }
    expect(ended.map((call) => call.channelId)).toEqual(['n1-1.2', 'n1-1.3']);
  });
});
