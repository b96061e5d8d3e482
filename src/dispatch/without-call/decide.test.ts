import {
  begin,
  dispatchOf,
  entered,
  gone,
  pressed,
  reserved,
  Story,
} from '../../../test/support/without-call-story.ts';
import type { Dispatch } from '../dispatch.ts';

describe('an agency that is rung with nobody to connect', () => {
  it('hears the announcement, accepts, hears it once more, and has been told when it hangs up', () => {
    const story = new Story().tell(begin);
    expect(story.done).toEqual(['ring-agency d1.a1']);
    expect(story.effects).toMatchObject([
      { job: { callerChannelId: null, callId: 'w', callerNumber: '+62812345678' } },
    ]);
    expect(story.tell(entered()).done).toEqual(['announce d1.a1']);
    expect(story.tell(pressed('1')).done).toEqual(['stop-sound d1.a1', 'announce d1.a1']);
    expect(story.facts).toEqual(['dispatch.accepted', 'dispatch.told']);
    story.tell(gone());
    expect(story.dispatch()).toMatchObject({
      state: 'left',
      outcome: 'told',
      acceptedAt: 0,
      attempts: [{ outcome: 'accepted' }],
    });
    expect(story.facts).toEqual(['dispatch.left']);
    expect(story.state.endedAt).toBe(0);
  });

  it('hears it anew for key 2, before and after it has accepted', () => {
    const story = new Story().tell(begin, entered());
    expect(story.tell(pressed('2')).done).toEqual(['stop-sound d1.a1', 'announce d1.a1']);
    story.tell(pressed('1'));
    expect(story.tell(pressed('2')).done).toEqual(['stop-sound d1.a1', 'announce d1.a1']);
    expect(story.dispatch()?.state).toBe('accepted');
  });

  it('is hung up a minute after it has accepted', () => {
    const story = new Story().tell(begin, entered(), pressed('1'));
    expect(story.state.timers).toEqual({ 'dispatch:d1': 60_000 });
    story.at = 60_000;
    expect(story.tell({ type: 'timer', name: 'dispatch:d1' }).done).toEqual(['hang-up d1.a1']);
    expect(story.dispatch()).toMatchObject({ state: 'left', outcome: 'told' });
  });

  it('that accepts by answering hears what it is about', () => {
    const story = new Story({ dispatches: [dispatchOf('d1', { acceptance: 'answer' })] }).tell(begin);
    expect(story.tell(entered()).done).toEqual(['announce d1.a1']);
    expect(story.dispatch()?.state).toBe('accepted');
  });

  it('that declines or cannot be reached is followed by its second trunk, and then it is over', () => {
    const story = new Story({ dispatches: [dispatchOf('d1', { trunks: ['t1', 't2'] })] }).tell(begin);
    expect(story.tell(gone('d1.a1', 38)).done).toEqual(['ring-agency d1.a2']);
    story.tell(entered('d1.a2'), pressed('9', 'd1.a2'));
    expect(story.done).toEqual(['announce d1.a2', 'hang-up d1.a2', 'alarm']);
    expect(story.dispatch()?.state).toBe('declined');
    expect(story.facts).toContain('dispatch.declined');
    expect(story.state.endedAt).toBe(0);
  });

  it('that is not reached is followed by who is asked instead, and the later stage waits for that one', () => {
    const first = dispatchOf('d1', { fallback: dispatchOf('d3') });
    const story = new Story({ dispatches: [first, dispatchOf('d2', { after: ['d1'] })] }).tell(begin);
    expect(story.tell(gone('d1.a1', 17)).done).toEqual(['ring-agency d3.a1']);
    expect(story.dispatch('d3')?.reason).toEqual({ by: 'fallback', of: 'd1' });
    expect(story.tell(gone('d3.a1', 17)).done).toEqual(['alarm', 'ring-agency d2.a1']);
  });

  it('and that was to listen is rung and told: there is nobody to hear', () => {
    const story = new Story({ dispatches: [dispatchOf('d1', { mode: 'listen' })] }).tell(begin);
    expect(story.effects).toMatchObject([{ job: { mode: 'bridge', callerChannelId: null } }]);
  });

  it('of mode notify is told by a message, and it is over when that was', () => {
    const story = new Story({ dispatches: [dispatchOf('d1', { mode: 'notify' })] }).tell(begin);
    expect(story.done).toEqual(['notify-agency']);
    story.tell({ type: 'notified', dispatchId: 'd1', outcome: 'delivered', reason: null });
    expect(story.dispatch()).toMatchObject({ state: 'told', outcome: 'delivered' });
    expect(story.state.endedAt).toBe(0);
  });

  it('and that is told is rung as well where somebody wants it, but not told twice', () => {
    const asked = (mode: 'bridge' | 'notify') => {
      const other = { ...dispatchOf('d3', { mode }), agencyId: 'agency-d1' };
      const failing = dispatchOf('d2', { mode: 'notify', fallback: other });
      const story = new Story({ dispatches: [dispatchOf('d1', { mode: 'notify' }), failing] });
      return story.tell(begin, { type: 'notified', dispatchId: 'd2', outcome: 'failed', reason: null });
    };
    expect(asked('bridge').done.slice(2)).toEqual(['ring-agency d3.a1']);
    expect(asked('notify').done.slice(2)).toEqual([]);
  });

  it('is not held up by a message of an earlier stage', () => {
    const dispatches = [dispatchOf('d1', { mode: 'notify' }), dispatchOf('d2', { after: ['d1'] })];
    expect(new Story({ dispatches }).tell(begin).done).toEqual(['notify-agency', 'ring-agency d2.a1']);
  });

  it('of a later stage is rung when the earlier one has accepted or is over', () => {
    const story = new Story({ dispatches: [dispatchOf('d1'), dispatchOf('d2', { after: ['d1'] })] }).tell(begin);
    expect(story.done).toEqual(['ring-agency d1.a1']);
    expect(story.tell(gone('d1.a1', 17)).done).toEqual(['alarm', 'ring-agency d2.a1']);
    expect(story.state.endedAt).toBeNull();
  });
});

