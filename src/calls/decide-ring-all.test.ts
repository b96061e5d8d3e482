import { entered, gone } from '../../test/support/call-inputs.ts';
import {
  joined,
  ringing,
  shortly,
  story,
  talking,
  testDispatch,
  timing,
  waiting,
  type Told,
} from '../../test/support/calls.ts';
import { backupCentreId } from '../dispatch/backup-centre.ts';
import { operatorLegs } from './company.ts';

const beside = (id: string, operatorId: string): Told => ({
  type: 'operator-assigned',
  assignmentId: id,
  operatorId,
  account: `op-${operatorId}`,
  together: true,
});
/** Three phones ring: o1 first, the others five seconds later. */
const threeRing = () => ringing().wait(5_000).tell(beside('a2', 'op2'), beside('a3', 'op3'));

describe('phones that ring for one call together', () => {
  it('are rung each, and each has the call on its screen', () => {
    const call = ringing().tell(beside('a2', 'op2'));
    expect(call.done).toEqual(['ring-operator call.o2']);
    expect(call.facts.map(({ type, detail }) => [type, detail['operatorId']])).toEqual([
      ['operator.assigned', 'op2'],
      ['screen.pop', 'op2'],
    ]);
  });

  it('fall silent when one of them is answered, whichever it is', () => {
    const call = threeRing().tell(entered('call.o2'));
    expect(call.done).toEqual([
      'hang-up call.o1 answered-elsewhere',
      'operator-outcome a1 not-needed',
      'hang-up call.o3 answered-elsewhere',
      'operator-outcome a3 not-needed',
      'stop-sound caller',
      'join caller call.b1',
      'join call.o2 call.b1',
    ]);
    expect(call.call.operator?.operatorId).toBe('op2');
    expect(call.call.others).toEqual([]);
    expect(call.call.timers.ring).toBeUndefined();
  });

  it('get one caller only, though two are answered at the same moment', () => {
    const call = threeRing().tell(entered('call.o2')).tell(entered('call.o3'));
    expect(call.done).toEqual(['hang-up call.o3 answered-elsewhere']);
    expect(operatorLegs(call.call)).toHaveLength(1);
  });

  it('ring each for as long as it may, and the call waits again when the last has rung out', () => {
    const rung = ['call.o1', 'call.o2', 'call.o3'].map((channelId): Told => ({ type: 'leg-ringing', channelId }));
    const call = threeRing()
      .tell(...rung)
      .fire('ring');
    expect(call.done).toEqual(['hang-up call.o1 no-answer', 'operator-outcome a1 no-answer']);
    expect(call.call.stage).toBe('ringing');
    expect(call.call.timers.ring).toBe(1_005_000 + timing.operatorRing);
    call.fire('ring');
    expect(call.done).toEqual([
      'hang-up call.o2 no-answer',
      'operator-outcome a2 no-answer',
      'hang-up call.o3 no-answer',
      'operator-outcome a3 no-answer',
      'enter-line',
    ]);
  });

  it('may be refused one by one', () => {
    const call = threeRing().tell(gone('call.o1', 17), gone('call.o3', 17));
    expect(call.call.operator?.operatorId).toBe('op2');
    expect(call.done).toEqual(['operator-outcome a1 busy', 'operator-outcome a3 busy']);
    expect(call.tell(gone('call.o2', 17)).done).toEqual(['operator-outcome a2 busy', 'enter-line']);
  });

  it('stop with the call', () => {
    const call = threeRing().tell({ type: 'caller-gone', cause: 16 });
    for (const leg of ['call.o1', 'call.o2', 'call.o3']) expect(call.done).toContain(`hang-up ${leg}`);
    expect(call.effects.map(shortly).filter((done) => done.endsWith('not-needed'))).toHaveLength(3);
    expect(operatorLegs(call.call)).toEqual([]);
  });

  it('are not joined by one that comes too late', () => {
    expect(talking().tell(beside('a2', 'op2')).done).toEqual(['operator-outcome a2 not-needed']);
    const after = talking().tell({ type: 'caller-gone', cause: 16 });
    expect(after.tell(beside('a3', 'op3')).done).toEqual(['operator-outcome a3 not-needed']);
    expect(threeRing().tell(beside('a3', 'op3')).done).toEqual([]);
  });
});

