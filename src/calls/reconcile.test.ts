import { ask, engage, entered, reserved, supervise, supervisor } from '../../test/support/call-inputs.ts';
import { agencyJoins, ringing, talking, waiting, withAgency } from '../../test/support/calls.ts';
import type { AsteriskChannel } from '../asterisk/translate.ts';
import type { Call } from './call.ts';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { createLogger } from '../platform/logger.ts';
import { compare, keepReconciled, type Correction } from './reconcile.ts';

const channel = (id: string, role?: string, callId = 'call'): AsteriskChannel => ({
  id,
  name: id,
  state: 'Up',
  sipCallId: null,
  callerNumber: null,
  callerName: null,
  dialplanApplication: null,
  variables: role === undefined ? {} : { SIAGA_ROLE: role, ...(role === 'caller' ? {} : { SIAGA_CALL: callId }) },
});
const later = 2_000_000;
/** All the channels listed are in our application. */
const corrections = (
  channels: AsteriskChannel[],
  calls: Call[],
  bridges: string[] = [],
  at = later,
  startedAt: number | null = null,
): Correction[] =>
  compare({ channels, ours: new Set(channels.map((one) => one.id)), bridges, startedAt }, calls, calls, at);

const caller = channel('caller', 'caller');
const operator = channel('call.o1', 'operator');

