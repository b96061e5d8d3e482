import { emergencyQueue } from '../acd/queue.ts';
import { assign, story, type Story } from '../../test/support/calls.ts';
import type { CallNuisance, NuisanceMeasure } from '../triage/score.ts';

const nuisance = (measure: NuisanceMeasure, steps = 1): CallNuisance => ({
  score: 12,
  reasons: 'prank ×2',
  measure,
  steps,
  loweredFrom: null,
});
const scored = (measure: NuisanceMeasure, steps = 1): Story =>
  story({ nuisance: nuisance(measure, steps) }).tell({ type: 'arrived', up: false });
const presses = (key: string) => ({ type: 'key-pressed', channelId: 'caller', key }) as const;
const types = ({ facts }: Story): string[] => facts.map(({ type }) => type);

describe('a caller with a nuisance score', () => {
  it('is greeted and enters the line behind the others', () => {
    const call = scored('lower', 2);
    expect(call.done).toEqual(['answer caller', 'make-bridge call.b1', 'play caller greeting', 'enter-line']);
    expect(call.call).toMatchObject({ queue: { priority: 5 }, line: { since: 1_000_000 } });
    expect(call.facts.at(-1)).toEqual({
      type: 'caller.lowered',
      detail: { priority: 5, score: 12, reasons: 'prank ×2', because: 'score' },
    });
  });

  it('is never lower than the last', () => {
    expect(scored('lower', 9).call.queue.priority).toBe(9);
  });

  it('that does not matter is served like any other', () => {
    const call = story({ nuisance: nuisance('none') }).tell({ type: 'arrived', up: false });
    expect(call.call.queue.priority).toBe(3);
    expect(types(call)).toEqual(['call.arrived']);
  });

  it('that is high is asked for a key before any phone rings', () => {
    const call = scored('challenge');
    expect(call.done).toEqual(['answer caller', 'make-bridge call.b1', 'play caller challenge']);
    expect(types(call)).toEqual(['call.arrived', 'caller.challenged']);
    expect(call.call).toMatchObject({ line: null, challenge: { askedAt: 1_000_000, answeredAt: null } });
    expect(call.call.timers).toEqual({ challenge: 1_020_000 });
    expect(call.tell(assign()).done).toEqual(['operator-outcome a1 not-needed']);
  });

  it('has eight seconds from the end of the words', () => {
    const call = scored('challenge').wait(11_000).tell({ type: 'sound-ended', soundId: 'call.s1' });
    expect(call.done).toEqual(['music caller']);
    expect(call.call.timers).toEqual({ challenge: 1_019_000 });
  });

  it('who presses 1 has his ordinary place', () => {
    const call = scored('challenge').wait(3_000).tell(presses('1'));
    expect(call.done).toEqual(['stop-sound caller', 'play caller greeting', 'enter-line']);
    expect(types(call)).toEqual(['key.pressed', 'caller.raised']);
    expect(call.call).toMatchObject({
      queue: { priority: 3 },
      line: { since: 1_000_000 },
      challenge: { answeredAt: 1_003_000 },
    });
    expect(call.tell(assign()).done).toEqual(['ring-operator call.o1']);
  });

  it.each(['2', '0', '#'])('who presses %s goes on being asked', (key) => {
    const call = scored('challenge').tell(presses(key));
    expect(call.done).toEqual([]);
    expect(call.call.timers.challenge).toBe(1_020_000);
  });

  it('who presses nothing waits behind everybody, and is answered', () => {
    const call = scored('challenge').fire('challenge');
    expect(call.done).toContain('enter-line');
    expect(call.facts[0]).toMatchObject({ type: 'caller.lowered', detail: { priority: 9, because: 'no key' } });
    expect(call.call).toMatchObject({ queue: { priority: 9 }, line: { since: 1_000_000 } });
    expect(call.tell(assign()).done).toEqual(['ring-operator call.o1']);
  });

  it('who presses 1 too late has his ordinary place from then on', () => {
    const call = scored('challenge').fire('challenge').wait(500).tell(presses('1'));
    expect(call.effects).toEqual([{ do: 'rank-in-line', queue: { ...emergencyQueue, priority: 3 } }]);
    expect(call.call.queue.priority).toBe(3);
    expect(call.tell(presses('1')).effects).toEqual([]);
  });

  it('who hangs up is asked no more', () => {
    const call = scored('challenge').tell({ type: 'caller-gone', cause: 16 });
    expect(call.call).toMatchObject({ outcome: 'abandoned', timers: {} });
  });

  it('who comes back from the human path is not asked: he has waited', () => {
    const call = story({ nuisance: nuisance('challenge') }).tell({ type: 'arrived', up: true });
    expect(call.done).toContain('enter-line');
    expect(call.call).toMatchObject({ challenge: null, queue: { priority: 4 } });
  });

  it('keeps his place when an operator does not answer', () => {
    const call = scored('lower').tell(assign()).fire('ring');
    expect(call.done).toContain('enter-line');
    expect(call.call.queue.priority).toBe(4);
  });
});

describe('a lifted score', () => {
  const lifted = { type: 'ranked', queue: { priority: 3 }, by: 'triage', reason: 'a real incident is near' } as const;

  it('gives who waits his ordinary place, once', () => {
    const call = scored('lower').tell(lifted);
    expect(call.effects).toEqual([{ do: 'rank-in-line', queue: { ...emergencyQueue, priority: 3 } }]);
    expect(call.facts).toEqual([
      { type: 'caller.raised', detail: { priority: 3, by: 'triage', reason: 'a real incident is near' } },
    ]);
    expect(call.tell(lifted)).toMatchObject({ effects: [], facts: [] });
  });

  it('puts who is being asked into the line', () => {
    const call = scored('challenge').tell(lifted);
    expect(call.done).toEqual(['stop-sound caller', 'play caller greeting', 'enter-line']);
    expect(call.call.timers.challenge).toBeUndefined();
    expect(call.call.queue.priority).toBe(3);
  });

  it('holds though the operator who rings does not answer', () => {
    const call = scored('lower').tell(assign(), lifted);
    expect(call.effects.filter((one) => one.do === 'rank-in-line')).toEqual([]);
    expect(call.fire('ring').call.queue.priority).toBe(3);
  });

  it('comes too late for a call that has ended', () => {
    const call = scored('lower').tell({ type: 'caller-gone', cause: 16 }, lifted);
    expect(types(call)).not.toContain('caller.raised');
  });
});

describe('a redial', () => {
  it('joins the incident of the call before it', () => {
    const base = story().call.incident;
    const incident = { ...base, id: 'first', version: 4 };
    const earlier = {
      relation: 'joined',
      callId: 'before',
      callIds: ['before'],
      incident,
      emergencyIncidentId: null,
    } as const;
    const call = story({ earlier, incident }).tell({ type: 'arrived', up: false });
    expect(call.facts).toContainEqual({
      type: 'call.joined-incident',
      detail: { incidentId: 'first', earlierCallId: 'before' },
    });
  });

  it('is linked with a call that is still under way', () => {
    const earlier = { relation: 'linked', callId: 'before', incidentId: 'first' } as const;
    const call = story({ earlier }).tell({ type: 'arrived', up: false });
    expect(call.facts.map(({ type }) => type)).toContain('call.linked');
    expect(call.call.incident.id).toBe('incident');
  });
});