describe('the place in the line', () => {
  it('is told with the comforting word, with the wait where it is known', () => {
    const call = waiting().tell({ type: 'placed', position: 2, expectedWaitSeconds: 40 }).fire('comfort');
    expect(call.effects.at(-1)).toMatchObject({
      do: 'play',
      prompt: 'please-wait',
      then: ['position-2', 'wait-short'],
    });
    call.tell({ type: 'placed', position: 9, expectedWaitSeconds: null }).fire('comfort');
    expect(call.effects.at(-1)).toMatchObject({ then: ['position-many'] });
    call.tell({ type: 'placed', position: 1, expectedWaitSeconds: 60 }).fire('comfort');
    expect(call.effects.at(-1)).toMatchObject({ then: ['position-1', 'wait-minutes'] });
  });

  it('is not cut off by the next word, however often there is one', () => {
    const call = waiting().tell({ type: 'placed', position: 2, expectedWaitSeconds: 40 }).fire('comfort');
    expect((call.call.timers.comfort ?? 0) - call.at).toBe(timing.comfort + 15_000);
    call.tell({ type: 'sound-ended', soundId: call.call.caller.sound?.id ?? '' });
    expect((call.call.timers.comfort ?? 0) - call.at).toBe(timing.comfort);
  });

  it('is not told where it is unknown, or not to be told', () => {
    expect(waiting().fire('comfort').effects.at(-1)).not.toHaveProperty('then');
    const silent = story({ timing: { ...timing, announcePosition: false } })
      .tell({ type: 'arrived', up: false }, { type: 'placed', position: 1, expectedWaitSeconds: 5 })
      .fire('comfort');
    expect(silent.effects.at(-1)).not.toHaveProperty('then');
  });

  it('is forgotten with the line', () => {
    const call = ringing().tell({ type: 'placed', position: 3, expectedWaitSeconds: 5 });
    expect(call.call.place).toBeNull();
  });

  it('changes with the rank, and says why', () => {
    const call = waiting().tell({ type: 'ranked', queue: { priority: 9 }, by: 'nuisance', reason: 'score 12' });
    expect(call.effects).toEqual([
      { do: 'rank-in-line', queue: { id: '112', priority: 9, skills: [], languages: [] } },
    ]);
    expect(call.facts).toEqual([
      { type: 'caller.lowered', detail: { priority: 9, by: 'nuisance', reason: 'score 12' } },
    ]);
    expect(call.tell({ type: 'ranked', queue: { priority: 9 }, by: 'x', reason: 'y' }).facts).toEqual([]);
    call.tell({ type: 'ranked', queue: { skills: ['medical'] }, by: 'token', reason: 'asked for' });
    expect(call.facts).toEqual([
      { type: 'call.needs', detail: { skills: 'medical', languages: '', by: 'token', reason: 'asked for' } },
    ]);
    expect(call.effects).toEqual([
      { do: 'rank-in-line', queue: { id: '112', priority: 9, skills: ['medical'], languages: [] } },
    ]);
    // Back in the line it has the rank that it was given while it rang.
    const back = ringing().tell({ type: 'ranked', queue: { priority: 1 }, by: 'x', reason: 'y' });
    expect(back.done).toEqual([]);
    back.tell(gone('call.o1', 17));
    expect(back.effects.at(-1)).toMatchObject({ do: 'enter-line', queue: { priority: 1 } });
  });
});

describe('the backup centre', () => {
  const toBackup = () =>
    waiting().tell({
      type: 'dispatch-requested',
      dispatch: testDispatch({ agencyId: backupCentreId, mode: 'transfer', acceptance: 'answer' }),
    });

  it('is rung while the caller waits, and takes him when it answers first', () => {
    const call = toBackup();
    expect(call.call.line).toEqual({ since: call.call.arrivedAt });
    call.tell(entered('d1.a1'), joined('caller'), joined('d1.a1'));
    expect(call.call.line).toBeNull();
    expect(call.call.stage).toBe('talking');
  });

  it('is not needed any more when an operator answers', () => {
    const call = toBackup().tell({
      type: 'operator-assigned',
      assignmentId: 'a1',
      operatorId: 'op1',
      account: 'op-op1',
    });
    call.tell(entered('call.o1'));
    expect(call.done).toContain('hang-up d1.a1');
    expect(call.call.dispatches[0]?.outcome).toBe('cancelled');
  });

  it('leaves the caller in the line when it does not answer', () => {
    const call = toBackup().tell(gone('d1.a1', 17), gone('d1.a2', 17));
    expect(call.call.dispatches[0]?.endedAt).toBe(call.at);
    expect(call.call.line).toEqual({ since: call.call.arrivedAt });
  });
});
