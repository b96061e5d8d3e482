import fc from 'fast-check';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { readHep } from './hep.ts';
import { createRefusals, type Refusal } from './refusals.ts';

function chunk(type: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(payload.length + 6, 4);
  return Buffer.concat([head, payload]);
}

function hep(text: string): Buffer {
  const port = Buffer.alloc(2);
  port.writeUInt16BE(5060);
  const body = Buffer.concat([
    chunk(3, Buffer.from([127, 0, 0, 1])),
    chunk(4, Buffer.from([127, 0, 0, 2])),
    chunk(7, port),
    chunk(15, Buffer.from(text)),
  ]);
  const head = Buffer.from('HEP3\0\0');
  head.writeUInt16BE(body.length + 6, 4);
  return Buffer.concat([head, body]);
}

describe('readHep', () => {
  it('reads addresses, port and message', () => {
    expect(readHep(hep('INVITE sip:112@x SIP/2.0\r\n'))).toMatchObject({
      source: { address: '127.0.0.1', port: 5060 },
      destination: { address: '127.0.0.2' },
      text: 'INVITE sip:112@x SIP/2.0\r\n',
    });
  });

  it('never throws, and takes nothing for a message that is none', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => readHep(Buffer.from(bytes)) === null));
    const whole = hep('INVITE sip:112@x SIP/2.0\r\n');
    for (let length = 0; length < whole.length; length += 1) {
      expect([length, readHep(whole.subarray(0, length))]).toEqual([length, null]);
    }
  });
});

describe('refused INVITEs', () => {
  const start = (known: string[] = []) => {
    const clock = fakeClock(1_000_000);
    const told: Refusal[] = [];
    const refusals = createRefusals({
      clock,
      userAgent: 'Siaga 112',
      known: (sipCallId) => known.includes(sipCallId),
      onRefusal: (refusal) => told.push(refusal),
    });
    const sip = (firstLine: string, headers = ''): void => {
      const text = `${firstLine}\r\nCall-ID: a@b\r\nCSeq: 1 INVITE\r\nTo: <sip:112@x>\r\n${headers}\r\n`;
      refusals.inspect({
        source: { address: '10.0.0.9', port: 5060 },
        destination: { address: '', port: 0 },
        at: 0,
        text,
      });
    };
    const later = (ms: number): void => {
      clock.advance(ms);
      refusals.sweep();
    };
    return { sip, later, told };
  };
  const invite = 'INVITE urn:service:sos SIP/2.0';

  it.each([
    ['sip:*11101*123456@x', 'From: <sip:0812@carrier>;tag=1\r\n', 0],
    ['sip:0812345678@x', 'From: "112" <sip:op-a1b2@x>;tag=1\r\n', 0],
    ['sip:112@x', 'From: "112" <sip:op-a1b2@x>;tag=1\r\n', 1],
  ])('of what an operator dials for himself (%s) only 112 is told: it may be a PIN', (uri, from, times) => {
    const { sip, later, told } = start();
    sip(`INVITE ${uri} SIP/2.0`, from);
    sip('SIP/2.0 488 Not Acceptable Here');
    later(3_000);
    expect(told).toHaveLength(times);
  });

  it('are told with status, reason and source when no call came of them', () => {
    const { sip, later, told } = start();
    sip(invite);
    sip('SIP/2.0 420 Bad Extension');
    later(1_000);
    expect(told).toEqual([]);
    later(1_500);
    expect(told).toMatchObject([
      {
        sipCallId: 'a@b',
        status: 420,
        reason: 'Bad Extension',
        source: '10.0.0.9:5060',
        requestUri: 'urn:service:sos',
      },
    ]);
    later(10_000);
    expect(told).toHaveLength(1);
  });

  it('are told when nothing was answered at all', () => {
    const { sip, later, told } = start();
    sip(invite);
    later(7_000);
    expect(told).toMatchObject([{ status: null }]);
  });

  it.each([
    ['answered', 'SIP/2.0 200 OK'],
    ['cancelled by the caller', 'SIP/2.0 487 Request Terminated'],
    ['asked for a password', 'SIP/2.0 401 Unauthorized'],
    ['ringing', 'SIP/2.0 180 Ringing'],
  ])('are none when the INVITE was %s', (_what, answer) => {
    const { sip, later, told } = start();
    sip(invite);
    sip(answer);
    later(20_000);
    expect(told).toEqual([]);
  });

  it('are none when the call is known, or the INVITE is our own', () => {
    const known = start(['a@b']);
    known.sip(invite);
    known.sip('SIP/2.0 486 Busy Here');
    known.later(20_000);
    const own = start();
    own.sip(invite, 'User-Agent: Siaga 112\r\n');
    own.sip('SIP/2.0 486 Busy Here');
    own.later(20_000);
    expect([...known.told, ...own.told]).toEqual([]);
  });
});
