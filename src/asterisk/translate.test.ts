import fc from 'fast-check';
import { callerId } from './legs.ts';
import { readContactStatus } from './contact-monitor.ts';
import { decodeVariable, notToBeTold, readPacketsReceived, translate } from './translate.ts';

const channel = {
  id: 'n1-1795325501.2',
  name: 'PJSIP/carrier-loopback-00000000',
  state: 'Ring',
  protocol_id: '1-12168@127.0.0.1',
  caller: { name: 'sipp', number: '0811' },
  connected: { name: '', number: '' },
  dialplan: { context: 'siaga-112', exten: 's', priority: 21, app_name: 'StasisBroadcast', app_data: '' },
  creationtime: '2026-11-22T05:31:41.504+0000',
  channelvars: { SIAGA_ROLE: 'caller', SIAGA_PAI: '%3Csip%3A%2B62811%40x%3E', SIAGA_CNI: '', SIAGA_FROM: '%22cut%2' },
};
const frame = (type: string, rest: object = {}): string => JSON.stringify({ type, channel, ...rest });

describe('the packets that came from a channel', () => {
  it.each([
    [{ txcount: 3, rxcount: 812, rxjitter: 0.1 }, 812],
    [{ rxcount: 0 }, 0],
    [{ txcount: 3 }, null],
    [{ rxcount: 'many' }, null],
    [null, null],
  ])('in %j are %p', (body, received) => {
    expect(readPacketsReceived(body)).toBe(received);
  });
});

describe('translate', () => {
  it.each([
    ['ChannelTalkingStarted', true],
    ['ChannelTalkingFinished', false],
  ])('reads from %s whether somebody speaks', (type, talking) => {
    expect(translate(frame(type, { duration: 812 }))).toEqual({
      kind: 'event',
      event: { type: 'talk-detected', channelId: channel.id, talking },
    });
  });

  it('reads a call that enters, its variables decoded, also one that was cut, empty ones left out', () => {
    expect(translate(frame('StasisStart', { args: ['caller'] }))).toEqual({
      kind: 'event',
      event: {
        type: 'entered',
        arguments: ['caller'],
        channel: {
          id: 'n1-1795325501.2',
          name: 'PJSIP/carrier-loopback-00000000',
          state: 'Ring',
          sipCallId: '1-12168@127.0.0.1',
          callerNumber: '0811',
          callerName: 'sipp',
          dialplanApplication: 'StasisBroadcast',
          variables: { SIAGA_ROLE: 'caller', SIAGA_PAI: '<sip:+62811@x>', SIAGA_FROM: '"cut' },
        },
      },
    });
  });

  it.each([
    [
      'ChannelDestroyed',
      { cause: 17, cause_txt: 'User busy' },
      { type: 'destroyed', cause: 17, causeText: 'User busy' },
    ],
    ['ChannelHangupRequest', {}, { type: 'hang-up-requested', cause: null }],
    ['StasisEnd', {}, { type: 'left' }],
    ['ChannelStateChange', {}, { type: 'state-changed', state: 'Ring' }],
    ['ChannelEnteredBridge', { bridge: { id: 'b' } }, { type: 'joined-bridge', bridgeId: 'b' }],
    ['ChannelHold', {}, { type: 'held', held: true }],
    ['ChannelUnhold', {}, { type: 'held', held: false }],
    ['ChannelDtmfReceived', { digit: '1', timestamp: 't' }, { type: 'key-pressed', key: '1', stamp: 't' }],
  ])('reads %s', (type, rest, event) => {
    expect(translate(frame(type, rest))).toEqual({ kind: 'event', event: { channelId: channel.id, ...event } });
  });

  it.each([
    ['not JSON', '{"type":'],
    ['nothing', ''],
    ['no type', '{"channel":{}}'],
    ['null', 'null'],
    ['an event without its channel', '{"type":"StasisStart","args":[]}'],
    ['a cause that is no number', frame('ChannelDestroyed', { cause: 'busy' })],
  ])('says that %s is malformed', (_what, text) => {
    expect(translate(text).kind).toBe('malformed');
  });

  it.each(['ChannelVarset', 'SomethingNew', '__proto__', 'constructor', 'toString'])('ignores %s', (type) => {
    expect(translate(frame(type)).kind).toBe('ignored');
  });

  it('acts on nothing that Asterisk is asked not to tell', () => {
    expect(notToBeTold.filter((type) => translate(frame(type)).kind !== 'ignored')).toEqual([]);
  });

  it.each([
    ['%22Caf%C3', '"Caf'],
    ['abc%E2%82', 'abc'],
    ['abc%F0%9F%94%2', 'abc'],
    ['abc%', 'abc'],
    ['%', '%'],
    ['%FF%FEx%3D1', '\ufffd\ufffdx=1'],
    ['%22%FF%22%20%3Csip:0811@x%3E%zé', '"\ufffd" <sip:0811@x>%zé'],
    ['', ''],
  ])('decodes %s', (value, text) => expect(decodeVariable(value)).toBe(text));

  it('never throws', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => translate(text).kind !== 'event'));
  });
});

describe('callerId', () => {
  it('shows name and number', () => expect(callerId('Warga', '+62811')).toBe('"Warga" <+62811>'));
  it('shows the number for a name that is missing', () => expect(callerId(null, '0811')).toBe('"0811" <0811>'));
  it('shows who has no number as anonymous', () => expect(callerId(null, null)).toBe('"anonymous" <anonymous>'));

  it('holds nothing that could end the header, whoever calls', () => {
    const anything = fc.option(fc.string({ unit: 'binary', maxLength: 200 }));
    fc.assert(
      fc.property(anything, anything, (name, number) => {
        const shown = callerId(name, number);
        expect(shown).toMatch(/^"[^"\r\n\\<>]{1,40}" <[A-Za-z0-9+*#._-]{1,40}>$/);
      }),
    );
  });
});

describe('readContactStatus', () => {
  it.each([
    ['Created', true],
    ['Reachable', true],
    ['NonQualified', true],
    ['Removed', false],
    ['Unreachable', false],
  ])('%s', (contactstatus, present) => {
    expect(readContactStatus({ aor: 'op-1', contactstatus })).toEqual({ endpoint: 'op-1', present });
  });
  it.each([
    ['sip:op-1@192.0.2.7:5060', 'udp'],
    ['sip:op-1@192.0.2.7:5060;transport=UDP', 'udp'],
    ['sip:op-1@192.0.2.7:40122;transport=TLS;x=1', 'tls'],
    ['sips:op-1@192.0.2.7', 'tls'],
    ['sip:op-1@192.0.2.7;transport=tcp', 'tcp'],
  ])('tells what %s registered over', (uri, transport) => {
    const event = { aor: 'op-1', contactstatus: 'Updated', uri };
    expect(readContactStatus(event)).toEqual({ endpoint: 'op-1', present: true, transport });
  });
  it('says nothing of other states', () => expect(readContactStatus({ aor: 'op-1', contactstatus: 'Odd' })).toBeNull());
  it.each([
    ['Reachable', { present: true }],
    ['Unreachable', { present: false }],
    ['Created', null],
    ['Removed', null],
  ])('of a trunk that is asked, %s', (contactstatus, told) => {
    const contact = { aor: 'trunks', contactstatus, uri: 'sip:113@192.0.2.1:5060' };
    const expected = told && { endpoint: 'trunks', uri: contact.uri, ...told };
    expect(readContactStatus(contact)).toEqual(expected);
  });
  it('says nothing of another event', () => expect(readContactStatus({ event: 'X' })).toBeNull());
});
