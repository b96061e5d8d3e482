import {
  assign,
  joined,
  ringing,
  story,
  talking,
  testDispatch,
  waiting,
  type Story,
  type Told,
} from '../../test/support/calls.ts';
import { circle, inside, someFix, words } from '../../test/support/fixes.ts';
import type { Fix } from '../location/fix.ts';
import { receive } from '../location/location.ts';
import type { Call } from './call.ts';
import type { Fact } from './call-effect.ts';
import type { CallerHistory } from './history.ts';

const located = (...fixes: Fix[]): Told => ({ type: 'located', received: { fixes, unusable: [] } });
const unusable = (reason: string): Told => ({
  type: 'located',
  received: { fixes: [], unusable: [{ source: 'pidf-lo', reason }] },
});
const lookedUp: Told = { type: 'looked-up' };
const known = (over: Partial<CallerHistory> = {}): Told => ({
  type: 'caller-known',
  history: {
    calls: [
      {
        callId: 'earlier',
        incidentId: 'i',
        arrivedAt: 1,
        outcome: 'answered',
        kind: 'fire',
        disposition: null,
        linkedBy: 'number',
        operatorIds: ['op1'],
      },
    ],
    nonUnique: [],
    ...over,
  },
});
const facts = ({ facts: told }: Story, type: string): Fact[] => told.filter((fact) => fact.type === type);
const types = ({ facts: told }: Story): string[] => told.map(({ type }) => type);
/** One of which nothing has been looked up yet. */
const unknown = (over: Partial<Call> = {}): Story => story({ looked: false, ...over });
const ringingUnknown = (): Story =>
  unknown().tell({ type: 'arrived', up: false }, { type: 'caller-up' }).tell(assign());
const pop = (operatorId: string): Fact => ({ type: 'screen.pop', detail: { operatorId } });

describe('a screen pop', () => {
  it('comes with the assignment where all is looked up', () => {
    const call = ringing();
    expect(facts(call, 'screen.pop')).toEqual([pop('op1')]);
    expect(call.call.timers.pop).toBeUndefined();
  });

  it('waits for what is being looked up, and comes as soon as that is there', () => {
    const call = ringingUnknown();
    expect(facts(call, 'screen.pop')).toEqual([]);
    call.wait(40).tell(located(someFix()), known());
    expect(types(call).filter((type) => type.startsWith('screen.'))).toEqual([]);
    call.tell(lookedUp);
    expect(call.facts).toEqual([pop('op1')]);
    expect(call.call.timers.pop).toBeUndefined();
  });

  it('waits no longer than 200 ms', () => {
    const call = ringingUnknown();
    expect(call.call.timers.pop).toBe(call.at + 200);
    expect(facts(call.wait(199).tell({ type: 'timer', name: 'pop' }), 'screen.pop')).toEqual([]);
    expect(facts(call.wait(1).tell({ type: 'timer', name: 'pop' }), 'screen.pop')).toEqual([pop('op1')]);
  });

  it('comes once for an assignment, however often anything is told', () => {
    const call = ringingUnknown().fire('pop');
    call.tell({ type: 'timer', name: 'pop' }, lookedUp, lookedUp, assign(), {
      type: 'leg-entered',
      channelId: 'call.o1',
    });
    expect(facts(call, 'screen.pop')).toEqual([]);
  });

  it('does not come for an operator who is gone meanwhile', () => {
    const call = ringingUnknown().tell({ type: 'leg-gone', channelId: 'call.o1', cause: 17 });
    expect(facts(call.fire('pop'), 'screen.pop')).toEqual([]);
    const other = ringingUnknown().tell({ type: 'leg-gone', channelId: 'call.o1', cause: 17 }, lookedUp);
    expect(facts(other, 'screen.pop')).toEqual([]);
  });

  it('comes for the next operator in his own time', () => {
    const call = ringingUnknown()
      .wait(150)
      .tell({ type: 'leg-gone', channelId: 'call.o1', cause: 17 }, assign('a2', 'op2'));
    expect(facts(call, 'screen.pop')).toEqual([]);
    expect(call.call.timers.pop).toBe(call.at + 200);
    expect(facts(call.tell(lookedUp), 'screen.pop')).toEqual([pop('op2')]);
    call.tell({ type: 'leg-gone', channelId: 'call.o2', cause: 19 }, assign('a3', 'op3'));
    expect(facts(call, 'screen.pop')).toEqual([pop('op3')]);
  });

  it('comes also where the operator answers first', () => {
    const call = ringingUnknown().tell(
      { type: 'leg-entered', channelId: 'call.o1' },
      joined('caller'),
      joined('call.o1'),
    );
    expect(facts(call, 'screen.pop')).toEqual([]);
    expect(facts(call.fire('pop'), 'screen.pop')).toEqual([pop('op1')]);
  });

  it('comes for nobody while nobody is assigned, nor after the call', () => {
    const call = unknown().tell({ type: 'arrived', up: false }, lookedUp);
    expect(facts(call, 'screen.pop')).toEqual([]);
    expect(call.call.looked).toBe(true);
    const ended = ringingUnknown().tell({ type: 'caller-gone', cause: 16 });
    expect(ended.timers).toEqual({});
    expect(types(ended.tell(lookedUp))).toEqual([]);
  });
});

