import { engage, entered, gone } from '../../test/support/call-inputs.ts';
import {
  agencyJoins,
  joined,
  talking,
  testDispatch,
  waiting,
  withAgency,
  type Story,
  type Told,
} from '../../test/support/calls.ts';
import { incidentNumber } from '../incidents/incident-number.ts';

const digits = Array.from(incidentNumber('incident'), (digit) => `digit-${digit}`);

describe('a dispatch of a call', () => {
  it('rings the agency with all that a worker needs', () => {
    const call = talking().tell(engage());
    expect(call.effects).toEqual([
      {
        do: 'ring-agency',
        job: {
          attemptId: 'd1.a1',
          callId: 'call',
          incidentId: 'incident',
          dispatchId: 'd1',
          mode: 'bridge',
          kind: null,
          application: 'siaga-1',
          channelId: 'd1.a1',
          endpoint: 'agency',
          uri: 'sip:113@agency-1',
          callerNumber: '0761112',
          callInfo:
            '<urn:emergency:uid:callid:call>;purpose=emergency-CallId,' +
            '<urn:emergency:uid:incidentid:incident>;purpose=emergency-IncidentId',
          location: null,
          callerChannelId: 'caller',
          ring: 30_000,
          inLine: false,
          expiresAt: call.at + 2_000,
        },
      },
    ]);
    expect(call.timers).toEqual({ 'dispatch:d1': call.at + 2_500 });
  });

  it('by bridge: the agency hears who it is, presses 1, and three talk', () => {
    const call = talking().tell(engage());
    call.tell({ type: 'leg-ringing', channelId: 'd1.a1' });
    expect(call.effects).toEqual([]);
    call.tell(entered('d1.a1'));
    expect(call.effects).toEqual([
      {
        do: 'announce',
        channelId: 'd1.a1',
        soundId: 'd1.a1.s1',
        prompts: ['announcement-intro', 'incident-number', ...digits, 'announcement-keys'],
      },
    ]);
    expect(call.call.operator?.state).toBe('joined');
    call.tell({ type: 'key-pressed', channelId: 'd1.a1', key: '1' });
    expect(call.effects).toEqual([
      { do: 'stop-sound', channelId: 'd1.a1', soundId: 'd1.a1.s1', music: false },
      { do: 'join', bridgeId: 'call.b1', channelId: 'd1.a1', absorbKeys: true },
    ]);
    expect(call.call.dispatches[0]?.state).toBe('accepted');
    call.tell(joined('d1.a1'));
    expect(call.effects).toEqual([]);
    expect(call.call).toMatchObject({ stage: 'talking', operator: { state: 'joined' } });
    expect(call.timers).toEqual({});
    expect(call.call.dispatches[0]).toMatchObject({ state: 'joined', joinedAt: call.at });
  });

  it('says what is known when the agency answers, and again what is known by then', () => {
    const changed = (change: { kind?: string; district?: string }): Told => ({
      type: 'incident-changed',
      change,
      by: 'op1',
      dispatches: [],
    });
    const said = (call: Story): string[] =>
      call.effects.flatMap((effect) => (effect.do === 'announce' ? [`${effect.soundId} ${effect.prompts[1]}`] : []));
    const call = talking()
      .tell(engage())
      .tell(changed({ kind: 'fire' }), entered('d1.a1'));
    expect(said(call)).toEqual(['d1.a1.s1 kind-fire']);
    call.tell(changed({ kind: 'flood', district: 'Sail' }), { type: 'key-pressed', channelId: 'd1.a1', key: '2' });
    expect(said(call)).toEqual(['d1.a1.s2 kind-flood']);
    expect(call.effects).toMatchObject([
      { do: 'stop-sound', soundId: 'd1.a1.s1' },
      { prompts: { 2: 'district-sail' } },
    ]);
  });

  it('names the kind to the agency unless it is confidential: with the number, it would tell who was beaten', () => {
    const kinds = ['fire', 'child-violence', 'x\r\nVia: y'].map((kind) => {
      const call = talking().tell({ type: 'incident-changed', change: { kind }, by: 'op1', dispatches: [] }, engage());
      return call.effects.flatMap((effect) => (effect.do === 'ring-agency' ? [effect.job.kind] : []));
    });
    expect(kinds).toEqual([['fire'], [null], ['x\r\nVia: y']]);
  });

  it('by transfer: the operator stays until the agency is in, and leaves then', () => {
    const call = talking().tell(engage({ mode: 'transfer' }), ...agencyJoins().slice(0, 2));
    expect(call.call.operator?.state).toBe('joined');
    expect(call.tell(joined('d1.a1')).done).toEqual(['hang-up call.o1', 'operator-outcome a1 finished']);
    expect(call.facts.at(-1)).toEqual({
      type: 'operator.left',
      detail: { operatorId: 'op1', cause: 16, transferredTo: 'damkar' },
    });
    expect(call.call).toMatchObject({ stage: 'talking', operator: null, caller: { joined: true } });
    // His phone's own hang-up changes nothing any more.
    expect(call.tell(gone('call.o1', 16)).effects).toEqual([]);
    expect(call.call.stage).toBe('talking');
  });

  it('is accepted by answering, where the agency wants it so', () => {
    const call = talking().tell(engage({ acceptance: 'answer' }), entered('d1.a1'));
    expect(call.done).toEqual(['ring-agency d1.a1', 'join d1.a1 call.b1']);
    expect(call.call.dispatches[0]?.state).toBe('accepted');
  });

  it('does not join by another key, nor by a key of somebody else', () => {
    const call = talking().tell(engage(), entered('d1.a1'));
    call.tell({ type: 'key-pressed', channelId: 'd1.a1', key: '5' });
    expect(call.effects).toEqual([]);
    expect(call.facts.map((fact) => fact.type)).toEqual(['key.pressed', 'dispatch.key-ignored']);
    call.tell(
      { type: 'key-pressed', channelId: 'caller', key: '1' },
      { type: 'key-pressed', channelId: 'call.o1', key: '1' },
    );
    expect(call.effects).toEqual([]);
    expect(call.call.dispatches[0]?.state).toBe('announced');
  });

  it('that nobody took tells the operator, after the last trunk', () => {
    const call = talking().tell(engage());
    expect(call.tell(gone('d1.a1', 17)).done).toEqual(['ring-agency d1.a2']);
    expect(call.tell(gone('d1.a2', 19)).done).toEqual(['whisper call.o1 agency-unreachable']);
    expect(call.call.dispatches[0]).toMatchObject({ state: 'no-answer', outcome: 'no-answer' });
    expect(call.call).toMatchObject({ stage: 'talking', operator: { state: 'joined' } });
    expect(call.timers).toEqual({});
    expect(call.facts.at(-1)).toMatchObject({
      type: 'dispatch.no-answer',
      detail: { reason: 'no-answer', attempts: 2 },
    });
  });

  it('without any trunk tells the operator at once', () => {
    const call = talking().tell(engage({ trunks: [] }));
    expect(call.done).toEqual(['whisper call.o1 agency-unreachable']);
    expect(call.call.dispatches[0]).toMatchObject({ state: 'failed', outcome: 'unreachable', endedAt: call.at });
  });

  it('tells nobody when the operator is not there, and keeps the caller in the line', () => {
    const call = waiting().tell(engage({ trunks: [] }));
    expect(call.effects).toEqual([]);
    expect(call.call.line).toEqual({ since: call.at });
  });

  it('is cancelled: the phone falls silent and the operator is not told what he asked for', () => {
    const call = talking().tell(engage(), { type: 'leg-ringing', channelId: 'd1.a1' });
    call.tell({ type: 'dispatch-cancelled', dispatchId: 'd1', by: 'token' });
    expect(call.done).toEqual(['hang-up d1.a1']);
    expect(call.facts.map((fact) => fact.type)).toEqual(['dispatch.cancel-requested', 'dispatch.cancelled']);
    expect(call.timers).toEqual({});
    const before = call.call;
    expect(call.tell({ type: 'dispatch-cancelled', dispatchId: 'd1', by: 'token' }).facts).toEqual([]);
    expect(call.tell(entered('d1.a1')).done).toEqual(['hang-up d1.a1']);
    expect(call.call).toEqual(before);
  });

  it('is cancelled while it is joined: the agency leaves, and a caller it talked to alone waits again', () => {
    const call = withAgency({ mode: 'transfer' }).tell({ type: 'dispatch-cancelled', dispatchId: 'd1', by: 'token' });
    expect(call.done).toEqual(['hang-up d1.a1', 'play caller operator-lost', 'enter-line']);
    expect(call.call.dispatches[0]).toMatchObject({ state: 'left', outcome: 'cancelled' });
  });

  it('comes once, however often it is asked for', () => {
    const call = talking().tell(engage());
    const before = call.call;
    expect(call.tell(engage()).effects).toEqual([]);
    expect(call.call).toEqual(before);
  });

  it('of an agency that is engaged already is refused; after its end it is not', () => {
    const call = talking().tell(engage());
    expect(call.tell(engage({ id: 'd2' })).effects).toEqual([]);
    expect(call.facts[0]).toMatchObject({ type: 'dispatch.refused', detail: { reason: 'already engaged by d1' } });
    expect(call.call.dispatches).toHaveLength(1);
    call.tell({ type: 'dispatch-cancelled', dispatchId: 'd1', by: 'x' }, engage({ id: 'd3' }));
    expect(call.done).toContain('ring-agency d3.a1');
  });

  it('of an agency that has a message on its way rings it all the same, and the other way about; twice of a kind is refused', () => {
    const message = engage({ id: 'm1', mode: 'notify' });
    const asFallback = testDispatch({ id: 'd4', agencyId: 'damkar' });
    expect(talking().tell(message).tell(engage()).done).toEqual(['ring-agency d1.a1']);
    expect(talking().tell(engage()).tell(message).done).toEqual(['notify damkar m1']);
    const declined = talking().tell(message, engage({ agencyId: 'pln', trunks: [], fallback: asFallback }));
    expect(declined.done).toContain('ring-agency d4.a1');
    const again = talking()
      .tell(message)
      .tell(engage({ id: 'm2', mode: 'notify' }));
    expect([again.done, again.facts[0]?.detail]).toEqual([
      [],
      expect.objectContaining({ reason: 'already engaged by m1' }),
    ]);
    expect(
      talking()
        .tell(engage())
        .tell(engage({ id: 'd2', mode: 'listen' })).done,
    ).toEqual([]);
  });
});