describe('an operator who asked for it', () => {
  const accepted = () => new Story({ operatorId: 'ani' }).tell(begin, entered(), pressed('1'));

  it('is reserved and rung once the agency has accepted, and they get each other', () => {
    const story = accepted();
    expect(story.done).toContain('reserve');
    expect(story.done.slice(-2)).toEqual(['ring-tone d1.a1', 'reserve']);
    expect(story.state.timers).toEqual({ operator: 3_000 });
    expect(story.tell(reserved).done).toEqual(['ring-operator w.o1']);
    expect(story.tell(reserved).done).toEqual([]);
    expect(story.tell(entered('w.o1')).done).toEqual([
      'stop-ring-tone d1.a1',
      'make-bridge w.b1',
      'join w.o1',
      'join d1.a1',
      'operator-outcome talking',
    ]);
    story.tell({ type: 'leg-joined', channelId: 'd1.a1' });
    expect(story.dispatch()).toMatchObject({ state: 'joined', joinedAt: 0 });
  });

  it.each([
    ['the line has not', { type: 'reservation-refused', reason: 'busy' } as const, []],
    ['the line is silent', { type: 'timer', name: 'operator' } as const, []],
  ])('%s: the agency is told', (_what, input, outcomes) => {
    const story = accepted().tell(input);
    expect(story.done).toEqual([...outcomes, 'stop-ring-tone d1.a1', 'announce d1.a1']);
    expect(story.facts).toEqual(['dispatch.operator-missing', 'dispatch.told']);
  });

  it.each([
    ['does not take his phone', { type: 'timer', name: 'operator' } as const, 'no-answer', true],
    ['is busy', gone('w.o1', 17), 'busy', true],
    ['cannot be rung', { type: 'command-failed', command: 'ring-operator', target: 'w.o1' } as const, 'failed', true],
  ])('who %s is freed, and the agency is told', (_what, input, outcome, rang) => {
    const story = accepted().tell(reserved).tell(input);
    expect(story.done).toEqual([
      ...(rang ? ['hang-up w.o1'] : []),
      `operator-outcome ${outcome}`,
      'stop-ring-tone d1.a1',
      'announce d1.a1',
    ]);
    expect(story.dispatch()?.state).toBe('accepted');
  });

  it.each([
    ['before', ['fails', 'joins']],
    ['after', ['joins', 'fails']],
  ])('who does not get into the bridge %s the agency does: it is told, and there is a limit', (_when, order) => {
    const inputs = {
      fails: { type: 'command-failed', command: 'join', target: 'w.o1' },
      joins: { type: 'leg-joined', channelId: 'd1.a1' },
    } as const;
    const story = accepted().tell(reserved, entered('w.o1'));
    story.tell(...order.map((what) => inputs[what === 'fails' ? 'fails' : 'joins']));
    expect(story.done).toContain('announce d1.a1');
    expect(story.state.timers).toEqual({ 'dispatch:d1': 60_000 });
    story.at = 60_000;
    expect(story.tell({ type: 'timer', name: 'dispatch:d1' }).done).toContain('hang-up d1.a1');
    expect([story.dispatch()?.outcome, story.state.endedAt]).toEqual(['told', 60_000]);
  });

  it('who hangs up ends it, and so does the agency', () => {
    const talking = () =>
      accepted().tell(reserved, entered('w.o1'), { type: 'leg-joined', channelId: 'd1.a1' } as const);
    const left = talking().tell(gone('w.o1'));
    expect(left.done).toEqual(['hang-up w.o1', 'operator-outcome finished', 'hang-up d1.a1', 'destroy-bridge w.b1']);
    expect(left.dispatch()).toMatchObject({ state: 'left', outcome: 'call-ended' });
    const agency = talking().tell(gone());
    expect(agency.done).toEqual(['hang-up w.o1', 'operator-outcome finished', 'destroy-bridge w.b1']);
    expect(agency.dispatch()).toMatchObject({ state: 'left', outcome: 'accepted' });
  });

  it('is not rung for an agency that has hung up, nor for one that was called off', () => {
    const hungUp = accepted().tell(gone());
    expect(hungUp.dispatch()).toMatchObject({ state: 'left', outcome: 'told' });
    expect(hungUp.tell(reserved).done).toEqual(['operator-outcome not-needed']);
    const cancelled = accepted().tell(reserved).tell({ type: 'cancel', dispatchId: 'd1', by: 'ani' });
    expect(cancelled.done).toEqual(['hang-up d1.a1', 'hang-up w.o1', 'operator-outcome not-needed']);
    expect(cancelled.dispatch()?.state).toBe('cancelled');
    expect(cancelled.facts[0]).toBe('dispatch.cancel-requested');
  });
});