describe('a screen that has the call', () => {
  const updated = (because: string, operatorId: string | null = 'op1'): Fact => ({
    type: 'screen.updated',
    detail: { operatorId, because },
  });

  it('is told of every later location and of the history', () => {
    const call = talking();
    expect(facts(call.tell(located(someFix())), 'screen.updated')).toEqual([updated('location')]);
    expect(facts(call.tell(unusable('it is broken')), 'screen.updated')).toEqual([updated('location')]);
    expect(facts(call.tell(known()), 'screen.updated')).toEqual([updated('history')]);
  });

  it('is told also while the rest is still being looked up', () => {
    const call = ringingUnknown().fire('pop');
    expect(facts(call.tell(located(someFix()), known()), 'screen.updated')).toEqual([
      updated('location'),
      updated('history'),
    ]);
  });

  it('is not told what is no news', () => {
    const fix = someFix();
    const call = talking().tell(located(fix), known(), unusable('x'));
    expect(types(call.tell(located(fix), known(), unusable('x'), located()))).toEqual([]);
    expect(types(talking().tell(known({ calls: [] })))).toEqual([]);
  });

  it('is told after the call, as long as something comes', () => {
    const call = talking().tell({ type: 'call-ended-by', by: 'token' });
    expect(call.call.endedAt).toBe(call.at);
    expect(facts(call.wait(60_000).tell(located(someFix())), 'screen.updated')).toEqual([updated('location')]);
  });
});

describe('the history of a caller', () => {
  it('is kept as it was first read', () => {
    const call = waiting().tell(known());
    expect(facts(call, 'caller.recognised')).toEqual([
      { type: 'caller.recognised', detail: { earlierCalls: 1, nonUnique: '' } },
    ]);
    expect(call.tell(known({ calls: [] })).call.history?.calls).toHaveLength(1);
    expect(call.facts).toEqual([]);
  });

  it('of a number that names nobody is told as such, and one of nobody is not told', () => {
    const call = waiting().tell(known({ calls: [], nonUnique: ['number', 'imei'] }));
    expect(facts(call, 'caller.recognised')).toMatchObject([{ detail: { earlierCalls: 0, nonUnique: 'number,imei' } }]);
    const nobody = waiting().tell(known({ calls: [] }));
    expect([nobody.facts, nobody.call.history]).toEqual([[], { calls: [], nonUnique: [] }]);
  });
});

describe('where the caller is', () => {
  it('is told as the call arrives, with what cannot be used, and once', () => {
    const reasons = [{ source: 'pidf-lo', reason: 'it is broken' }];
    const received = { fixes: [someFix({ place: inside('Sail') })], unusable: reasons };
    const { location } = receive({ fixes: [], unusable: [], networks: [], best: null }, received, 1_000_000);
    const call = story({ location }).tell({ type: 'arrived', up: false });
    expect(types(call).slice(0, 4)).toEqual([
      'call.arrived',
      'location.received',
      'location.unusable',
      'location.best',
    ]);
    expect(facts(call, 'location.best')).toMatchObject([{ detail: { district: 'Sail', radius: 20 } }]);
    call.tell({ type: 'caller-left' }).fire('left').tell({ type: 'arrived', up: true });
    expect(types(call)).toContain('call.taken-again');
    expect(facts(call, 'location.received')).toEqual([]);
  });

  it('is told with each new fix, and the best where it is another', () => {
    const call = talking().tell(located(someFix({ source: 'cell', shape: circle(900) })));
    expect(types(call)).toEqual(['location.received', 'location.best', 'screen.updated']);
    expect(types(call.tell(located(someFix({ shape: circle(20) }))))).toContain('location.best');
    expect(types(call.tell(located(someFix({ shape: circle(500) }))))).toEqual(['location.received', 'screen.updated']);
    expect(types(call.tell(located(words('Sail', { place: inside('Sail') }))))).toContain('location.best');
    expect(call.call.location.fixes).toHaveLength(4);
  });

  it('names position, district and reason in the timeline, and what is unusable with its reason', () => {
    const fix = someFix({ place: inside('Sail'), madeUp: true });
    const call = waiting().tell(located(fix));
    expect(facts(call, 'location.received')).toEqual([
      {
        type: 'location.received',
        detail: { fixId: fix.id, source: 'aml-https', method: 'GPS', shape: 'circle', district: 'Sail', madeUp: true },
      },
    ]);
    expect(facts(call, 'location.best')).toMatchObject([
      { detail: { latitude: 0.5, longitude: 101.45, radius: 20, madeUp: true, outside: false, address: null } },
    ]);
    expect(facts(call.tell(unusable('it is broken')), 'location.unusable')).toEqual([
      { type: 'location.unusable', detail: { source: 'pidf-lo', reason: 'it is broken' } },
    ]);
  });

  it('is taken after the end, and changes nothing else', () => {
    const call = talking().tell({ type: 'caller-gone', cause: 16 });
    const before = call.call;
    const received = { fixes: [someFix()], unusable: [] };
    call.wait(3_600_000).tell({ type: 'located', received, aml: 'digest' });
    expect(call.call).toEqual({ ...before, location: call.call.location });
    expect(call.call.location.fixes).toHaveLength(1);
    expect(call.effects).toEqual([]);
  });

  it('once taken is never changed by what comes later', () => {
    const fix = someFix();
    const call = talking().tell(located(fix), located({ ...fix, shape: circle(1) }), located(someFix()));
    expect(call.call.location.fixes[0]).toEqual(fix);
    expect(call.call.location.fixes).toHaveLength(2);
  });

  it('goes with the dispatch that follows', () => {
    const call = talking().tell(located(someFix({ shape: circle(45) })));
    call.tell({ type: 'dispatch-requested', dispatch: testDispatch() });
    const job = call.effects.find((effect) => effect.do === 'ring-agency')?.job;
    expect(job?.location?.locationInfo).toContain('radius=45');
    expect(job?.callInfo).toBe(
      '<urn:emergency:uid:callid:call>;purpose=emergency-CallId,<urn:emergency:uid:incidentid:incident>;purpose=emergency-IncidentId',
    );
  });
});