describe('what was missed while Asterisk could not be heard', () => {
  it('nothing, when all is as the calls know it', () => {
    expect(corrections([caller, operator], [talking().call], ['call.b1'])).toEqual([]);
    expect(corrections([caller], [waiting().call], ['call.b1'])).toEqual([]);
  });

  it('a caller in our application whom nobody knows has arrived', () => {
    expect(corrections([caller], [])).toEqual([{ do: 'arrive', channel: caller }]);
  });

  it('a caller of somebody else has not', () => {
    expect(compare({ channels: [caller], ours: new Set(), bridges: [], startedAt: null }, [], [], later)).toEqual([]);
  });

  it('a caller who is not listed has gone', () => {
    expect(corrections([], [waiting().call])).toEqual([{ do: 'gone', callId: 'call', channelId: 'caller' }]);
  });

  it('a call from before Asterisk started was cut off, unless its caller is there or had hung up', () => {
    const { call } = talking();
    const restarted = (channels: AsteriskChannel[], one: Call, startedAt: number): Correction[] =>
      corrections(channels, [one], [], later, startedAt);
    expect(restarted([], call, call.arrivedAt + 1)).toEqual([{ do: 'cut-off', callId: 'call' }]);
    const gone = (channelId: string): Correction => ({ do: 'gone', callId: 'call', channelId });
    expect(restarted([], call, call.arrivedAt - 1)).toEqual([gone('caller'), gone('call.o1')]);
    expect(restarted([caller], call, call.arrivedAt + 1)).toEqual([gone('call.o1')]);
    const two = withAgency().tell({ type: 'caller-gone', cause: 16 }).call;
    expect(restarted([], two, call.arrivedAt + 1)).toEqual([gone('call.o1'), gone('d1.a1')]);
    expect(restarted([], { ...call, endedAt: later - 1 }, call.arrivedAt + 1)).toEqual([]);
  });

  it('an operator who is not listed has gone, unless he may not have been rung yet', () => {
    expect(corrections([caller], [talking().call])).toEqual([{ do: 'gone', callId: 'call', channelId: 'call.o1' }]);
    expect(corrections([caller], [ringing().call])).toEqual([]);
    const rung = ringing().tell({ type: 'leg-ringing', channelId: 'call.o1' }).call;
    expect(corrections([caller], [rung])).toEqual([{ do: 'gone', callId: 'call', channelId: 'call.o1' }]);
  });

  it('an operator who is in our application and still rings by our books has answered', () => {
    expect(corrections([caller, operator], [ringing().call])).toEqual([
      { do: 'enter', callId: 'call', channelId: 'call.o1' },
    ]);
  });

  it('a party who is not listed has gone, one who is there has answered, and none is hung up', () => {
    const party = channel('call.p2', 'operator');
    const brought = talking().tell(ask('conference'), reserved());
    expect(corrections([caller, operator], [brought.call])).toEqual([]);
    expect(corrections([caller, operator, party], [brought.call])).toEqual([
      { do: 'enter', callId: 'call', channelId: 'call.p2' },
    ]);
    const { call } = brought.tell({ type: 'leg-ringing', channelId: 'call.p2' });
    expect(corrections([caller, operator], [call])).toEqual([{ do: 'gone', callId: 'call', channelId: 'call.p2' }]);
    const there = brought.tell(entered('call.p2')).call;
    expect(corrections([caller, operator, party], [there])).toEqual([]);
  });

  it('an agency that answered without ringing, and is not listed, has gone', () => {
    const call = talking().tell(engage(), ...agencyJoins()).call;
    expect(corrections([caller, operator], [call])).toEqual([{ do: 'gone', callId: 'call', channelId: 'd1.a1' }]);
  });

  it('a leg that its call does not want is hung up', () => {
    expect(corrections([caller, operator, channel('call.o9', 'operator')], [talking().call])).toEqual([
      { do: 'hang-up', channelId: 'call.o9' },
    ]);
  });

  it('a leg in our application of a call that nobody knows any more is sent to its caller', () => {
    const one = channel('x.o1', 'operator', 'x');
    const leg = { ...one, variables: { ...one.variables, SIAGA_CALLER_CHANNEL: 'somebody' } };
    expect(corrections([leg], [])).toEqual([{ do: 'rescue', channelId: 'x.o1' }]);
    expect(compare({ channels: [leg], ours: new Set(), bridges: [], startedAt: null }, [], [], later)).toEqual([]);
  });

  it('one that has no caller is offered: another controller may have its dispatch by now', () => {
    expect(corrections([channel('d1.a1', 'agency', 'd1')], [])).toEqual([{ do: 'offer', channelId: 'd1.a1' }]);
    expect(corrections([channel('x.p1', 'outside', 'x')], [])).toEqual([{ do: 'rescue', channelId: 'x.p1' }]);
  });

  it('what is left of an ended call is ended, after a moment', () => {
    const { call } = withAgency().tell({ type: 'call-ended-by', by: 'token' });
    const at = call.endedAt ?? 0;
    expect(corrections([caller, operator], [call], ['call.b1'], at + 1_000)).toEqual([]);
    expect(corrections([caller, operator], [call], ['call.b1', 'other.b1'], at + 6_000)).toEqual([
      { do: 'hang-up', channelId: 'caller' },
      { do: 'hang-up', channelId: 'call.o1' },
      { do: 'destroy-bridge', bridgeId: 'call.b1' },
    ]);
  });

  it('a leg that came while Asterisk was asked is not missed, nor taken for unwanted', () => {
    const before = [waiting().call];
    const now = [talking().call];
    const listed = { channels: [caller, operator], ours: new Set(['caller', 'call.o1']), bridges: [], startedAt: null };
    expect(compare({ ...listed, channels: [caller] }, before, now, later)).toEqual([]);
    expect(compare(listed, before, now, later)).toEqual([]);
  });

  it('a supervisor or his snoop that nobody wants is hung up; one that is missing has gone; one that came is let in', () => {
    const listens = talking().tell(supervise('listen')).tell(supervisor());
    const leg = channel('call.m2', 'monitor');
    const snoop = { ...channel('call.n3'), name: 'Snoop/caller-1' };
    const all = [caller, operator, leg, snoop];
    expect(corrections([caller, operator, leg], [listens.call])).toEqual([
      { do: 'enter', callId: 'call', channelId: 'call.m2' },
    ]);
    listens.tell(entered('call.m2'));
    expect(corrections(all, [listens.call])).toEqual([{ do: 'enter', callId: 'call', channelId: 'call.n3' }]);
    listens.tell(entered('call.n3'));
    for (const id of ['call.n3', 'call.m2']) {
      listens.tell({ type: 'leg-joined', channelId: id, bridgeId: 'call.b2' });
    }
    expect(corrections(all, [listens.call])).toEqual([]);
    expect(corrections([caller, operator, leg], [listens.call])).toEqual([
      { do: 'gone', callId: 'call', channelId: 'call.n3' },
    ]);
    expect(corrections(all, [talking().call])).toEqual([
      { do: 'hang-up', channelId: 'call.m2' },
      { do: 'hang-up', channelId: 'call.n3' },
    ]);
  });
});

it('a hold of a phone that may have ended while Asterisk could not be heard is forgotten: its limit would cut off who talks', () => {
  const held = talking().tell({ type: 'held-by-phone', channelId: 'call.o1', held: true });
  const { connected, stop } = keepReconciled({
    application: 'siaga-n1-0-1-a',
    ari: { send: () => Promise.reject(new Error('away')), close: () => Promise.resolve() },
    runner: { all: () => [held.call], tell: (_id, input) => held.tell(input) === held },
    clock: fakeClock(),
    logger: createLogger('silent'),
    connected: () => false,
    held: () => false,
    heard: () => [],
    arrive: () => undefined,
    ownedElsewhere: () => false,
  });
  stop();
  expect(held.call.timers['phone-hold']).toBe(held.at + held.call.timing.hold);
  connected();
  expect(held.call).toMatchObject({ phoneHold: null, holding: [] });
  expect(held.call.timers['phone-hold']).toBeUndefined();
});