describe('a new owner', () => {
  it('listens to the phone that rings, and rings no other', () => {
    const story = new Story().tell(begin, { type: 'leg-ringing', channelId: 'd1.a1' });
    expect(story.tell({ type: 'resumed' }).done).toEqual(['follow d1.a1']);
    expect(story.tell({ type: 'followed', channelId: 'd1.a1', there: true }).done).toEqual([]);
    expect(story.tell(entered()).done).toEqual(['announce d1.a1']);
  });

  it('rings the same trunk once more when nobody has heard of its job', () => {
    const story = new Story().tell(begin).tell({ type: 'resumed' });
    expect(story.tell({ type: 'followed', channelId: 'd1.a1', there: false }).done).toEqual([
      'hang-up d1.a1',
      'ring-agency d1.a2',
    ]);
  });

  it('has an agency told again that was to be told: whether it ever was, nobody knows', () => {
    const dispatches = ['d1', 'd2', 'd3'].map((id) => dispatchOf(id, { mode: id === 'd3' ? 'bridge' : 'notify' }));
    const story = new Story({ dispatches }).tell(begin);
    story.tell({ type: 'notified', dispatchId: 'd2', outcome: 'delivered', reason: null });
    expect(story.tell({ type: 'resumed' }).effects).toEqual([
      { do: 'notify-agency', dispatchId: 'd1', agencyId: 'agency-d1' },
      { do: 'follow', channelId: 'd3.a1' },
    ]);
  });

  it('takes a phone that is gone for one that was not answered', () => {
    const story = new Story({ dispatches: [dispatchOf('d1', { trunks: ['t1', 't2'] })] });
    story.tell(begin, { type: 'leg-ringing', channelId: 'd1.a1' }, { type: 'resumed' });
    expect(story.tell({ type: 'followed', channelId: 'd1.a1', there: false }).done).toEqual(['ring-agency d1.a2']);
  });

  it('begins what was not begun, and tells whom the rules want told once', () => {
    const message = {
      ...{ kind: 'fire', severity: null, district: null, incidentNumber: '004711', openedAt: 0, position: null },
      ...{ callerNumber: null, drill: false, note: null },
    };
    const told = {
      ruleSetVersion: 1,
      incidentVersion: 1,
      recipients: [{ recipientId: 'mayor', ruleId: 'r' }],
      message,
    };
    const story = new Story({ tell: told }).tell({ type: 'resumed' });
    expect(story.done).toEqual(['tell', 'ring-agency d1.a1']);
    expect(story.tell(begin, { type: 'resumed' }).done).toEqual(['follow d1.a1']);
  });
});

describe('an agency of which nobody accepts, nor anybody in its place', () => {
  const alarms = ({ effects }: Story): unknown[] => effects.filter((effect) => effect.do === 'alarm');
  const chain = (): Dispatch => dispatchOf('d1', { fallback: dispatchOf('d2') });

  it('raises an alarm when the last that could be asked has failed, and not before', () => {
    const story = new Story({ dispatches: [chain(), dispatchOf('d3')] }).tell(begin);
    expect(alarms(story.tell(gone('d1.a1', 38)))).toEqual([]);
    expect(alarms(story.tell(gone('d2.a1', 38)))).toEqual([{ do: 'alarm', dispatchId: 'd2', agencyId: 'agency-d1' }]);
  });

  it('raises none when it was told by a message, was called off, or another has accepted', () => {
    const story = new Story({ dispatches: [chain(), dispatchOf('d3', { mode: 'notify' }), dispatchOf('d4')] });
    story.tell(begin, gone('d1.a1', 38), entered('d2.a1'));
    const inputs = [
      pressed('1', 'd2.a1'),
      gone('d2.a1'),
      { type: 'notified', dispatchId: 'd3', outcome: 'delivered', reason: null },
      { type: 'cancel', dispatchId: 'd4', by: 'somebody' },
      gone('d4.a1'),
    ] as const;
    for (const input of inputs) expect(alarms(story.tell(input))).toEqual([]);
    expect(story.state.endedAt).toBe(0);
  });

  it('raises none in a drill, nor where a person waits for the agency', () => {
    const about = { kind: 'fire', district: null, incidentNumber: '004711', drill: true };
    expect(alarms(new Story({ about }).tell(begin, gone('d1.a1', 38)))).toEqual([]);
    expect(alarms(new Story({ operatorId: 'siti' }).tell(begin, gone('d1.a1', 38)))).toEqual([]);
    expect(alarms(new Story().tell(begin, gone('d1.a1', 38)))).toHaveLength(1);
  });
});
